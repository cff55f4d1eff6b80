"""What is kept of an exception: its type and where it happened, and nothing that a document said.

A message such as `invalid literal for int(): 'IBAN DE89…'` quotes the document, so messages are kept only of our own
errors, which never hold content, and of `GiveUp`, which a handler writes for whoever looks at the event.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterator
from pathlib import Path

from ..errors import PaperhookError

_MAX_FRAMES = 20
_MAX_CAUSES = 5
_MAX_MESSAGE = 500

#: Frames of ours and of the machinery that say nothing about the handler.
_OURS = str(Path(__file__).parent)


def describe(error: BaseException) -> str:
    """Give type, place and causes of an exception, one line each, innermost frame last."""
    lines: list[str] = []
    for number, each in enumerate(_chain(error)):
        lines.append(("caused by " if number else "") + _headline(each))
        lines += _frames(each)
    return "\n".join(lines)


def is_cancelled_from_outside() -> bool:
    """Tell a cancellation of this task from one that the code of somebody else raised."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def forget_cancellation() -> None:
    """Let this task go on although its own code asked for its end."""
    task = asyncio.current_task()
    while task is not None and task.cancelling() > 0:
        task.uncancel()


def _chain(error: BaseException) -> Iterator[BaseException]:
    following: BaseException | None = error
    for _ in range(_MAX_CAUSES):
        if following is None:
            return
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _headline(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, BaseExceptionGroup):
        return f"{name} of {', '.join(sorted({type(each).__qualname__ for each in error.exceptions}))}"
    if isinstance(error, PaperhookError):
        return f"{name}: {str(error)[:_MAX_MESSAGE]}"
    return name


def _frames(error: BaseException) -> list[str]:
    places = [
        f"  {frame.f_code.co_filename}:{line} {frame.f_code.co_qualname}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith(_OURS)
    ]
    return places[-_MAX_FRAMES:]
