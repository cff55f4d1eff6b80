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
