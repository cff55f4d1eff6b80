"""Text for a terminal that may come from anybody: a document, its name, a sender, a provider's error."""

from __future__ import annotations

import re

#: What a terminal obeys instead of showing it, and what turns the direction of a line around.
_ORDERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """Write out what a terminal would obey."""
    return _ORDERS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
