"""`shas-kb serve`: the collection in a browser."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from shas_kb.cli.interrupt import raise_if_pressed
from shas_kb.cli.session import GOOD, INTERRUPTED, Session


def serve(
    session: Session,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=0, max=65535, help="The port. Default: 8765 or the next free one.", show_default=False
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; other than this machine alone, with a token.")
    ] = "127.0.0.1",
    token: Annotated[bool, typer.Option("--token", help="Ask for a token on this machine, too.")] = False,
    show: Annotated[bool, typer.Option("--open", help="Open the browser.")] = False,
) -> int:
    """Look at the collection in a browser: the tree, questions, passages, and the pages they stand on.

    It only reads, and shows what is ingested meanwhile. Ctrl-C ends it.

    [dim]$[/dim] shas-kb serve --open
    [dim]$[/dim] shas-kb serve -d papers/.shas-kb/kb.sqlite --port 9000
    [dim]$[/dim] shas-kb serve --host 0.0.0.0
    """
    # A question's products are too small to share between threads. It must be said before numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from shas_kb.cli.terminal import output, print_json
    from shas_kb.serving import start

    if session.verbose:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
    code = INTERRUPTED
    try:
        with session.progress() as progress:
            server = start(session.database(), host, port, with_token=token, progress=progress)
        raise_if_pressed()
        if session.json:
            print_json({"address": server.address, "port": server.port, "token": server.gate.token})
        else:
            output.print(server.address, markup=False, highlight=False, soft_wrap=True)
        sys.stdout.flush()
        if show:
            _open(server.address)
        session.note("Ctrl-C ends it.")
        code = GOOD
        server.serve_forever()
    except KeyboardInterrupt:
        session.note("Ended.")
    # Threads may be in the middle of something long; as nothing is ever written, nothing is lost.
    sys.stdout.flush()
    os._exit(code)


def _open(address: str) -> None:
    """Open the browser, beside the server: one that runs in the terminal would keep it waiting."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
