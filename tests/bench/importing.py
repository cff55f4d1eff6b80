"""Import times, each in new processes, as a multiple of `import httpx`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

PROGRAMS = {
    "httpx": "import httpx",
    "paperhook": "import paperhook",
    "paperhook.Client": "from paperhook import Client",
    "paperhook.Webhooks": "from paperhook import Webhooks",
    "paperhook.providers.DocuParse": "from paperhook.providers import DocuParse",
}


def measure(*, rounds: int = 9) -> dict[str, float]:
    """Give the median milliseconds of each import, without the interpreter's own start."""
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(rounds):
        for name, program in PROGRAMS.items():
            timed = f"import time; t = time.perf_counter(); {program}; print(time.perf_counter() - t)"
            done = run_as_installed(timed)
            times[name].append(float(done.stdout) * 1000)
    return {name: statistics.median(each) for name, each in times.items()}


def run_as_installed(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program as a user does, whose interpreter compiles each module once and keeps it."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=kept)
