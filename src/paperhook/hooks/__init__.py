"""`Webhooks` in its parts: registering handlers, receiving deliveries, running handlers; `webhooks` wires them together.

The parts are one class, in steps, so that each call of the user is one frame.
"""

from __future__ import annotations

from .webhooks import DEFAULT_INBOX, Webhooks

__all__ = ["DEFAULT_INBOX", "Webhooks"]
