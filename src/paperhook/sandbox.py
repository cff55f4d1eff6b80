"""A child process that may be killed: what reads strangers' documents runs in there, never here.

Requests and answers are single messages over pipes, each 8 bytes of length (big-endian) and that many bytes.
The child starts without our environment's secrets, limits its own memory where the system lets it, and ends
when the pipe does. The parent keeps the time and watches the memory.
"""

from __future__ import annotations

import contextlib
import os
import queue
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import BinaryIO

#: Variables the child needs to start; everything else may hold secrets and stays here.
KEPT_VARIABLES = (
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "VIRTUAL_ENV",
    "COVERAGE_PROCESS_CONFIG",
    "COVERAGE_PROCESS_START",
)
#: s between two looks at the child's memory.
WATCH = 0.05
#: s an idle process may take to end by itself.
FAREWELL = 2.0
#: s a new process may take to import its libraries, on a slow machine.
STARTUP = 60.0

_LENGTH = struct.Struct(">Q")


class SandboxFailed(Exception):
    """The child gave no answer; `reason` is ``timeout``, ``out_of_memory`` or ``crashed``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Sandbox:
    """One child process, started when first needed, replaced after it failed. Not thread-safe: callers lock."""

    def __init__(self, module: str, *, memory_bytes: int) -> None:
        self._module = module
        self._memory_bytes = memory_bytes
        self._child: _Child | None = None

    @property
    def process_id(self) -> int | None:
        """Of the child; None while there is none."""
        return self._child.process.pid if self._child else None

    def start(self) -> None:
        """Start the child and wait until it has loaded its libraries.

        Raises:
            SandboxFailed: If it ends or stays silent instead.
        """
        self._running()

    def call(self, request: bytes, *, seconds: float) -> bytes:
        """Send a request and wait for its answer.

        Raises:
            SandboxFailed: If there is no answer within the time; the child has been ended then.
        """
        child = self._running()
        with self._ended_unless_answered(child):
            # A child that does not read must not keep us waiting beyond the limit, so another thread writes.
            threading.Thread(target=_send_quietly, args=(child.requests, request), daemon=True).start()
            return self._answer(child, seconds)

    def close(self) -> None:
        """End the child, which must be idle: it gets a moment to end by itself."""
        child, self._child = self._child, None
        if child is not None:
            child.hang_up()
            child.kill()

    def _running(self) -> _Child:
        if self._child is not None and self._child.process.poll() is None:
            return self._child
        self.close()
        self._child = child = _Child(self._module, self._memory_bytes)
        with self._ended_unless_answered(child):
            self._answer(child, STARTUP)
        return child

    @contextlib.contextmanager
    def _ended_unless_answered(self, child: _Child) -> Generator[None]:
        """End a child whose answer nobody waited for: it would be taken for that to the next request."""
        try:
            yield
        except BaseException:
            self._child = None
            child.kill()
            raise

    def _answer(self, child: _Child, seconds: float) -> bytes:
        deadline = time.monotonic() + seconds
        peak = 0
        while (left := deadline - time.monotonic()) > 0:
            try:
                answer = child.answers.get(timeout=min(left, WATCH))
            except queue.Empty:
                peak = max(peak, _resident_bytes(child.process.pid))
                if peak <= self._memory_bytes:
                    continue
                raise SandboxFailed("out_of_memory") from None
            if answer is not None:
                return answer
            # A library that is refused memory often ends the process itself instead of reporting it.
            raise SandboxFailed("out_of_memory" if peak > 0.8 * self._memory_bytes else "crashed")
        raise SandboxFailed("timeout")


class _Child:
    """A running process with its pipes, and a thread that collects its answers."""

    def __init__(self, module: str, memory_bytes: int) -> None:
        # Pipes of our own: `Popen` types its own as possibly absent.
        requests, self.requests = _pipe()
        answered, answers = _pipe()
        command = [sys.executable, "-P", "-m", module, str(memory_bytes)]
        self.process = subprocess.Popen(  # noqa: S603 - the command is ours, no word of it comes from outside
            command, stdin=requests, stdout=answers, stderr=subprocess.DEVNULL, env=_environment()
        )
        requests.close()
        answers.close()
        self.answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        # What a process may not hold it cannot answer either; one that was taken over may claim anything.
        told = (answered, self.answers, memory_bytes)
        self._collector = threading.Thread(target=_collect, args=told, daemon=True)
        self._collector.start()

    def hang_up(self) -> None:
        """Close the pipe of an idle process, and wait for it to notice."""
        with contextlib.suppress(OSError):
            self.requests.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=FAREWELL)

    def kill(self) -> None:
        """Kill the process if it is still there; its pipe then ends, and so does the collector."""
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            self.requests.close()
        self._collector.join(timeout=5)


def serve(answer: Callable[[bytes], bytes]) -> None:
    """Answer requests until the pipe closes: the child's whole life.

    The first message is empty and means "ready". Whatever libraries print goes nowhere.
    """
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    limit_memory(int(sys.argv[1]))
    send(answers, b"")
    while (request := receive(requests)) is not None:
        send(answers, answer(request))


def limit_memory(size_bytes: int) -> bool:
    """Limit what this process may allocate; tell whether the system can (Windows cannot)."""
    try:
        import resource
    except ImportError:
        return False
    try:
        # Data, not address space: libraries reserve far more addresses than they ever fill.
        resource.setrlimit(resource.RLIMIT_DATA, (size_bytes, size_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ValueError, OSError):  # pragma: no cover - only where a lower limit is already set
        return False
    return True


def send(pipe: BinaryIO, message: bytes) -> None:
    """Write one message."""
    pipe.write(_LENGTH.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def receive(pipe: BinaryIO, *, most_bytes: int = sys.maxsize) -> bytes | None:
    """Read one message; None when the pipe ends before or within it, or it claims to be longer than `most_bytes`."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    if size > most_bytes:
        return None
    message = pipe.read(size)
    return message if len(message) == size else None


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    # The child imports what we import, wherever our parent put it; it never looks in the working directory.
    kept["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parents[1]), *(path for path in sys.path if path)]
    )
    kept["PYTHONIOENCODING"] = "utf-8"
    # One thread each: numerical libraries would otherwise take every core for one page.
    kept["OMP_NUM_THREADS"] = kept["OPENBLAS_NUM_THREADS"] = "2"
    return kept


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    """The reading and the writing end of a new pipe."""
    read_end, write_end = os.pipe()
    return os.fdopen(read_end, "rb"), os.fdopen(write_end, "wb")


def _collect(pipe: BinaryIO, answers: queue.SimpleQueue[bytes | None], most_bytes: int) -> None:
    with pipe, contextlib.suppress(OSError, ValueError, MemoryError):
        while (message := receive(pipe, most_bytes=most_bytes)) is not None:
            answers.put(message)
    answers.put(None)


def _send_quietly(pipe: BinaryIO, message: bytes) -> None:
    # A child that died meanwhile is noticed by its missing answer.
    with contextlib.suppress(OSError, ValueError):
        send(pipe, message)


def _resident_bytes(process_id: int) -> int:
    """The child's memory; 0 where the system has no /proc."""
    try:
        pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0
