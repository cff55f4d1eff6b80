"""Operations are generators that ask for I/O: each yields a small effect and is sent its answer.

| effect | answer |
|---|---|
| `Send(request, error_of)` | `Response`, after `error_of` found nothing wrong with it |
| `Pause(seconds)` | `None`, later |
| `Now()` | seconds since the epoch, on a clock that never jumps |
| `Rasterise(document)` | a tuple of PNG `Document`s, one for each page |
| `Await(future)` | the result of a store's future, once it is committed |

`Client` and `AsyncClient` drive them; a test drives them by hand with `next()` and `send()`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from ..errors import ApiError, PaperhookError
from .document import Document
from .exchange import Request, Response

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")


#: Takes bytes sent and bytes in total, None where the total is not known.
Progress: TypeAlias = Callable[[int, int | None], object]


@dataclass(frozen=True, slots=True)
class Send:
    """Ask for one exchange."""

    request: Request
    #: The provider's reading of a response: the error that it means, or None.
    error_of: Callable[[Response], ApiError | None] = field(repr=False)
    #: Is told how many bytes of the body are sent, of how many; None where nobody wants to know.
    on_progress: Progress | None = field(default=None, repr=False)
    #: Seconds for this attempt, where a deadline leaves less than the client's timeout.
    timeout: float | None = None
    #: What is done before each attempt, when nothing but sending is left to do: after the wait for a turn.
    before: Callable[[], Steps[None]] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Pause:
    """Ask to wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Now:
    """Ask for the time."""


@dataclass(frozen=True, slots=True)
class Rasterise:
    """Ask for the pages of a PDF as images, because the provider takes nothing else."""

    document: Document


@dataclass(frozen=True, slots=True)
class Await:
    """Ask for what a store answers; it was asked already, and the future says when it is committed."""

    future: Future[Any] = field(repr=False)
    #: Seconds that a deadline leaves for it; the store does what it was asked all the same.
    timeout: float | None = None


Effect: TypeAlias = Send | Pause | Now | Rasterise | Await
Steps: TypeAlias = Generator[Effect, Any, T]


def send(request: Request, error_of: Callable[[Response], ApiError | None]) -> Steps[Response]:
    """Ask for one exchange and give its response."""
    response: Response = yield Send(request, error_of)
    return response


def pause(seconds: float) -> Steps[None]:
    """Ask to wait."""
    yield Pause(seconds)


def now() -> Steps[float]:
    """Ask for the time, in seconds since the epoch."""
    seconds: float = yield Now()
    return seconds


def rasterise(document: Document) -> Steps[tuple[Document, ...]]:
    """Ask for the pages of a PDF as PNG documents, in order."""
    pages: tuple[Document, ...] = yield Rasterise(document)
    return pages


def answer_of(future: Future[T]) -> Steps[T]:
    """Ask for what a store answers."""
    answer: T = yield Await(future)
    return answer


def relayed(steps: Steps[T], perform: Callable[[Effect], Generator[Effect, Any, Any]]) -> Steps[T]:
    """Run an operation, and have each of its effects performed otherwise.

    Args:
        perform: Gives the answer to an effect; a `PaperhookError` that it raises is the operation's to handle.
    """
    answer: Any = None
    failure: PaperhookError | None = None
    try:
        while True:
            try:
                effect = steps.send(answer) if failure is None else steps.throw(failure)
            except StopIteration as done:
                result: T = done.value
                return result
            answer = failure = None
            try:
                answer = yield from perform(effect)
            except PaperhookError as error:
                failure = error
    finally:
        # Whoever was cut off learns of it now, not when the garbage is collected.
        steps.close()
