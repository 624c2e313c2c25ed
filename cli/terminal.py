"""What the person sees: consoles, progress, and one JSON document for programs.

Results go to standard output; progress, warnings and errors go to standard error.
"""

from __future__ import annotations

import json
import sys
import textwrap
import unicodedata
from io import TextIOWrapper
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from shas_kb.cli.interrupt import raise_if_pressed

if TYPE_CHECKING:
    from rich.progress import Task


class _Output(Console):
    """Standard output."""

    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the command, which ends well; rich would end the process with an error."""
        raise BrokenPipeError


# Into a file or a pipe nothing is cut to a terminal's width.
output = _Output(highlight=False, width=None if sys.stdout.isatty() else 200)
messages = Console(stderr=True, highlight=False)


def print_json(value: object) -> None:
    """One JSON document on standard output, in UTF-8 whatever the locale, and nothing else.

    Half a surrogate pair, as of a byte that is no UTF-8 in a question, becomes its escape, which is JSON as well.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
    sys.stdout.flush()


def printable(text: str) -> str:
    """Text from files and their names without control characters: none may move the cursor or break a line."""
    return "".join(f"\\x{ord(letter):02x}" if unicodedata.category(letter) == "Cc" else letter for letter in text)


def print_paragraphs(text: str, *, indent: int, style: str = "") -> None:
    """Text from documents, wrapped and indented, a line of it a paragraph; nothing in it is taken for markup."""
    margin = " " * indent
    for paragraph in text.splitlines():
        lines = textwrap.wrap(printable(paragraph), output.width - 2 * indent) or [""]
        output.print(Text("\n".join(margin + line for line in lines), style=style))


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`, `3 categories`."""
    several = f"{noun[:-1]}ies" if noun.endswith(("ty", "ry")) else f"{noun}s"
    return f"{count:,} {noun if count == 1 else several}"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        if not task.speed:
            return Text("")
        rate = f"{task.speed:,.0f}" if task.speed >= 10 else f"{task.speed:.1f}"
        return Text(f"{rate} {task.fields['unit']}s/s", style="dim")


class Bars:
    """`shas_kb.progress.Progress`, drawn: one bar a stage with rate and time left, on standard error.

    Without a terminal one plain line a stage is printed when it begins; `quiet` prints nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._task: TaskID | None = None
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<10}"),
            BarColumn(bar_width=32),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} {task.fields[unit]}s", style="dim"),
            _Rate(),
            TimeRemainingColumn(compact=True),
            console=messages,
            transient=True,
            disable=quiet or not messages.is_terminal,
        )

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def start(self, stage: str, total: int, unit: str) -> None:
        raise_if_pressed()
        self._task = self._bars.add_task(stage, total=total, unit=unit)
        if not self._quiet and not messages.is_terminal:
            messages.print(f"{stage}: {plural(total, unit)}", soft_wrap=True)

    def advance(self, steps: int = 1) -> None:
        raise_if_pressed()
        if self._task is not None:
            self._bars.advance(self._task, steps)

    def finish(self) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None
