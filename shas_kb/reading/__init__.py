"""From a file to a `Reading`: text, pages, sections, passages and words, in worker processes that may fail.

    files, skipped = discover([folder])
    with ReaderPool(ReadConfig(tokenizer)) as pool:
        for file, sha256, result in pool.read(files): ...

Nothing heavy is imported here: a parser is only loaded in the worker that needs it.
"""

from shas_kb.reading.files import discover, fingerprint, location
from shas_kb.reading.frontmatter import title_from_name
from shas_kb.reading.pool import ReaderPool

__all__ = ["ReaderPool", "discover", "fingerprint", "location", "title_from_name"]
