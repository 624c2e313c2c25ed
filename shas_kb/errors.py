"""The errors of shas-kb, one tree.

ShasKBError
├── UsageError            what was asked cannot be done (exit code 2)
│   └── NotFoundError     no such node, document or passage
├── DatabaseError         the database cannot be opened or used (exit code 3)
│   └── NoCollectionError there is none yet
└── ModelError            the model cannot be loaded or is not the expected one (exit code 3)

A message says what was expected, what was found and what to do: "`<what>` must `<rule>`, got `<value>`; `<what to
do>`."
"""


class ShasKBError(Exception):
    """Base of all errors that shas-kb raises on purpose."""


class UsageError(ShasKBError):
    """What was asked cannot be done."""


class NotFoundError(UsageError):
    """No such node, document or passage."""


class DatabaseError(ShasKBError):
    """The database cannot be opened or used."""


class NoCollectionError(DatabaseError):
    """There is no collection where one was looked for: no file, or an empty one."""


class ModelError(ShasKBError):
    """The model cannot be loaded, or is not the one expected."""
