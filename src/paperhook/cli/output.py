"""What the commands print: tables for people, JSON lines for programs.

Nothing is ever cut. A terminal's width decides how a table is drawn: with lines, without them, or one line for each cell.
A pipe or a file has no width, unless `COLUMNS` says one.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .harmless import harmless

#: Wider than any table; what is read by a program is not broken into lines.
_UNBOUNDED = 100_000
#: Longer words of a cell that wraps go on in the next line, too.
_LONGEST_WORD = 24


def _bounded(console: Console) -> Console:
    """Give a console the width of a terminal, or of `COLUMNS`."""
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _UNBOUNDED
    return console


class Output:
    """Prints to standard output; document content is text, never markup and never an order to the terminal."""

    #: Columns whose cells may go on in the next line; a cell that is cut in two is hard to copy.
    _WRAPPED = frozenset({"value", "message", "reasons", "description", "handlers", "accepts", "error"})

    @property
    def _console(self) -> Console:
        # Made anew, because width and standard output may have changed.
        return _bounded(Console(highlight=False, soft_wrap=True))

    def line(self, text: str = "") -> None:
        """Print one line."""
        self._console.print(Text(harmless(text)))

    def heading(self, text: str) -> None:
        """Print one line that stands out."""
        self._console.print(Text(harmless(text), style="bold"))

    def remark(self, text: str) -> None:
        """Print one line that stands back."""
        self._console.print(Text(harmless(text), style="dim"))

    def text(self, lines: str) -> None:
        """Print lines as they are, but to a terminal nothing that it would obey."""
        print(harmless(lines.replace("\r\n", "\n")) if sys.stdout.isatty() else lines, flush=True)

    def json(self, value: Any) -> None:
        """Print one JSON object on one line."""
        print(json.dumps(value, ensure_ascii=True, default=str), flush=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print rows under columns."""
        self._print_table(self._console, columns, rows)

    def table_text(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
        """Give rows under columns as they would be printed to a pipe."""
        written = io.StringIO()
        console = Console(file=written, force_terminal=False, highlight=False, soft_wrap=True)
        self._print_table(_bounded(console), columns, rows)
        return written.getvalue()

    def _print_table(
        self, console: Console, columns: Sequence[str], rows: Sequence[Sequence[object]]
    ) -> None:
        cells = [["" if cell is None else harmless(str(cell)) for cell in row] for row in rows]
        least = sum(self._least(column, place, cells) for place, column in enumerate(columns))
        # A line stands before each column and after the last, with a space on both sides of a cell.
        if least + 3 * len(columns) + 1 <= console.width:
            console.print(self._drawn(Table(), columns, cells))
        elif least + len(columns) - 1 <= console.width:
            plain = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
            console.print(self._drawn(plain, columns, cells))
        else:
            _print_cells(console, columns, cells)

    def _least(self, column: str, place: int, rows: Sequence[Sequence[str]]) -> int:
        """Say how wide a column is at least."""
        texts = [column, *(row[place] for row in rows)]
        if column in self._WRAPPED:
            return max(min(cell_len(word), _LONGEST_WORD) for text in texts for word in text.split())
        return max(cell_len(line) for text in texts for line in (text.splitlines() or [""]))

    def _drawn(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
        for column in columns:
            table.add_column(column, no_wrap=column not in self._WRAPPED, overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        return table


def _print_cells(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a line for each cell, under the first one of its row."""
    width = max(map(cell_len, columns), default=0)
    for first, *rest in rows:
        console.print(Text(first, style="bold"))
        for column, text in zip(columns[1:], rest, strict=True):
            if text:
                console.print(Text(f"  {column:<{width}}  {text}"))


def never_fail_to_print() -> None:
    """Have standard output write what its encoding has no letters for as escapes, as standard error does."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


out: Output = Output()
