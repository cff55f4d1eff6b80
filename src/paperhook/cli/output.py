"""What the commands print: tables for people, JSON lines for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


class Output:
    """Prints to standard output; document content is text, never markup."""

    _WRAPPED = frozenset({"value", "description", "handlers", "accepts"})

    @property
    def _console(self) -> Console:
        # Made anew, because width and standard output may have changed.
        return Console(highlight=False, soft_wrap=True)

    def line(self, text: str = "") -> None:
        """Print one line."""
        self._console.print(Text(text))

    def heading(self, text: str) -> None:
        """Print one line that stands out."""
        self._console.print(Text(text, style="bold"))

    def text(self, line: str) -> None:
        """Print one line as it is."""
        print(line, flush=True)

    def json(self, value: Any) -> None:
        """Print one JSON object on one line."""
        print(json.dumps(value, ensure_ascii=True, default=str), flush=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print rows under columns."""
        table = Table(*columns[:1])
        for column in columns[1:]:
            # A cell that is cut in two is hard to copy; values are the ones that may wrap.
            table.add_column(column, no_wrap=column not in self._WRAPPED)
        for row in rows:
            table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
        self._console.print(table)


out = Output()
