"""Declarations that are shipped: one TOML file for each API, with its sources and what is assumed in it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from ...errors import ConfigurationError
from ..declaration import Declaration, declaration_in
from ..generic import Generic

__all__ = ["declaration", "declared", "declared_from_env", "declared_names"]


def declared_names() -> tuple[str, ...]:
    """Name the declarations that are shipped, in order."""
    found = (each.name for each in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def declaration(name: str) -> Declaration:
    """Read a declaration that is shipped.

    Raises:
        ConfigurationError: If there is none of that name.
    """
    known = declared_names()
    if name not in known:
        raise ConfigurationError(f"no declaration {name!r} is shipped: choose one of {', '.join(known)}")
    return declaration_in(files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def declared(name: str, api_key: str = "", **settings: Any) -> Generic:
    """Make a provider from a declaration that is shipped.

    Args:
        name: Such as `talonic`.
        api_key: The credential for requests; none is needed to receive.
        settings: `webhook_secret`, `unsigned`, `base_url` and the other fields of `Generic`.

    Raises:
        ConfigurationError: If there is none of that name, or a setting is wrong.
    """
    return Generic(api_key, declaration=declaration(name), **settings)


def declared_from_env(name: str, environ: Mapping[str, str] | None = None) -> Generic:
    """Make a provider from a declaration that is shipped, with settings such as `TALONIC_WEBHOOK_SECRET`.

    Raises:
        ConfigurationError: If there is none of that name, or a setting is wrong.
    """
    return Generic.from_env(environ, declaration=declaration(name))
