"""Modules of ours that are loaded with their first use, because a program that starts has none for them yet."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from typing_extensions import override

from .building import BUILDING


def loaded(module: str, name: str) -> Any:
    """Give what a module of ours defines; it is loaded first where nobody has done so."""
    # A fork must not happen meanwhile: in the forked process nobody would go on with the import.
    with BUILDING:
        return getattr(import_module(module), name)


class LazyModule(ModuleType):
    """Stands for a module of ours until something in it is asked for.

    Type checkers see the module itself: `if TYPE_CHECKING: from . import acme_models`, and in the `else` of it
    `acme_models = LazyModule(f"{__package__}.acme_models")`.
    """

    @override
    def __getattr__(self, name: str) -> Any:
        value = loaded(self.__name__, name)
        setattr(self, name, value)
        return value
