"""The base of what the user reads: frozen pydantic models that keep members they do not know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel
from typing_extensions import override

from .building import BUILDING


class Model(BaseModel):
    """A frozen value; members that a newer version adds are kept, not refused.

    How it is checked is worked out when it is first made: a program that starts needs few of our models, if any.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="allow", ser_json_bytes="base64", val_json_bytes="base64", defer_build=True
    )

    @classmethod
    @override
    def model_rebuild(cls, *, _parent_namespace_depth: int = 2, **options: Any) -> bool | None:
        # Before pydantic 2.14 two threads that make the first one together may check it as another class's.
        with BUILDING:
            # This frame stands between pydantic and the caller whose names it looks at.
            return super().model_rebuild(_parent_namespace_depth=_parent_namespace_depth + 1, **options)

    @override
    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        # Half of a job's members are empty, and hide the others.
        for name, value in super().__repr_args__():
            if value is not None and value not in ("", (), {}):
                yield name, value


class CamelModel(Model):
    """What a provider answers: members have camelCase names on the wire and snake_case names here.

    Null is taken for absent, and an id may be a number: what no documentation rules out fails no answer.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, coerce_numbers_to_str=True
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return {name: value for name, value in given.items() if value is not None}
