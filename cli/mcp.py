"""`shas-kb mcp`: the collection for an assistant."""

from __future__ import annotations

import os
import signal

from shas_kb.cli.session import GOOD, Session


def mcp(session: Session) -> int:
    """Let an assistant read the collection: a Model Context Protocol server on standard input and output.

    It offers the tools search, answer, tree and show. An assistant starts it by itself, as its configuration says.
    Needs [bold]pip install 'shas-kb\\[mcp]'[/bold].

    [dim]$[/dim] shas-kb mcp -d papers/.shas-kb/kb.sqlite
    """
    # A thread waits for standard input, and cannot be told to stop. As nothing is ever written, nothing is lost.
    signal.signal(signal.SIGINT, lambda *_: os._exit(GOOD))
    # A question's products are too small to share between threads. It must be said before numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from shas_kb.assistant import serve

    serve(session.database(), verbose=session.verbose)
    return GOOD
