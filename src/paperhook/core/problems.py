"""Problem details: the standard form in which an API says what is wrong.

Source: RFC 9457 section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .exchange import Response

#: Larger ones are not kept with an error.
MAX_PROBLEM_BYTES = 64 * 1024
_MEMBERS = ("type", "title", "status", "detail", "instance")


@dataclass(frozen=True, slots=True)
class ProblemDetails:
    """What a provider said as `application/problem+json`; a member that is not of its type is as if absent."""

    #: A URI that names the kind of problem.
    type: str = "about:blank"
    #: The same for all problems of the kind.
    title: str = ""
    status: int | None = None
    #: About this occurrence; it may repeat what was sent, so it is not shown.
    detail: str = field(default="", repr=False)
    #: A URI that names this occurrence.
    instance: str = ""
    #: Members of the provider's own.
    extensions: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)


def problem_details(response: Response, *, hide: str = "") -> ProblemDetails | None:
    """Read the problem details of an answer; None where it has none.

    Args:
        hide: A credential that the provider might repeat.
    """
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/problem+json" or len(response.body) > MAX_PROBLEM_BYTES:
        return None
    try:
        said = _without(response.json(), hide)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    texts = {name: said[name] for name in _MEMBERS if name != "status" and isinstance(said.get(name), str)}
    status = said.get("status")
    return ProblemDetails(
        **texts,
        status=status if isinstance(status, int) else None,
        extensions={name: value for name, value in said.items() if name not in _MEMBERS},
    )


def _without(value: Any, hidden: str) -> Any:
    if isinstance(value, str):
        return value.replace(hidden, "***") if hidden else value
    if isinstance(value, list):
        return [_without(each, hidden) for each in value]
    if isinstance(value, dict):
        return {_without(name, hidden): _without(each, hidden) for name, each in value.items()}
    return value
