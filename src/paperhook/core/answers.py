"""From a response to a typed error: the table that all providers share, and the three forms of Retry-After."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import pydantic

from ..errors import (
    ApiError,
    AuthenticationFailed,
    BadRequest,
    Conflict,
    MalformedAnswer,
    NotFound,
    OutOfCredits,
    PermissionDenied,
    RateLimited,
    ServerError,
    TooLarge,
)
from .exchange import Response
from .headers import Headers

M = TypeVar("M", bound=pydantic.BaseModel)

#: Anything else below 500 is a BadRequest, anything from 500 on a ServerError.
ERROR_CLASSES: Mapping[int, type[ApiError]] = {
    401: AuthenticationFailed,
    402: OutOfCredits,
    403: PermissionDenied,
    404: NotFound,
    408: ServerError,
    409: Conflict,
    410: NotFound,
    413: TooLarge,
    429: RateLimited,
}

#: A provider's sentence is cut to this many characters in our messages.
MAX_MESSAGE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """What a provider's error envelope says."""

    #: The provider's code, empty where it has none.
    code: str = ""
    #: The provider's sentence.
    message: str = ""
    #: The provider's id of the request.
    request_id: str | None = None
    #: Where the status alone does not tell.
    error_class: type[ApiError] | None = None


def api_error(provider: str, response: Response, problem: Problem, *, hide: str = "") -> ApiError:
    """Build the error that a response means.

    Args:
        hide: A credential that the provider might repeat in its words.
    """
    error_class = problem.error_class or _class_for(response.status)
    # Hidden before it is cut: half a credential is one too many. On one line: so are logs.
    code, sentence = _hidden(problem.code, hide), _hidden(problem.message, hide)[:MAX_MESSAGE_CHARS]
    request = response.request
    parts = [f"{provider}: {request.method} {request.path}: {response.status}", code, sentence]
    return error_class(
        ": ".join(part for part in parts if part),
        provider=provider,
        status=response.status,
        code=code,
        request_id=problem.request_id or response.headers.get("x-request-id"),
        retry_after=retry_after(response.headers, now=response.received_at),
        may_have_been_processed=issubclass(error_class, (ServerError, MalformedAnswer)),
    )


def _hidden(text: str, hide: str) -> str:
    return " ".join((text.replace(hide, "***") if hide else text).split())


def _class_for(status: int) -> type[ApiError]:
    if status in ERROR_CLASSES:
        return ERROR_CLASSES[status]
    if status >= 500:
        return ServerError
    # Redirects are not followed: credentials go to the configured origin only.
    return BadRequest if status >= 400 else MalformedAnswer


def retry_after(headers: Headers, *, now: float) -> float | None:
    """Read how many seconds the provider asks to wait.

    Args:
        now: Seconds since the epoch, used for dates where the answer has no Date of its own.

    Returns:
        Seconds ≥ 0, or None where nothing readable is said.

    Source: RFC 9110 section 10.2.3 (seconds or a date), 5.6.7 (three forms of dates).
    """
    given = headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return float(given[:12])
    moment = _epoch(given)
    if moment is None:
        return None
    # The server's own clock says what it meant.
    sent_at = _epoch(headers.get("date", ""))
    return max(0.0, moment - (now if sent_at is None else sent_at))


def until_reset(headers: Headers, *, now: float, longest: float) -> float | None:
    """Read when a rate limit is lifted, where an answer has no Retry-After.

    Args:
        now: Seconds since the epoch.
        longest: The length of the limit's window in seconds; a number above it is a time since the epoch.

    Returns:
        Seconds from now, between 0 and `longest`, or None where nothing readable is said.
    """
    given = headers.get("x-ratelimit-reset", "").strip()
    if not (given.isascii() and given.isdigit()):
        return None
    seconds = float(given[:12])
    return min(max(0.0, seconds - now if seconds > longest else seconds), longest)


def _epoch(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        # The oldest of the three forms has no zone, and means UTC.
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def object_in(provider: str, response: Response) -> dict[str, Any]:
    """Decode a successful answer that is documented as a JSON object.

    Raises:
        MalformedAnswer: If it is anything else.
    """
    try:
        value = response.json()
    except ValueError:
        value = None
    if isinstance(value, dict):
        return value
    raise malformed(provider, response, "the answer is not a JSON object")


def list_in(provider: str, response: Response) -> list[Any]:
    """Decode a successful answer that is documented as a JSON array.

    Raises:
        MalformedAnswer: If it is anything else.
    """
    try:
        value = response.json()
    except ValueError:
        value = None
    if isinstance(value, list):
        return value
    raise malformed(provider, response, "the answer is not a JSON array")


def model_of(provider: str, response: Response, model: type[M], value: Any) -> M:
    """Read a decoded answer, or a part of it, as a typed value.

    Raises:
        MalformedAnswer: If it does not fit; the message names the paths, never the values.
    """
    try:
        return model.model_validate(value)
    except pydantic.ValidationError as error:
        paths = {
            ".".join(str(part) for part in problem["loc"]) or "(all of it)" for problem in error.errors()
        }
    raise malformed(provider, response, f"the answer is no {model.__name__}: {', '.join(sorted(paths))}")


def text_in(value: Any) -> str | None:
    """Read an id or a word out of JSON; a number is one as well, null and empty text are none."""
    return str(value) if isinstance(value, (str, int)) and value else None


def malformed(provider: str, response: Response, what: str) -> MalformedAnswer:
    """Build the error for an answer that is success but not what the API documents."""
    request = response.request
    return MalformedAnswer(
        f"{provider}: {request.method} {request.path}: {response.status}: {what}",
        provider=provider,
        status=response.status,
        request_id=response.headers.get("x-request-id"),
        may_have_been_processed=True,
    )
