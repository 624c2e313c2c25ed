"""What the process of an `Artist` does: draw the pages it is told to, one at a time, within its limits."""

from __future__ import annotations

import hashlib
from multiprocessing.connection import Connection

from shas_kb.config import DrawConfig
from shas_kb.reading.draft import UnreadableError
from shas_kb.reading.drawing import CHANGED, PageOrder, Picture
from shas_kb.reading.limits import alarm, limit_memory
from shas_kb.reading.process import work
from shas_kb.records import Problem


def serve(connection: Connection) -> None:
    """Answer until the connection is closed. What else may go wrong with a page ends this process, and only it."""
    from shas_kb.reading.pdf import draw_page

    config: DrawConfig = connection.recv()
    limit_memory(config.megabytes)
    connection.send("ready")
    while True:
        order: PageOrder = connection.recv()
        # the other side watches the time; this is for when it is gone
        alarm(config.seconds)
        answer: Picture | Problem
        try:
            data = order.path.read_bytes()
            if hashlib.sha256(data).hexdigest() == order.sha256:
                answer = Picture(*draw_page(data, order.number, order.quotes))
            else:
                answer = CHANGED
        except UnreadableError as error:
            answer = error.problem
        except MemoryError:
            answer = Problem(f"it needs more than {config.megabytes} MB to draw", passing=True)
        except OSError as error:
            answer = Problem(f"it cannot be read: {error.strerror}", passing=True)
        alarm(0)
        connection.send(answer)


if __name__ == "__main__":
    work(serve)
