"""The collection to look at in a browser: the page of `export html`, and beside it questions and the originals.

    collection.py   the collection as it is at each request, for any thread
    originals.py    the files that documents were read from, if they still are what was read
    pictures.py     pages of PDFs, drawn once and kept
    routes.py       from an address to what is sent
    gate.py         who is let in: whose browser, from which page, with which token
    response.py     what is sent, and what every response says of itself
    server.py       HTTP, within limits of time, size and number
    start.py        a server that listens where it was told to
    ask.js, reader.js, serving.css   what is added to the page

It only reads. No path comes from a client: documents are asked for by their ids in the collection.
"""

from shas_kb.serving.server import Limits, Server
from shas_kb.serving.start import LOOPBACK, PORT, start

__all__ = ["LOOPBACK", "PORT", "Limits", "Server", "start"]
