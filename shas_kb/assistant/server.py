"""The collection as tools of a Model Context Protocol server, and what an assistant is told of them.

The protocol has standard input and output to itself (the library sends what else would be printed to standard error).
The event loop answers it, and one thread beside it, in which the database was opened, answers the calls one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from inspect import getdoc
from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from shas_kb.assistant.bounds import cut
from shas_kb.assistant.collection import LONGEST_QUESTION, MOST_HITS, USUAL_HITS, Collection
from shas_kb.errors import ShasKBError
from shas_kb.outline import DEPTHS
from shas_kb.records import LEVELS

LONGEST_ERROR = 1000

INSTRUCTIONS = """\
A collection of a person's documents, arranged in a tree: domain > category > entity > document > passage > sentence.
It can only be read. Begin with `tree` to see what there is about, with `search` to find where something is said, or
with `answer` for sentences quoted from the documents. What they return has an `id`: `show` gives all of it. Ask in the
language of the documents, one thing at a time. Cite documents by title and page. Long replies are cut; then `note`,
`more_...` or `next_offset` says what is missing and how to have it."""

# The schema tells the bounds, and the collection checks them: so an error is one line that says what to do.
Question = Annotated[
    str,
    Field(
        description="A question or some words, in the language of the documents. No operators: every sign is text.",
        json_schema_extra={"minLength": 1, "maxLength": LONGEST_QUESTION},
    ),
]
Levels = Annotated[
    Sequence[str],
    Field(
        description="The heights to answer at: a detail from sentence or passage, a subject from entity, an overview "
        "from category or domain. Empty: chosen by the question.",
        json_schema_extra={"items": {"type": "string", "enum": list(LEVELS)}},
    ),
]
Under = Annotated[
    str | None, Field(description="Only in this branch: the id or the exact name of a node, or the id of a document.")
]
Hits = Annotated[
    int, Field(description="How many hits at most.", json_schema_extra={"minimum": 1, "maximum": MOST_HITS})
]
Branch = Annotated[
    str | None, Field(description="The id or the exact name of the node to begin at. Left out: the whole tree.")
]
Depth = Annotated[
    str | None,
    Field(
        description="How far down. Left out: as far as fits into a reply.",
        json_schema_extra={"enum": [*DEPTHS, None]},
    ),
]
Id = Annotated[
    str, Field(description="An id that another tool returned. A node's name, a document's title or path will do too.")
]
Offset = Annotated[
    int,
    Field(
        description="Where to begin: of a document, characters of its text to leave out, as next_offset or a hit's "
        "start says; of a node, documents to leave out, as next_offset says; of a passage always 0.",
        json_schema_extra={"minimum": 0},
    ),
]


def run(path: Path, *, verbose: bool) -> None:
    """Serve the collection at `path` until standard input is closed. See `shas_kb.assistant.serve`."""
    with ThreadPoolExecutor(1, "collection") as thread:
        collection = thread.submit(Collection, path).result()
        try:
            make_server(collection, thread, verbose=verbose).run("stdio")
        except* BrokenPipeError:
            pass  # the assistant has gone before it had its reply
        finally:
            thread.submit(collection.close).result()


def make_server(collection: Collection, thread: ThreadPoolExecutor, *, verbose: bool) -> MCPServer:
    """A server whose tools ask `collection` in `thread`, the one in which it was opened."""
    server = MCPServer(
        "shas-kb",
        title="Documents",
        instructions=INSTRUCTIONS,
        version=version("shas-kb"),
        log_level="INFO" if verbose else "WARNING",
    )
    reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)

    async def ask(method: Callable[..., dict[str, Any]], *arguments: object) -> dict[str, Any]:
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, method, *arguments)
        except ShasKBError as error:
            raise ToolError(cut(" ".join(str(error).split()), LONGEST_ERROR)) from error

    async def search(
        question: Question, levels: Levels = (), under: Under = None, k: Hits = USUAL_HITS
    ) -> dict[str, Any]:
        """Find what the documents say of something: sentences, passages, documents, and the entities, categories and
        domains that are about it, best first.

        Each hit has an id (for show), its text, the names above it in the tree (path), and the document with page and
        offsets, or for a node the ids of its documents, best first. Scores near 0 mean that nothing fits well."""
        return await ask(collection.search, question, levels, under, k)

    async def answer(question: Question, levels: Levels = (), under: Under = None) -> dict[str, Any]:
        """Answer a question with at most five sentences quoted from the documents, each with its source; for an
        overview with what a node is about, its parts and its central documents.

        The text says so when nothing in the collection answers. `routing` tells the weight of each level at which the
        question was taken to be asked. For more context use search, then show."""
        return await ask(collection.answer, question, levels, under)

    async def tree(under: Branch = None, depth: Depth = None) -> dict[str, Any]:
        """Look at how the documents are arranged: domains, the categories in them, the entities in these, and the
        documents in these, parents before children, the largest first.

        Gives the whole tree or one branch, as deep as fits; `counts` says how much there is at each level, and `note`
        how to see more. `weak` marks nodes that the tree itself is unsure of."""
        return await ask(collection.tree, under, depth)

    async def show(id: Id, offset: Offset = 0) -> dict[str, Any]:
        """Read one thing: a node with what it is about and its documents; a document with its places, sections and
        text, passage by passage with pages; a passage between its neighbours; a sentence in its passage.

        Where there is more, `next_offset` is the offset at which to call again."""
        return await ask(collection.show, id, offset)

    for tool in (search, answer, tree, show):
        server.add_tool(tool, description=getdoc(tool), annotations=reads)
    return server
