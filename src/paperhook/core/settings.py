"""From environment variables to the settings of a provider."""

from __future__ import annotations

from typing import Any

from ..errors import ConfigurationError

_YES_OR_NO = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


#: Tables are written in code.
TABLES = frozenset({"names", "item_names"})


def setting_in(name: str, text: str, *, type: Any) -> Any:
    """Read an environment variable; the only fields that are not text are yes or no."""
    if type not in ("bool", bool):
        return text
    if text.strip().lower() not in _YES_OR_NO:
        raise ConfigurationError(f"{name} is {text!r}: write true or false")
    return _YES_OR_NO[text.strip().lower()]


def check_base_url(given: object, name: str) -> None:
    """Refuse what is more or less than the URL of a server and a path there.

    Args:
        given: The base URL; it is repeated in messages, logs and every `repr`, so it must hold no credential.
        name: The provider's.

    Raises:
        ConfigurationError: If it is.
    """
    if not isinstance(given, str):
        raise ConfigurationError(f"{name}: base_url is a {type(given).__name__}: write https://host/path")
    scheme, _, rest = given.partition("://")
    if "@" in rest.partition("/")[0]:
        raise ConfigurationError(
            f"{name}: base_url holds a user or a password: write https://host/path without them"
        )
    if scheme not in ("https", "http") or not rest:
        raise ConfigurationError(f"{name}: base_url is {given!r}: it must start with https:// and a host")
    if any(each in "?#" or each.isspace() for each in given):
        raise ConfigurationError(
            f"{name}: base_url has white space, a query or a fragment: write https://host/path"
        )
