"""What every command shares: its options, its database, and how it ends."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer
from typer.exceptions import TyperException

from shas_kb.cli.interrupt import answer, raise_if_pressed
from shas_kb.errors import DatabaseError, ModelError, ShasKBError

if TYPE_CHECKING:
    from shas_kb.cli.terminal import Bars
    from shas_kb.storage import Store

GOOD, SOME_FAILED, WRONG_USAGE, UNUSABLE, INTERRUPTED = 0, 1, 2, 3, 130
PANEL = "Everywhere"

DatabaseOption = Annotated[
    Path | None,
    typer.Option(
        "-d",
        "--db",
        metavar="FILE",
        help="The collection. Default: $SHAS_KB_DB, else .shas-kb/kb.sqlite here or in the nearest folder above.",
        rich_help_panel=PANEL,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.", rich_help_panel=PANEL)]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No progress, no warnings.", rich_help_panel=PANEL)]
VerboseOption = Annotated[bool, typer.Option("--verbose", help="Say more.", rich_help_panel=PANEL)]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.", rich_help_panel=PANEL)]


@dataclass(frozen=True, slots=True)
class Session:
    """The options that every command takes, wherever they stood on the command line."""

    db: Path | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False

    def over(self, earlier: Session) -> Session:
        """These options, and where they are silent the ones given before the command."""
        return Session(
            self.db or earlier.db,
            self.json or earlier.json,
            self.quiet or earlier.quiet,
            self.verbose or earlier.verbose,
            self.debug or earlier.debug,
        )

    def database(self) -> Path:
        """The file of the collection, whether it exists or not."""
        if self.db is not None:
            return self.db
        if named := os.environ.get("SHAS_KB_DB"):
            return Path(named)
        here = Path.cwd()
        usual = Path(".shas-kb") / "kb.sqlite"
        return next((folder / usual for folder in (here, *here.parents) if (folder / usual).is_file()), here / usual)

    def open(self, *, create: bool = False) -> Store:
        from shas_kb.storage import Store

        return Store.open(self.database(), create=create)

    def progress(self) -> Bars:
        from shas_kb.cli.terminal import Bars

        return Bars(quiet=self.quiet)

    def note(self, text: str) -> None:
        """A remark on standard error."""
        if not self.quiet:
            from shas_kb.cli.terminal import messages

            messages.print(text, style="dim", markup=False, soft_wrap=True)


def note_if_stale(session: Session, store: Store) -> None:
    """Say so where the tree does not hold all documents as they are now."""
    if store.tree_is_stale():
        session.note("Some documents are not in the tree yet; `shas-kb organise` builds it again.")


def common(function: Callable[..., int | None]) -> Callable[..., None]:
    """Give a command the options that all commands take; it gets them as `session`, its first argument.

    The command returns its exit code (None is good). Errors end here: one line on standard error, and the exit code
    that belongs to their kind.
    """

    def run(ctx: typer.Context, **values: Any) -> None:
        own = Session(**{name: values.pop(name) for name in ("db", "json", "quiet", "verbose", "debug")})
        session = own.over(ctx.obj) if isinstance(ctx.obj, Session) else own
        ctx.obj = session
        code = guarded(functools.partial(function, session, **values), debug=session.debug)
        if code:
            raise typer.Exit(code)

    hints = get_type_hints(function, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in list(inspect.signature(function).parameters.values())[1:]
    ]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, default, annotation in (
            ("db", None, DatabaseOption),
            ("json", False, JsonOption),
            ("quiet", False, QuietOption),
            ("verbose", False, VerboseOption),
            ("debug", False, DebugOption),
        )
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context, *own, *shared]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    run.__name__, run.__doc__ = function.__name__, function.__doc__
    return run


def guarded(command: Callable[[], int | None], *, debug: bool) -> int:
    """Run a command to its exit code. Whatever goes wrong ends here, in one line on standard error."""
    try:
        code = command() or GOOD
        raise_if_pressed()
        return code
    except (ShasKBError, TyperException, OSError) as error:
        if debug:
            traceback.print_exc()
        return _complain(error)
    except KeyboardInterrupt:
        answer()
        _say("stopped: nothing is lost; run the same command again to go on.")
        return INTERRUPTED


def prepare_streams() -> None:
    """No character is too strange to be printed or read, and a closed output is no error."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - for as long as the process lives
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")


def _complain(error: Exception) -> int:
    """Say what went wrong; return the exit code that belongs to it."""
    if isinstance(error, TyperException):
        _say(f"{error.format_message().rstrip('.')}; `shas-kb --help` shows what there is.")
        return WRONG_USAGE
    if isinstance(error, OSError):
        _silence_output()
        if isinstance(error, BrokenPipeError):
            return GOOD
        place = f"{error.filename}: " if error.filename else ""
        _say(f"{place}{error.strerror or error}; make room or choose another place.")
        return UNUSABLE
    _say(str(error))
    return UNUSABLE if isinstance(error, DatabaseError | ModelError) else WRONG_USAGE


def _silence_output() -> None:
    """Point stdout elsewhere, so that Python's last flush into a full disk or a closed pipe (`| head`) stays silent."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str) -> None:
    from rich.text import Text

    from shas_kb.cli.terminal import messages, printable

    messages.print(Text.assemble(("shas-kb: ", "bold red"), printable(" ".join(text.split()))), soft_wrap=True)
