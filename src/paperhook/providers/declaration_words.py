"""The words of a declaration, each checked on its own: paths, headers, hosts, events, templates."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, TypeAlias

import pydantic
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ..core.event import EVENT_CLASSES
from ..core.job import ErrorKind, JobStatus
from .paths import checked

#: What tells two events apart, and what a key may be made of.
_IDENTITIES = frozenset({"event_id", "job_id", "document_id", "batch_id", "body"})
_KEY_PARTS = _IDENTITIES | {"type", "word"}
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BASE_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
_HOST = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)+")


def _braced(names: frozenset[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))


def listed(value: Any) -> Any:
    """Take one text for a list of one; TOML has lists, and we keep tuples."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _event(word: str) -> str:
    if word not in EVENT_CLASSES:
        raise ValueError(
            f"{word!r} is no event: write one of {', '.join(EVENT_CLASSES)}; leave words out that mean none of them"
        )
    return word


def _template(names: frozenset[str], text: str) -> str:
    unknown = set(re.findall(r"\{([^{}]*)\}", text)) - names
    if unknown or "{" in re.sub(r"\{[^{}]*\}", "", text):
        raise ValueError(f"{text!r} may name {_braced(names)} and nothing else")
    return text


def _key_template(text: str) -> str:
    named = set(re.findall(r"\{([^{}]*)\}", _template(_KEY_PARTS, text)))
    if not named & _IDENTITIES:
        raise ValueError(
            f"{text!r} gives every event the same key, so that all but the first would be duplicates: name one of "
            f"{_braced(_IDENTITIES)}"
        )
    return text


def _header(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise ValueError(f"{text!r} is no header's name: write X-Acme-Signature")
    return text


def _base_url(text: str) -> str:
    if text and not _BASE_URL.fullmatch(text):
        raise ValueError(f"{text!r} is no URL: write https://api.acme.example, with or without a path")
    return text


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError(
            f"{text!r} is no host: write files.acme.example, or .acme.example for every name below it"
        )
    return text


def _address(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"{text!r} does not begin with /: base_url stands before it")
    return _template(frozenset({"job_id"}), text)


#: One place, or several of which the first that holds anything counts.
Paths: TypeAlias = Annotated[
    tuple[Annotated[str, BeforeValidator(lambda v: checked(v) if isinstance(v, str) else v)], ...],
    BeforeValidator(listed),
]
Texts: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(listed)]
Address: TypeAlias = Annotated[str, pydantic.AfterValidator(_address)]
EventType: TypeAlias = Annotated[str, pydantic.AfterValidator(_event)]
KeyTemplate: TypeAlias = Annotated[str, pydantic.AfterValidator(_key_template)]
Status: TypeAlias = Annotated[JobStatus, Field(strict=False)]
Kind: TypeAlias = Annotated[ErrorKind, Field(strict=False)]
HeaderName: TypeAlias = Annotated[str, pydantic.AfterValidator(_header)]
BaseUrl: TypeAlias = Annotated[str, pydantic.AfterValidator(_base_url)]
Host: TypeAlias = Annotated[str, pydantic.AfterValidator(_host)]


class Part(BaseModel):
    """A table of a declaration: nothing is converted, nothing unknown is skipped."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, frozen=True)
