"""One thread at a time loads our models and works out how they are checked."""

from __future__ import annotations

import threading

#: Held by that thread; a fork waits for it, see `forking`.
BUILDING = threading.RLock()
