"""Webhook secrets: checked when they are set, never shown, several at once while they rotate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from ..errors import ConfigurationError

#: Shorter secrets can be guessed offline from one signed delivery.
MIN_SECRET_BYTES = 16


@dataclass(frozen=True, slots=True)
class Secret:
    """One webhook secret.

    Args:
        value: The secret as the provider shows it; text is used as UTF-8 bytes.
        name: Reported when this secret matched, for instance `"2026-06"`.
        not_before: From when on it is in force: an aware time, or seconds since the epoch.
        not_after: Until when, that moment not included; afterwards it matches nothing.
        short: `"accept"` takes fewer than 16 bytes, where a provider gives you no longer secret; whoever sees one delivery
            can then try all of them.

    Raises:
        ConfigurationError: If it is empty, white space, or shorter than 16 bytes; text with white space at an end; or if
            its time has no zone or ends before it begins.
    """

    value: str | bytes = field(repr=False)
    name: str = "default"
    not_before: datetime | float | None = None
    not_after: datetime | float | None = None
    short: Literal["refuse", "accept"] = "refuse"
    #: What schemes made of it, each under a name of its own, so that a key is decoded once and not for each delivery.
    derived: dict[object, Any] = field(
        default_factory=dict[object, Any], init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        self._check_value()
        first, last = self._seconds("not_before"), self._seconds("not_after")
        if first is not None and last is not None and not first < last:
            raise ConfigurationError(
                f"webhook secret {self.name!r} is never in force: not_after is not after not_before"
            )

    def _check_value(self) -> None:
        if not self.key.strip():
            raise ConfigurationError(
                f"webhook secret {self.name!r} is empty: copy it from the provider's dashboard, "
                "or write unsigned='accept' to take deliveries that anybody can forge"
            )
        if isinstance(self.value, str) and self.value != self.value.strip():
            raise ConfigurationError(
                f"webhook secret {self.name!r} has white space at an end: was a line break copied along with it?"
            )
        if self.short not in ("refuse", "accept"):
            raise ConfigurationError(
                f"webhook secret {self.name!r}: short is {self.short!r}: write 'refuse' or 'accept'"
            )
        if len(self.key) < MIN_SECRET_BYTES and self.short == "refuse":
            raise ConfigurationError(
                f"webhook secret {self.name!r} has {len(self.key)} bytes: at least {MIN_SECRET_BYTES} are needed, because "
                "shorter ones can be guessed from one delivery; if the provider gives you no longer one, write "
                "Secret(…, short='accept')"
            )

    @property
    def key(self) -> bytes:
        """The secret's bytes."""
        # Environment variables that are not UTF-8 come as half characters, which stand for their bytes.
        return self.value if isinstance(self.value, bytes) else self.value.encode("utf-8", "surrogateescape")

    def is_in_force(self, now: float | None) -> bool:
        """Tell whether the secret may match.

        Args:
            now: Seconds since the epoch; may be None where the secret has no time.

        Raises:
            ConfigurationError: If the secret has a time and `now` is not given.
        """
        first, last = self._seconds("not_before"), self._seconds("not_after")
        if first is None and last is None:
            return True
        if now is None:
            raise ConfigurationError(
                f"webhook secret {self.name!r} is in force for some time only: pass now=time.time()"
            )
        # Written so that a now that is no number is outside.
        return (first is None or now >= first) and (last is None or now < last)

    def _seconds(self, field_name: str) -> float | None:
        moment: datetime | float | None = getattr(self, field_name)
        if not isinstance(moment, datetime):
            return moment
        if moment.tzinfo is None:
            raise ConfigurationError(
                f"webhook secret {self.name!r}: {field_name} has no time zone: write datetime(…, tzinfo=UTC)"
            )
        return moment.timestamp()


#: One secret, or several while they rotate; newest first is fastest.
SecretsLike: TypeAlias = "str | bytes | Secret | Sequence[str | bytes | Secret] | None"


def secrets_of(given: SecretsLike) -> tuple[Secret, ...]:
    """Check what the user configured.

    Returns:
        One `Secret` for each value, named `default`, or `1`, `2`, … where several have no name of their own.

    Raises:
        ConfigurationError: If any is empty or too short, or it is of another type.
    """
    if given is None:
        return ()
    if isinstance(given, (str, bytes)):
        return (Secret(given),)
    if isinstance(given, Secret):
        return (given,)
    # The names of a mapping would be taken for the secrets.
    if not hasattr(given, "__iter__") or hasattr(given, "keys"):
        raise _no_secret(given, "webhook_secret")
    found: list[Secret] = []
    for number, value in enumerate(given, start=1):
        if not isinstance(value, (str, bytes, Secret)):
            raise _no_secret(value, f"webhook secret {number}")
        found.append(value if isinstance(value, Secret) else Secret(value, name=str(number)))
    return tuple(found)


def _no_secret(given: object, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what} is a {type(given).__name__}: write text, bytes, a Secret, or a list of them"
    )
