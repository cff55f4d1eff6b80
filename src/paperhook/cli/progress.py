"""Progress bars on a terminal, and silence anywhere else."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from .harmless import harmless
from .output import out


class Show(Protocol):
    """What is shown of uploads while they run; a context manager."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        ...

    def sent(self, source: Path, sent_bytes: int, total_bytes: int | None) -> None:
        """Take note of a request's bytes; any thread may call."""
        ...

    def ended(self, source: Path) -> None:
        """Take note that a file is done with."""
        ...

    def line(self, text: str) -> None:
        """Print one line to standard output, above the bars."""
        ...

    def hush(self) -> None:
        """Take the bars off the terminal."""
        ...


class Quiet:
    """Shows lines and nothing else."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing was shown."""

    def sent(self, source: Path, sent_bytes: int, total_bytes: int | None) -> None:
        """Show nothing."""

    def ended(self, source: Path) -> None:
        """Show nothing."""

    def line(self, text: str) -> None:
        """Print one line."""
        out.line(text)

    def hush(self) -> None:
        """There is nothing to take away."""


class Bars:
    """Files, bytes, rate and the time that remains, in one line of the terminal."""

    def __init__(self, console: Console, paths: Sequence[Path]) -> None:
        self._console = console
        self._sizes = {path: _size_bytes(path) for path in paths}
        self._so_far = dict.fromkeys(paths, 0)
        self._lock = threading.Lock()
        self._progress = Progress(
            TextColumn("{task.fields[ended]}/{task.fields[files]} files"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            # Where lines go elsewhere they are none of the bars' business.
            redirect_stdout=not console.stderr,
            redirect_stderr=False,
        )
        self._ended = 0
        self._task = self._progress.add_task(
            "upload", total=sum(self._sizes.values()), files=len(paths), ended=0
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def sent(self, source: Path, sent_bytes: int, total_bytes: int | None) -> None:
        """Show a file's share; a request is a little more than its file."""
        size_bytes = self._sizes.get(source, 0)
        share = sent_bytes if not total_bytes else size_bytes * sent_bytes // total_bytes
        self._advance(source, min(share, size_bytes))

    def ended(self, source: Path) -> None:
        """Show a file as done with, sent or not."""
        with self._lock:
            self._ended += 1
        self._advance(source, self._sizes.get(source, 0))

    def line(self, text: str) -> None:
        """Print one line above the bars."""
        if self._console.stderr:
            out.line(text)
        else:
            self._console.print(Text(harmless(text)), soft_wrap=True)

    def hush(self) -> None:
        """Take the bars off the terminal."""
        self._progress.stop()

    def _advance(self, source: Path, so_far: int) -> None:
        with self._lock:
            more, self._so_far[source] = so_far - self._so_far.get(source, 0), so_far
            ended = self._ended
        self._progress.update(self._task, advance=more, ended=ended)


def show_for(paths: Sequence[Path], *, as_json: bool) -> Show:
    """Give bars where somebody looks, on standard output or else on standard error."""
    if sys.stdout.isatty() and not as_json:
        return Bars(Console(highlight=False), paths)
    return Bars(Console(stderr=True), paths) if sys.stderr.isatty() else Quiet()


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        # Its outcome will say so.
        return 0
