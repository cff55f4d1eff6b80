"""For your tests: deliveries signed as providers sign them, a recorded inbox, a frozen clock, and providers on localhost.

Nothing is loaded before it is asked for: signing a delivery needs no extra, the local providers need `paperhook[demo]`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ..errors import MissingExtra

if TYPE_CHECKING:
    from .clock import FrozenClock as FrozenClock
    from .local import LOCAL_OPTIONS as LOCAL_OPTIONS
    from .local import LocalProviders as LocalProviders
    from .local import local_provider as local_provider
    from .local import webhook_targets as webhook_targets
    from .memory import AsyncMemoryProviders as AsyncMemoryProviders
    from .memory import MemoryProviders as MemoryProviders
    from .prepared import PreparedReader as PreparedReader
    from .recording import RecordedInbox as RecordedInbox
    from .signing import LOCAL_SECRET as LOCAL_SECRET
    from .signing import SignedDelivery as SignedDelivery
    from .signing import local_secret as local_secret
    from .signing import sign as sign
    from .signing import signed_delivery as signed_delivery

#: A name to the module that defines it.
_MODULES = {
    "FrozenClock": "clock",
    "LOCAL_OPTIONS": "local",
    "LocalProviders": "local",
    "local_provider": "local",
    "webhook_targets": "local",
    "AsyncMemoryProviders": "memory",
    "MemoryProviders": "memory",
    "PreparedReader": "prepared",
    "RecordedInbox": "recording",
    "LOCAL_SECRET": "signing",
    "SignedDelivery": "signing",
    "local_secret": "signing",
    "sign": "signing",
    "signed_delivery": "signing",
}
__all__ = [
    "LOCAL_OPTIONS",
    "LOCAL_SECRET",
    "AsyncMemoryProviders",
    "FrozenClock",
    "LocalProviders",
    "MemoryProviders",
    "PreparedReader",
    "RecordedInbox",
    "SignedDelivery",
    "local_provider",
    "local_secret",
    "sign",
    "signed_delivery",
    "webhook_targets",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'paperhook.testing' has no attribute {name!r}")
    try:
        module = import_module(f".{_MODULES[name]}", __name__)
    except ModuleNotFoundError as error:
        raise MissingExtra(f"{name} needs {error.name}: pip install 'paperhook[demo]'") from error
    globals()[name] = found = getattr(module, name)
    return found
