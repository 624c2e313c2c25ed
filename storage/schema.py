"""The tables, as numbered migrations: a released one is never changed, a new one is added at the end.

Deleting a row of `files` deletes all that came from the file: its document, and with it sections, passages (their full
text by triggers) and their sketches, vectors, words, quotations in the tree, and in which nodes a person wants it. So
nothing can be left behind by forgetting to delete it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shas_kb.storage.counts import repacked
from shas_kb.storage.signs import signs_of

if TYPE_CHECKING:
    import sqlite3

# "shkb": in the header of the file, so that the database of another program is never taken for ours.
APPLICATION_ID = 0x73686B62

# Marks (Mn, Mc) are parts of words: without them Hindi or Thai words break at every vowel sign.
TOKENIZER = "unicode61 remove_diacritics 2 categories ''L* N* Co Mn Mc''"

_DOCUMENTS = (
    """
    CREATE TABLE model (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        name TEXT NOT NULL, fingerprint TEXT NOT NULL, dimension INTEGER NOT NULL, window INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE files (
        id INTEGER PRIMARY KEY,
        root TEXT NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        sha256 TEXT,
        status TEXT NOT NULL CHECK (status IN ('read', 'failed', 'skipped')),
        reason TEXT,
        passing INTEGER NOT NULL CHECK (passing IN (0, 1)),
        UNIQUE (root, path)
    ) STRICT
    """,
    "CREATE INDEX files_sha256 ON files (sha256)",
    # page_starts: uint32 LE, the offset at which each page begins. passages and tokens are counts, kept here to be
    # cheap.
    """
    CREATE TABLE documents (
        id TEXT PRIMARY KEY,
        file INTEGER NOT NULL UNIQUE REFERENCES files (id) ON DELETE CASCADE,
        sha256 TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL, title TEXT NOT NULL, authors TEXT NOT NULL, year INTEGER, language TEXT NOT NULL,
        passages INTEGER NOT NULL, tokens INTEGER NOT NULL, characters INTEGER NOT NULL,
        page_starts BLOB NOT NULL
    ) STRICT
    """,
    # A file skipped for having the same content as a document is worth another try once that document is gone.
    """
    CREATE TRIGGER documents_release_duplicates AFTER DELETE ON documents BEGIN
        UPDATE files SET passing = 1 WHERE sha256 = OLD.sha256 AND status = 'skipped';
    END
    """,
    """
    CREATE TABLE sections (
        document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        ordinal INTEGER NOT NULL,
        title TEXT NOT NULL, depth INTEGER NOT NULL, start INTEGER NOT NULL,
        PRIMARY KEY (document, ordinal)
    ) STRICT, WITHOUT ROWID
    """,
    # sentences: uint32 LE pairs (start, end) in the document. search: what full text sees in place of text, where they
    # differ.
    """
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY,
        document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        ordinal INTEGER NOT NULL,
        section INTEGER,
        start INTEGER NOT NULL, "end" INTEGER NOT NULL,
        tokens INTEGER NOT NULL,
        sentences BLOB NOT NULL,
        text TEXT NOT NULL,
        search TEXT,
        UNIQUE (document, ordinal),
        FOREIGN KEY (document, section) REFERENCES sections (document, ordinal)
    ) STRICT
    """,
)

_VECTORS_AND_WORDS = (
    # float16 LE. The document's own vector comes first: SQLite then reads it without walking through the long blob.
    """
    CREATE TABLE vectors (
        document TEXT PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
        dimension INTEGER NOT NULL,
        vector BLOB NOT NULL,
        passages BLOB NOT NULL
    ) STRICT
    """,
    # Both are JSON objects {word: count}, compressed with zlib.
    """
    CREATE TABLE words (
        document TEXT PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
        terms BLOB NOT NULL,
        phrases BLOB NOT NULL
    ) STRICT
    """,
)

_FULL_TEXT = (
    "CREATE VIEW passage_search (id, text) AS SELECT id, coalesce(search, text) FROM passages",
    f"""
    CREATE VIRTUAL TABLE full_text USING fts5 (
        text, content = 'passage_search', content_rowid = 'id', tokenize = '{TOKENIZER}'
    )
    """,
    "CREATE VIRTUAL TABLE full_text_words USING fts5vocab (full_text, 'row')",
    """
    CREATE TRIGGER passages_enter_full_text AFTER INSERT ON passages BEGIN
        INSERT INTO full_text (rowid, text) VALUES (NEW.id, coalesce(NEW.search, NEW.text));
    END
    """,
    """
    CREATE TRIGGER passages_leave_full_text AFTER DELETE ON passages BEGIN
        INSERT INTO full_text (full_text, rowid, text) VALUES ('delete', OLD.id, coalesce(OLD.search, OLD.text));
    END
    """,
    "INSERT INTO full_text (full_text) VALUES ('rebuild')",
)

_TREE = (
    # The run with the highest number is the current one. The facts of all runs are kept, the nodes of the last few.
    """
    CREATE TABLE runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        run TEXT NOT NULL UNIQUE,
        hash TEXT NOT NULL,
        built INTEGER NOT NULL,
        config TEXT NOT NULL,
        documents INTEGER NOT NULL, entities INTEGER NOT NULL, categories INTEGER NOT NULL, domains INTEGER NOT NULL,
        quotes INTEGER NOT NULL
    ) STRICT
    """,
    # A node keeps its id from one run to the next, as long as it is recognisably the same. vector: float32 LE.
    """
    CREATE TABLE nodes (
        run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
        id TEXT NOT NULL,
        position INTEGER NOT NULL,
        level TEXT NOT NULL CHECK (level IN ('entity', 'category', 'domain')),
        parent TEXT CHECK ((parent IS NULL) = (level = 'domain')),
        name TEXT NOT NULL, keyphrases TEXT NOT NULL, central TEXT NOT NULL, confidence REAL NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY (run, id),
        FOREIGN KEY (run, parent) REFERENCES nodes (run, id) ON DELETE CASCADE
    ) STRICT
    """,
    "CREATE INDEX nodes_parent ON nodes (run, parent)",
    # document is no foreign key: a tree still knows where a document stood that has gone since. sha256 is the content
    # that was placed: if the document has another one now, its place in the tree means nothing any more.
    """
    CREATE TABLE memberships (
        run INTEGER NOT NULL,
        position INTEGER NOT NULL,
        document TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        node TEXT NOT NULL,
        weight REAL NOT NULL,
        is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
        PRIMARY KEY (run, position),
        UNIQUE (run, document, node),
        FOREIGN KEY (run, node) REFERENCES nodes (run, id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX memberships_node ON memberships (run, node)",
    "CREATE UNIQUE INDEX memberships_primary ON memberships (run, document) WHERE is_primary",
    # The sentences of the nodes' summaries. They go with their document, from former trees too: removed text is
    # removed.
    """
    CREATE TABLE quotes (
        run INTEGER NOT NULL,
        node TEXT NOT NULL,
        ordinal INTEGER NOT NULL,
        document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        page INTEGER, start INTEGER NOT NULL, "end" INTEGER NOT NULL, text TEXT NOT NULL,
        PRIMARY KEY (run, node, ordinal),
        FOREIGN KEY (run, node) REFERENCES nodes (run, id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX quotes_document ON quotes (document)",
)

_PIECES = (
    # float16 LE. NULL: encoded by a version that did not make it.
    "ALTER TABLE vectors ADD COLUMN title BLOB",
    # Four bits a channel.
    """
    CREATE TABLE pieces (
        passage INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
        dimension INTEGER NOT NULL,
        units BLOB NOT NULL
    ) STRICT
    """,
    # What was learned on top of the model, as the content of a file; NULL where nothing was.
    "ALTER TABLE model ADD COLUMN weights BLOB",
)

_SKETCHES = (
    "DROP TABLE pieces",
    # In signs, see sketches.py.
    """
    CREATE TABLE sketches (
        passage INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
        dimension INTEGER NOT NULL,
        pieces BLOB NOT NULL,
        words BLOB NOT NULL,
        telling BLOB NOT NULL
    ) STRICT
    """,
)

_EDITS = (
    # What a person said of nodes. An id begins with the letter of its level. vector: float32 LE.
    """
    CREATE TABLE wishes (
        id TEXT PRIMARY KEY,
        level TEXT NOT NULL CHECK (level IN ('entity', 'category', 'domain')),
        name TEXT CHECK (name <> ''),
        parent TEXT REFERENCES wishes (id) ON DELETE SET NULL CHECK (
            substr(parent, 1, 1) = CASE level WHEN 'entity' THEN 'c' WHEN 'category' THEN 'd' ELSE '' END
        ),
        pinned INTEGER NOT NULL CHECK (pinned IN (0, 1)),
        vector BLOB,
        CHECK (substr(id, 1, 1) = substr(level, 1, 1)),
        UNIQUE (id, level)
    ) STRICT
    """,
    "CREATE INDEX wishes_parent ON wishes (parent)",
    # The documents that a node holds, and those by which it is recognised. By their files, as these outlive a change of
    # content, and a time in which they cannot be read.
    """
    CREATE TABLE wish_documents (
        wish TEXT NOT NULL,
        level TEXT NOT NULL,
        file INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
        held INTEGER NOT NULL CHECK (held IN (0, 1)),
        PRIMARY KEY (wish, file),
        FOREIGN KEY (wish, level) REFERENCES wishes (id, level) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX wish_documents_file ON wish_documents (file)",
    "CREATE UNIQUE INDEX wish_documents_held ON wish_documents (level, file) WHERE held",
)

_GROWTH = (
    # What came or changed since the build and was placed; how many documents of the build went; what both come to.
    "ALTER TABLE runs ADD COLUMN placed INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN gone INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN drift REAL NOT NULL DEFAULT 0",
    # What a placed document counts in the drift; 0 of those from which the tree was built.
    "ALTER TABLE memberships ADD COLUMN strain REAL NOT NULL DEFAULT 0",
)

_WORDS = (
    # See counts.py; they were JSON, which takes several times as long to read.
    "UPDATE words SET terms = repacked(terms), phrases = repacked(phrases)",
)

_PHRASES = (
    # Those that the current tree's names were chosen from. vector: float16 LE.
    "CREATE TABLE phrases (phrase TEXT PRIMARY KEY, vector BLOB NOT NULL) STRICT, WITHOUT ROWID",
)

_SIGNS = (
    # Beside what was there, the signs of the passages, see signs.py; and the long blob last, so that all else of every
    # document is read without walking through it.
    """
    CREATE TABLE vectors_with_signs (
        document TEXT PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
        dimension INTEGER NOT NULL,
        vector BLOB NOT NULL,
        title BLOB,
        signs BLOB NOT NULL,
        passages BLOB NOT NULL
    ) STRICT
    """,
    "INSERT INTO vectors_with_signs SELECT document, dimension, vector, title, signs(passages, dimension), passages"
    " FROM vectors",
    "DROP TABLE vectors",
    "ALTER TABLE vectors_with_signs RENAME TO vectors",
)

MIGRATIONS = {
    "001_documents": _DOCUMENTS,
    "002_vectors_and_words": _VECTORS_AND_WORDS,
    "003_full_text": _FULL_TEXT,
    "004_tree": _TREE,
    "005_pieces": _PIECES,
    "006_sketches": _SKETCHES,
    "007_edits": _EDITS,
    "008_growth": _GROWTH,
    "009_words": _WORDS,
    "010_phrases": _PHRASES,
    "011_signs": _SIGNS,
}
VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, stop_before: str | None = None) -> None:
    """Apply the migrations that `connection`'s database has not seen, each whole or not at all.

    To be called in a transaction: two programs that open an old database at once then migrate it once.

    Args:
        connection: in autocommit mode, with a write transaction open.
        stop_before: the first migration not to apply; None applies all.
    """
    # sqlite-utils takes some 100 ms to import, and is needed only when a database is made or upgraded.
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

    connection.create_function("repacked", 1, repacked, deterministic=True)
    connection.create_function("signs", 2, signs_of, deterministic=True)
    migrations = Migrations("shas-kb")
    for name, statements in MIGRATIONS.items():

        def step(database: Database, statements: tuple[str, ...] = statements) -> None:
            for statement in statements:
                database.execute(statement)

        migrations(name=name)(step)
    database = Database(connection, recursive_triggers=False, execute_plugins=False)
    migrations.apply(database, stop_before=stop_before)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(migrations.applied(database))}")
