"""One file for each document API; importing this package loads none of them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from ..core.provider import Provider as Provider
    from .docuparse import DocuParse as DocuParse
    from .docuprox import DocuProx as DocuProx
    from .generic import Generic as Generic
    from .ocriva import Ocriva as Ocriva
    from .space_ocr import SpaceOcr as SpaceOcr

__all__ = ["PROVIDERS", "DocuParse", "DocuProx", "Generic", "Ocriva", "SpaceOcr", "provider_class"]

#: A provider's word in paths, logs and the inbox, to `module:class`.
PROVIDERS: Mapping[str, str] = MappingProxyType(
    {
        "space-ocr": "paperhook.providers.space_ocr:SpaceOcr",
        "docuparse": "paperhook.providers.docuparse:DocuParse",
        "docuprox": "paperhook.providers.docuprox:DocuProx",
        "ocriva": "paperhook.providers.ocriva:Ocriva",
    }
)
_PATHS = {
    path.partition(":")[2]: path for path in (*PROVIDERS.values(), "paperhook.providers.generic:Generic")
}


def provider_class(name: str) -> type[Provider]:
    """Load the class of a provider.

    Args:
        name: One of `PROVIDERS`.

    Raises:
        ConfigurationError: If there is no such provider.
    """
    if name not in PROVIDERS:
        raise ConfigurationError(f"provider {name!r} is unknown: choose one of {', '.join(PROVIDERS)}")
    return _load(PROVIDERS[name])


def _load(path: str) -> type[Provider]:
    module, _, class_name = path.partition(":")
    found: type[Provider] = getattr(import_module(module), class_name)
    return found


def __getattr__(name: str) -> object:
    if name not in _PATHS:
        raise AttributeError(f"module 'paperhook.providers' has no attribute {name!r}")
    globals()[name] = found = _load(_PATHS[name])
    return found


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
