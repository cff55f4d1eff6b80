"""The base of what the user reads: frozen pydantic models that keep members they do not know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A frozen value; members that a newer version adds are kept, not refused."""

    model_config = ConfigDict(frozen=True, extra="allow", ser_json_bytes="base64", val_json_bytes="base64")


class CamelModel(Model):
    """A value whose members have camelCase names on the wire and snake_case names here."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
