"""What must hold between the tables, beyond what SQLite itself enforces, each rule as a query for what breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from shas_kb.storage.signs import HALF
from shas_kb.storage.sketches import WORD_BYTES
from shas_kb.storage.wishes import SINGLE


class Cure(Enum):
    """What puts a fault right, in the words of a finding. Cures are applied in this order."""

    REINDEX = "rebuild the indexes"
    REBUILD_TEXT = "rebuild the full text from the passages"
    DROP_ORPHANS = "remove the rows that belong to nothing"
    FORGET = "forget the file, so that the next ingest reads it again"
    ENCODE = "drop the vectors, so that the next ingest encodes the document again"
    ORGANISE = "drop this tree, so that the next ingest (or `shas-kb organise`) builds another"
    UNSAY = "take back what was said of the node; say it again"
    NONE = "restore a copy of the database, or delete it and ingest again"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. `broken` selects (key, where): `key` is what `cure` needs (a file's id, a document's id, a wish's or a
    run's number)."""

    what: str
    cure: Cure
    broken: str


_FILE = (
    "SELECT documents.file, documents.id || ' (' || path || ')' FROM documents JOIN files ON files.id = documents.file "
)
_CURRENT = "(SELECT max(number) FROM runs)"

RULES = (
    Rule(
        "a file that was read must have a document",
        Cure.FORGET,
        "SELECT id, path FROM files WHERE status = 'read' AND id NOT IN (SELECT file FROM documents)",
    ),
    Rule(
        "a document must belong to a file that was read, with the same content",
        Cure.FORGET,
        _FILE + "WHERE status <> 'read' OR files.sha256 IS NOT documents.sha256",
    ),
    Rule(
        "a document must have its passages, numbered without a gap",
        Cure.FORGET,
        _FILE
        + "LEFT JOIN (SELECT document, count(*) AS found, min(ordinal) AS first, max(ordinal) AS last FROM passages"
        " GROUP BY document) ON document = documents.id"
        " WHERE passages < 1 OR found IS NOT passages OR first <> 0 OR last <> passages - 1",
    ),
    Rule(
        "a document's tokens must be those of its passages",
        Cure.FORGET,
        _FILE + "WHERE tokens <> (SELECT total(tokens) FROM passages WHERE document = documents.id)",
    ),
    Rule(
        "passages must lie in their document, one after the other",
        Cure.FORGET,
        _FILE + 'WHERE documents.id IN (SELECT document FROM (SELECT document, start, "end", lag(start, 1, 0) OVER'
        " (PARTITION BY document ORDER BY ordinal) AS before FROM passages) JOIN documents ON documents.id = document"
        ' WHERE start < before OR "end" <= start OR "end" > characters)',
    ),
    Rule(
        "sections must lie in their document, one after the other",
        Cure.FORGET,
        _FILE + "WHERE documents.id IN (SELECT document FROM (SELECT document, start, lag(start, 1, 0) OVER"
        " (PARTITION BY document ORDER BY ordinal) AS before FROM sections) JOIN documents ON documents.id = document"
        " WHERE start < before OR start > characters)",
    ),
    Rule(
        "a document must have its words",
        Cure.FORGET,
        _FILE + "WHERE documents.id NOT IN (SELECT document FROM words)",
    ),
    Rule(
        "vectors must have the model's dimension, one for each passage",
        Cure.ENCODE,
        "SELECT document, document FROM vectors JOIN documents ON documents.id = document"
        f" WHERE dimension < 1 OR length(vectors.passages) <> documents.passages * dimension * {HALF.itemsize}"
        f" OR length(vector) <> dimension * {HALF.itemsize}"
        f" OR length(vectors.title) <> dimension * {HALF.itemsize}"
        " OR length(signs) <> documents.passages * ((dimension + 7) / 8)"
        " OR dimension <> coalesce((SELECT dimension FROM model), (SELECT dimension FROM vectors LIMIT 1))",
    ),
    Rule(
        "sketches must have the model's dimension, and whole pieces and words, at least one of each",
        Cure.ENCODE,
        "SELECT DISTINCT document, document FROM sketches JOIN passages ON passages.id = passage"
        " WHERE dimension < 1 OR length(pieces) = 0 OR length(pieces) % ((dimension + 7) / 8) <> 0"
        f" OR length(words) = 0 OR length(words) % {WORD_BYTES} <> 0 OR length(telling) = 0"
        " OR dimension <> coalesce((SELECT dimension FROM model), (SELECT dimension FROM vectors LIMIT 1))",
    ),
    Rule(
        "a document must have sketches of all its passages, or of none",
        Cure.ENCODE,
        "SELECT document, document FROM passages LEFT JOIN sketches ON passage = passages.id"
        " GROUP BY document HAVING count(passage) NOT IN (0, count(*))",
    ),
    Rule(
        "a node of a taxonomy must have a vector of the model's dimension",
        Cure.UNSAY,
        f"SELECT id, coalesce(name, id) FROM wishes WHERE length(vector) <> {SINGLE.itemsize} *"
        " (SELECT dimension FROM model)",
    ),
    Rule(
        "a document must have one primary entity",
        Cure.ORGANISE,
        f"SELECT run, document FROM memberships WHERE run = {_CURRENT} GROUP BY document HAVING sum(is_primary) <> 1",
    ),
    Rule(
        "a document must be a member of entities, with a weight from 0 to 1",
        Cure.ORGANISE,
        "SELECT memberships.run, document FROM memberships"
        " JOIN nodes ON nodes.run = memberships.run AND nodes.id = node"
        f" WHERE memberships.run = {_CURRENT} AND (level <> 'entity' OR NOT weight BETWEEN 0 AND 1)",
    ),
    Rule(
        "an entity must be in a category, and a category in a domain",
        Cure.ORGANISE,
        "SELECT child.run, child.id FROM nodes AS child"
        " JOIN nodes AS above ON above.run = child.run AND above.id = child.parent"
        f" WHERE child.run = {_CURRENT}"
        " AND (child.level, above.level) NOT IN (VALUES ('entity', 'category'), ('category', 'domain'))",
    ),
    Rule(
        "a tree must have as many nodes and documents as when it was built, and what was placed since",
        Cure.ORGANISE,
        f"SELECT number, run FROM runs WHERE number = {_CURRENT} AND ("
        " entities <> (SELECT count(*) FROM nodes WHERE run = number AND level = 'entity')"
        " OR categories <> (SELECT count(*) FROM nodes WHERE run = number AND level = 'category')"
        " OR domains <> (SELECT count(*) FROM nodes WHERE run = number AND level = 'domain')"
        " OR (documents, placed) <> (SELECT count(*), total(strain > 0) FROM memberships"
        "  WHERE run = number AND is_primary))",
    ),
)
