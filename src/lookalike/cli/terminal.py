"""What the terminal shows: JSON on request, tables and sentences otherwise, errors in three sentences."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lookalike.domain.errors import LookalikeError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


PIPED_WIDTH = 240


def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True, emoji=False, markup=False)


def say(text: str) -> None:
    """Print a sentence or block for people; the text is shown as it is, never as markup."""
    _console().print(_visible(text))


def emphasise(text: str) -> None:
    """Print a sentence in bold."""
    _console().print(_visible(text), style="bold")


def warn(text: str) -> None:
    """Print a sentence on standard error."""
    _console(stderr=True).print(_visible(text))


def print_json(value: object) -> None:
    """Print one JSON object: the whole answer of a command with ``--json``."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> None:
    """Print a table: figures (columns in *right*) whole and set right, words folded where the terminal is narrow."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for position, heading in enumerate(headings):
        is_figure = position in right
        drawn.add_column(heading, justify="right" if is_figure else "left", overflow="fold", no_wrap=is_figure)
    for row in rows:
        drawn.add_row(*(Text(_visible(str(cell))) for cell in row))
    console = _console()
    console.soft_wrap = False
    if not console.is_terminal:
        console.width = PIPED_WIDTH  # nobody's window: nothing needs folding
    console.print(drawn)


def facts(rows: Sequence[tuple[str, object]]) -> None:
    """Print names and values in two columns; long values are folded within theirs."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table.grid(padding=(0, 2))
    for name, value in rows:
        drawn.add_row(Text(name), Text(_visible(str(value)), overflow="fold"))
    console = _console()
    console.soft_wrap = False
    console.print(drawn)


def show_error(error: LookalikeError, *, as_json: bool) -> None:
    """Print what happened, what was kept and what to do, on standard error."""
    if as_json:
        sys.stderr.write(json.dumps({"error": error.diagnostics()}, indent=2, ensure_ascii=False, default=str) + "\n")
        return
    console = _console(stderr=True)
    console.print(_visible(error.happened), style="bold")
    if error.kept:
        console.print(_visible(error.kept))
    if error.remedy:
        console.print(_visible(error.remedy))


@contextmanager
def progress(*, quiet: bool) -> "Iterator[Progress]":
    """Show work with its rate and time left, on standard error and only on a terminal."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = _console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as shown:
        yield shown


def _visible(text: str) -> str:
    """Replace control and direction-changing characters, so that a hostile file name cannot draw on the terminal."""
    return "".join(
        c if c == "\n" or (c.isprintable() and c not in _DIRECTION) else "\N{REPLACEMENT CHARACTER}" for c in text
    )


_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
