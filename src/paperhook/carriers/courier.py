"""`Courier`: sends keys off the acknowledgement path, and sends those again that nobody ran.

What is sent first is only a hint that saves time. The rows are the truth: the sweep hands over whatever is due, whose
lease ran out, or which nobody began, so neither a message nor this process may be missed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..errors import InboxError
from ..forking import start_anew_after_fork
from ..inbox.base import Inbox, Key, plain
from .base import Carrier

logger: logging.Logger = logging.getLogger("paperhook")

#: Keys handed over in one statement, and sent in one call.
MAX_KEYS = 200
#: Keys that wait to be sent; what comes then is left to the sweep.
MAX_WAITING = 10_000
#: Seconds between two sweeps.
SWEEP_SECONDS = 0.5
#: Seconds before an engine or a store that is away is asked again: the first time, and at most.
PAUSES = (0.2, 5.0)
#: Seconds that `stop` waits for the engine.
STOP_SECONDS = 5.0


@dataclass(slots=True)
class _Parcel:
    key: Key
    #: How many keys had been sent when it failed alone.
    failed_at: int | None = None


class Courier:
    """A thread that starts with the first key.

    Args:
        inbox: Where the events are.
        carrier: Who brings their keys to workers.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, inbox: Inbox, carrier: Carrier, *, patience: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._inbox = inbox
        self._carrier = carrier
        #: Seconds after which an event that nobody began is sent again.
        self.patience = patience
        self._clock = clock
        self.start_anew()
        start_anew_after_fork(self)

    def start_anew(self) -> None:
        """Begin again in a forked process: what the other one has not sent yet, it will send."""
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._awake, self._ending = threading.Event(), threading.Event()
        self._waiting: deque[_Parcel] = deque()
        self._sent = 0
        self._size = MAX_KEYS
        self._pause = PAUSES[0]

    def post(self, keys: Iterable[Key]) -> None:
        """Have keys sent soon; from any thread, and it neither waits nor fails."""
        room = max(0, MAX_WAITING - len(self._waiting))
        self._waiting.extend([_Parcel((plain(provider), plain(key))) for provider, key in keys][:room])
        self.start()
        self._awake.set()

    def start(self) -> None:
        """Start the thread; calling twice is fine."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._ending.clear()
                self._thread = threading.Thread(target=self._serve, name="paperhook-courier", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Send what waits where the engine answers, and end; what is left the next sweep finds, in any process."""
        self._ending.set()
        self._awake.set()
        self.join(STOP_SECONDS)
        self._carrier.close()

    def join(self, seconds: float | None = None) -> None:
        """Wait for the end."""
        with self._lock:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(seconds)

    def sweep(self) -> int:
        """Send all that is due now and give how many; for processes without a courier, such as a scheduled call.

        Raises:
            InboxError: If the store is away.
            Exception: Whatever the carrier raises; what was not sent is due again later.
        """
        count = 0
        while keys := self._hand_over():
            self._carrier.carry(keys)
            count += len(keys)
        return count

    def _hand_over(self) -> tuple[Key, ...]:
        asked = self._inbox.hand_over(limit=MAX_KEYS, now=self._clock(), patience=self.patience)
        return asked.result()

    def _serve(self) -> None:
        next_sweep = 0.0
        while not self._ending.is_set():
            self._awake.clear()
            if time.monotonic() >= next_sweep and self._may_sweep():
                next_sweep = time.monotonic() + SWEEP_SECONDS
                self._sweep()
            if self._waiting:
                self._send()
            else:
                self._awake.wait(max(0.0, next_sweep - time.monotonic()))
        # The last ones, once.
        while self._waiting and self._send():
            pass

    def _may_sweep(self) -> bool:
        """Tell whether what is due is looked for: also while keys come without end, or retries would wait for that end.

        What the engine does not take now is not heaped up here.
        """
        count = len(self._waiting)
        return count == 0 or (self._size > 1 and count <= MAX_WAITING - MAX_KEYS)

    def _sweep(self) -> None:
        try:
            self._waiting.extend(map(_Parcel, self._hand_over()))
        except Exception as error:  # noqa: BLE001 - a store that is away must not end the courier
            reason = str(error) if isinstance(error, InboxError) else type(error).__name__
            self._rest(f"events cannot be handed over: {reason}")

    def _send(self) -> bool:
        """Send a few of those that wait, and tell whether that went well."""
        parcels = [self._waiting.popleft() for _ in range(min(self._size, len(self._waiting)))]
        try:
            self._carrier.carry([parcel.key for parcel in parcels])
        except Exception as error:  # noqa: BLE001 - an engine that is away must not end the courier
            self._take_back(parcels)
            # Not its message: it may hold the broker's address with a password.
            self._rest(f"{len(parcels)} events could not be given to the engine: {type(error).__name__}")
            return False
        self._sent += len(parcels)
        self._size, self._pause = min(MAX_KEYS, 4 * self._size), PAUSES[0]
        return True

    def _take_back(self, parcels: list[_Parcel]) -> None:
        """Keep what could not be sent, and try one alone: it may be the fault of only one of them."""
        self._size = 1
        if len(parcels) > 1:
            self._waiting.extendleft(reversed(parcels))
            return
        (parcel,) = parcels
        if parcel.failed_at is None or parcel.failed_at == self._sent:
            parcel.failed_at = self._sent
            self._waiting.append(parcel)
        # Else others got through since, so the engine is there and does not take this one: left to a later sweep.

    def _rest(self, reason: str) -> None:
        logger.error("%s; again in %g s", reason, self._pause)
        self._ending.wait(self._pause)
        self._pause = min(2 * self._pause, PAUSES[1])
