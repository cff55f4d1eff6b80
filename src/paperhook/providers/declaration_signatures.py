"""How a declaration says that deliveries are signed: one table for each kind of scheme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import pydantic
from pydantic import Field

from ..core.provider import SignatureScheme
from ..errors import ConfigurationError
from ..webhooks.signatures import (
    READY,
    BodySecret,
    Hmac,
    HmacPairs,
    NoSignature,
    StandardWebhooks,
    StaticHeader,
)
from .declaration_words import HeaderName, Part


class _Hashed(Part):
    header: HeaderName
    digest: Literal["sha1", "sha256", "sha512"] = "sha256"
    key_encoding: Literal["utf8", "base64", "hex"] = "utf8"
    key_prefix: str = ""
    output: Literal["hex", "base64"] = "hex"
    timestamp_unit: Literal["s", "ms", "float", "iso"] = "s"
    tolerance: float = 300.0


class HmacSignature(_Hashed):
    """See `paperhook.webhooks.signatures.Hmac`."""

    kind: Literal["hmac"]
    content: str = "{body}"
    prefix: str = ""
    separator: str = ""
    any_case: bool = False
    timestamp_header: str = ""
    id_header: str = ""
    endpoint: str = ""

    def scheme(self) -> SignatureScheme:
        """Give the scheme that this table means."""
        return Hmac(**self.model_dump(exclude={"kind"}))


class PairsSignature(_Hashed):
    """See `paperhook.webhooks.signatures.HmacPairs`."""

    kind: Literal["pairs"]
    content: str = "{timestamp}.{body}"
    timestamp_name: str = "t"
    signature_name: str = "v1"
    separator: str = ","

    def scheme(self) -> SignatureScheme:
        """Give the scheme that this table means."""
        return HmacPairs(**self.model_dump(exclude={"kind"}))


class StandardSignature(Part):
    """See `paperhook.webhooks.signatures.StandardWebhooks`."""

    kind: Literal["standard_webhooks"]
    family: Literal["webhook", "svix"] = "webhook"
    tolerance: float = 300.0

    def scheme(self) -> SignatureScheme:
        """Give the scheme that this table means."""
        return StandardWebhooks(self.family, self.tolerance)


class StaticSignature(Part):
    """See `paperhook.webhooks.signatures.StaticHeader`."""

    kind: Literal["static_header"]
    header: HeaderName
    prefix: str = ""

    def scheme(self) -> SignatureScheme:
        """Give the scheme that this table means."""
        return StaticHeader(self.header, self.prefix)


class BodySignature(Part):
    """See `paperhook.webhooks.signatures.BodySecret`."""

    kind: Literal["body_secret"]
    path: str = Field(min_length=1)

    def scheme(self) -> SignatureScheme:
        """Give the scheme that this table means."""
        return BodySecret(self.path)


class AbsentSignature(Part):
    """The provider signs nothing, which has to be said."""

    kind: Literal["none"]

    def scheme(self) -> SignatureScheme:
        """Give the scheme that this table means."""
        return NoSignature()


class ReadySignature(Part):
    """A scheme by its name, see `paperhook.webhooks.signatures.READY`; needed where no table says how it signs."""

    kind: Literal["ready"]
    name: str

    @pydantic.field_validator("name")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in READY:
            raise ValueError(f"{name!r} is unknown: choose one of {', '.join(READY)}")
        return name

    def scheme(self) -> SignatureScheme:
        """Give the scheme that this table means."""
        return READY[self.name]


class CustomSignature(Part):
    """The scheme is code, given as `scheme=` where the provider is made."""

    kind: Literal["custom"]

    def scheme(self) -> SignatureScheme:
        """Refuse, because a table holds no code.

        Raises:
            ConfigurationError: Always.
        """
        raise ConfigurationError("signature.kind is custom: pass scheme=Custom(…)")


Signature: TypeAlias = Annotated[
    HmacSignature
    | PairsSignature
    | StandardSignature
    | StaticSignature
    | BodySignature
    | AbsentSignature
    | ReadySignature
    | CustomSignature,
    Field(discriminator="kind"),
]
#: The word of each kind to its table.
KINDS: Mapping[str, type[Part]] = {
    "hmac": HmacSignature,
    "pairs": PairsSignature,
    "standard_webhooks": StandardSignature,
    "static_header": StaticSignature,
    "body_secret": BodySignature,
    "none": AbsentSignature,
    "ready": ReadySignature,
    "custom": CustomSignature,
}
