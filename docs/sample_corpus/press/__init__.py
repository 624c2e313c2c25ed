"""A small press: articles in plain markup become PDF, HTML, Word and EPUB files, the same bytes every time."""
