"""Exchanges with a provider over httpx; no other package of the library imports it."""

from .clients import AsyncHttpxClient, HttpxClient
from .exchanges import AsyncTransport, SyncTransport, Transport

__all__ = ["AsyncHttpxClient", "AsyncTransport", "HttpxClient", "SyncTransport", "Transport"]
