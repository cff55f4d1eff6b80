"""From a response to a typed error: the table that all providers share, and the three forms of Retry-After."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pydantic

from ..errors import (
    ApiError,
    AuthenticationFailed,
    BadRequest,
    Conflict,
    KeyInUse,
    KeyReused,
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
from .problems import ProblemDetails, problem_details

# In quotes: pydantic itself loads what is asked of it, and a first client asks nothing.
M = TypeVar("M", bound="pydantic.BaseModel")

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

#: Source: draft-ietf-httpapi-idempotency-key-header-07 section 2.7.
_KEY_ERRORS: Mapping[int, type[ApiError]] = {409: KeyInUse, 422: KeyReused}

#: Redirects by which a server says that it has not acted. Source: RFC 9110 sections 15.4.2, 15.4.8 and 15.4.9; after 302 and
#: 303 it may have, because many servers answer a form that way.
_NOT_ACTED = (301, 307, 308)

_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")

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
    details = problem_details(response, hide=hide)
    said = problem.message or (details.title if details is not None else "") or _instead_of_words(response)
    # Hidden before it is cut: half a credential is one too many. On one line: so are logs.
    code, sentence = _hidden(problem.code, hide), _hidden(said, hide)[:MAX_MESSAGE_CHARS]
    request = response.request
    error_class = (
        problem.error_class or _class_of_key(response, problem, details) or _class_for(response.status)
    )
    parts = [f"{provider}: {request.method} {request.path}: {response.status}", code, sentence]
    return error_class(
        ": ".join(part for part in parts if part),
        provider=provider,
        status=response.status,
        code=code,
        request_id=_hidden(problem.request_id or response.headers.get("x-request-id", ""), hide) or None,
        retry_after=retry_after(response.headers, now=response.received_at),
        may_have_been_processed=issubclass(error_class, (ServerError, MalformedAnswer))
        and response.status not in _NOT_ACTED,
        problem=details,
    )


def _instead_of_words(response: Response) -> str:
    """Say what can be said of an answer that has no words of the API: where it points to, or that it is a page."""
    location = response.headers.get("location", "")
    if 300 <= response.status < 400 and location:
        return f"it redirects {_whereto(location)}, which is not followed: is base_url right?"
    if "html" in response.headers.get("content-type", "").lower():
        return "an HTML page, so it may come from a proxy and not from the API"
    return ""


def _whereto(location: str) -> str:
    """Name scheme and host of a redirect; what follows them may be signed."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return "to no URL"
    host = parts.netloc.rpartition("@")[2]
    return f"to {parts.scheme or 'https'}://{host}" if host else "to another path"


def _class_of_key(
    response: Response, problem: Problem, details: ProblemDetails | None
) -> type[ApiError] | None:
    """Tell a conflict of the idempotency key from any other one: the request has a key, and the answer speaks of it."""
    error_class = _KEY_ERRORS.get(response.status)
    has_key = any("idempotency" in name.lower() for name, _ in response.request.headers)
    words = (problem.code, problem.message, *(() if details is None else (details.type, details.title)))
    return error_class if has_key and any("idempoten" in each.lower() for each in words) else None


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
    moment = seconds_of_date(given)
    if moment is None:
        return None
    # The server's own clock says what it meant.
    sent_at = seconds_of_date(headers.get("date", ""))
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


def seconds_of_date(date: str) -> float | None:
    """Read an HTTP date, in any of its three forms, as seconds since the epoch; None where it is none."""
    try:
        moment = parsedate_to_datetime(date)
        # The oldest of the three forms has no zone, and means UTC.
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _decoded(response: Response) -> Any:
    """Decode an answer; None where it is no JSON."""
    try:
        return response.json()
    except ValueError:
        return None


def object_in(provider: str, response: Response) -> dict[str, Any]:
    """Decode a successful answer that is documented as a JSON object.

    Raises:
        MalformedAnswer: If it is anything else.
    """
    value = _decoded(response)
    if isinstance(value, dict):
        return value
    raise malformed(provider, response, "the answer is not a JSON object")


def list_in(provider: str, response: Response) -> list[Any]:
    """Decode a successful answer that is documented as a JSON array.

    Raises:
        MalformedAnswer: If it is anything else.
    """
    value = _decoded(response)
    if isinstance(value, list):
        return value
    raise malformed(provider, response, "the answer is not a JSON array")


def listed_in(provider: str, response: Response) -> list[Any]:
    """Decode a list of which no documentation shows the form: an array, or an object with one array among its members.

    Raises:
        MalformedAnswer: If it is anything else.
    """
    value = _decoded(response)
    if isinstance(value, list):
        return value
    arrays = [each for each in value.values() if isinstance(each, list)] if isinstance(value, dict) else []
    if len(arrays) == 1:
        return arrays[0]
    raise malformed(provider, response, "the answer holds no list")


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


def is_replay(response: Response) -> bool:
    """Tell whether an answer is that of an earlier request with the same idempotency key.

    Source: space-ocr.com's API docs, and docs.stripe.com/error-low-level for the second name, which others took over.
    """
    names = ("x-idempotent-replay", "idempotent-replayed")
    return any(response.headers.get(name, "").strip().lower() == "true" for name in names)


def text_in(value: Any) -> str | None:
    """Read an id or a word out of JSON; a number is one as well; null, empty text, true and false are none."""
    return str(value) if isinstance(value, (str, int)) and value and value is not True else None


def count_in(value: Any) -> int:
    """Read a count out of JSON; digits as text are one as well, anything else counts nothing."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:12])
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def number_in(value: Any) -> float | None:
    """Read a plain number out of JSON, also where it is text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def check_asked(provider: str, response: Response, asked: str, *given: Any) -> None:
    """Refuse a record of something else than was asked for, as after two answers to one request.

    Args:
        provider: Its name.
        response: The whole answer.
        asked: The id in the request.
        given: The ids that the record goes by; one must be the same, whatever the case of its letters, if there is any.

    Raises:
        MalformedAnswer: If it is another's: what it says must not be taken for what became of this one.
    """
    ids = [text.casefold() for text in map(text_in, given) if text is not None]
    if ids and asked.casefold() not in ids:
        raise malformed(provider, response, "the answer is about another id than the one that was asked for")


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
