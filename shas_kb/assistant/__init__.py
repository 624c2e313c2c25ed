"""The collection for an assistant: a Model Context Protocol server on standard input and output.

    bounds.py       replies that stay below a length, whatever the collection holds
    branch.py       the tree within these bounds
    shown.py        one node, document or passage within them
    collection.py   the four things that can be asked
    server.py       these as tools, with what an assistant is told of them

It only reads, and sees at each call what others changed (`shas_kb/current.py`). `mcp` is an extra, imported in
server.py alone.
"""

from __future__ import annotations

from pathlib import Path

from shas_kb.errors import UsageError


def serve(path: Path, *, verbose: bool = False) -> None:
    """Answer an assistant on standard input and output, until its end of it is closed.

    Args:
        path: the collection; it is opened for reading alone.
        verbose: log each refused call to standard error, not only failures of the server itself.

    Raises:
        UsageError: the library `mcp` is not installed.
        DatabaseError: there is no collection at `path`, or it cannot be read.
    """
    try:
        import mcp  # noqa: F401 - to tell that it is missing from anything that server.py may lack
    except ModuleNotFoundError as error:
        raise UsageError(
            "serving an assistant must have the library mcp, got none; install it: pip install 'shas-kb[mcp]'."
        ) from error
    from shas_kb.assistant.server import run

    run(path, verbose=verbose)
