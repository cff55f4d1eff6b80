"""What httpx gives back, in our words: an answer within its bounds, or an error that says whether anything was sent."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping

import httpx

from ...core.answers import malformed
from ...core.exchange import Request, Response
from ...core.headers import Headers
from ...errors import AnswerLost, AttemptTimeout, NothingSent, PaperhookError, TransportError
from ..bounds import Bound

#: A larger answer is refused; the largest documented results are some megabytes.
MAX_ANSWER_BYTES = 64 * 1024 * 1024

#: httpx's classes by what they mean for repeating; the first match along the class's bases wins.
TRANSPORT_ERRORS: Mapping[type[Exception], type[TransportError]] = {
    httpx.ConnectError: NothingSent,
    httpx.ConnectTimeout: NothingSent,
    httpx.PoolTimeout: NothingSent,
    httpx.ProxyError: NothingSent,
    httpx.UnsupportedProtocol: NothingSent,
    httpx.TimeoutException: AttemptTimeout,
    httpx.RequestError: AnswerLost,
}


class Answer:
    """Collects one answer's chunks within the bounds."""

    def __init__(self, request: Request, answer: httpx.Response, bound: Bound) -> None:
        self._request, self._answer, self._bound = request, answer, bound
        self._body = bytearray()

    def add(self, chunk: bytes) -> None:
        """Take a chunk.

        Raises:
            PaperhookError: If the time is over, or the answer is too large.
        """
        self._bound.check()
        self._body += chunk
        most = min(MAX_ANSWER_BYTES, self._request.max_answer_bytes or MAX_ANSWER_BYTES)
        if len(self._body) > most:
            # Asking again would fetch as much again.
            raise malformed(self._bound.provider, self.response(), f"the answer has more than {most} bytes")

    def response(self) -> Response:
        """Give what was collected."""
        return Response(
            self._request,
            self._answer.status_code,
            Headers(self._answer.headers.multi_items()),
            bytes(self._body),
            time.time(),
        )


def translated(error: httpx.RequestError, request: Request, provider: str) -> TransportError:
    """Give our class for one of httpx's; its text names hosts and reasons, never content."""
    ours = next(TRANSPORT_ERRORS[base] for base in type(error).__mro__ if base in TRANSPORT_ERRORS)
    reason = (f"{request.host}: " if ours is NothingSent else "") + (str(error) or type(error).__name__)
    return ours(f"{provider}: {request.method} {request.path}: {reason}", provider=provider)


async def collect(answer: httpx.Response, collected: Answer) -> None:
    """Collect all chunks of an answer on a loop."""
    chunks = answer.aiter_bytes()
    try:
        async for chunk in chunks:
            collected.add(chunk)
    except PaperhookError:
        # httpx reads through five generators, each inside the next, and closing the outermost leaves the others to be
        # found as garbage. Of a connection that is closed the innermost cannot read, and its error ends them all.
        await answer.aclose()
        with contextlib.suppress(httpx.HTTPError, httpx.StreamError):
            # Once only: a transport of the user's own may go on for ever.
            await anext(chunks, None)
        raise
