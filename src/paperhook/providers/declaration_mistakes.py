"""What is wrong with a declaration, in a sentence that says what to write."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from .declaration_signatures import KINDS

#: Settings that look as if they belonged here.
_ELSEWHERE = {
    "webhook_secret": "a declaration holds no secret: pass webhook_secret= beside it, or set NAME_WEBHOOK_SECRET",
    "secret": "a declaration holds no secret: pass webhook_secret= beside it, or set NAME_WEBHOOK_SECRET",
    "api_key": "a declaration holds no credential: pass api_key= beside it, or set NAME_API_KEY",
    "unsigned": "pass unsigned= beside the declaration",
}
#: What a value is shown with at most.
_MAX_CHARS = 60


def told(declaration: type[BaseModel], mistake: Mapping[str, Any]) -> str:
    """Give the path that leads to a mistake, and the sentence.

    Args:
        declaration: The model of the whole.
        mistake: As pydantic tells it.
    """
    location = list[int | str](mistake["loc"])
    # Of the kinds of signature, pydantic names the chosen one in between.
    is_signature = location[:1] == ["signature"]
    parts = [location[0], *location[2:]] if is_signature else location
    where = ".".join(str(part) for part in parts) or "(all of it)"
    return f"{where}: {_sentence(declaration, location, mistake)}"


def _sentence(declaration: type[BaseModel], location: list[int | str], mistake: Mapping[str, Any]) -> str:
    if mistake["type"] == "extra_forbidden":
        return _unknown(str(location[-1]), _names_at(declaration, location[:-1]))
    say = _SENTENCES.get(mistake["type"], str(mistake["msg"]).removeprefix("Value error, "))
    return say if isinstance(say, str) else say(mistake)


def _unknown(name: str, known: list[str]) -> str:
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    near = difflib.get_close_matches(name, known, n=1)
    meant = f": did you mean {near[0]}?" if near else f": write one of {', '.join(known)}"
    return f"there is no such name here{meant}"


def _names_at(model: type[BaseModel], location: list[int | str]) -> list[str]:
    """Name what a table may hold."""
    found: type[BaseModel] = model
    for part in location:
        field = found.model_fields.get(str(part))
        if part in KINDS:
            found = KINDS[str(part)]
        elif field is not None:
            found = next(_models_in(field.annotation), found)
    return list(found.model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models_in(each)


def _shown(mistake: Mapping[str, Any]) -> str:
    value = mistake["input"]
    if not isinstance(value, (str, int, float, bool)):
        return f"a {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= _MAX_CHARS else f"{text[:_MAX_CHARS]}…"


def _choices(mistake: Mapping[str, Any]) -> str:
    return f"{_shown(mistake)} is none of {mistake['ctx']['expected']}"


def _number(mistake: Mapping[str, Any]) -> str:
    return f"{_shown(mistake)} is no number: write it without quotation marks"


def _no_table(mistake: Mapping[str, Any]) -> str:
    return f"{_shown(mistake)} is no table"


def _bound(words: str, name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda mistake: f"{_shown(mistake)} must be {words} {mistake['ctx'][name]}"


#: By pydantic's word for the mistake; any other is told in its own words.
_SENTENCES: Mapping[str, str | Callable[[Mapping[str, Any]], str]] = {
    "missing": "it is missing",
    "string_too_short": "it is empty",
    "union_tag_not_found": f"kind is missing: write one of {', '.join(KINDS)}",
    "union_tag_invalid": lambda mistake: f"kind {mistake['ctx']['tag']!r} is none of {', '.join(KINDS)}",
    "literal_error": _choices,
    "enum": _choices,
    "float_type": _number,
    "int_type": _number,
    "bool_type": lambda mistake: f"{_shown(mistake)} is neither true nor false",
    "string_type": lambda mistake: f"{_shown(mistake)} is no text: write it in quotation marks",
    "tuple_type": lambda mistake: f"{_shown(mistake)} is neither a text nor a list of texts",
    "mapping_type": _no_table,
    "dict_type": _no_table,
    "model_type": _no_table,
    "model_attributes_type": lambda mistake: (
        f'{_shown(mistake)} is no table: write kind = "…" and the rest in it'
    ),
    "greater_than": _bound("greater than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than_equal": _bound("at most", "le"),
}
