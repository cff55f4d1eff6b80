"""Print every comparison as a table; `--quick` takes a tenth of the events."""

from __future__ import annotations

import argparse
import platform
import statistics
from collections.abc import Mapping

from . import importing, receiving, sharing, storing, verifying


def table(title: str, unit: str, figures: Mapping[str, float], *, one: str) -> None:
    """Print figures and their ratio to one of them."""
    print(f"\n{title}")
    print(f"  {'':<44}{unit:>14}{'ratio':>9}")
    for name, figure in figures.items():
        print(f"  {name:<44}{figure:>14,.1f}{figure / figures[one]:>9.2f}")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench")
    options.add_argument("--quick", action="store_true", help="a tenth of the events")
    scale = 1 if options.parse_args().quick else 10
    print(f"Python {platform.python_version()}, {platform.system()}; ratios are within one table")

    table("Import", "ms", importing.measure(), one="httpx")
    table("One delivery of 1.5 KB", "us", verifying.measure(), one="one-shot HMAC and compare")

    pairs = [(storing.put_alone(200 * scale), storing.put_together(1000 * scale)) for _ in range(3)]
    figures = {
        "a commit for each event": statistics.median(alone for alone, _ in pairs),
        "commits shared by 64 callers": statistics.median(together for _, together in pairs),
    }
    table("SqliteInbox, 64 callers", "events/s", figures, one="a commit for each event")

    rates = sharing.puts(1000 * scale)
    figures = {
        "a commit for each event": rates["alone"],
        "commits shared by 64 callers": rates["together"],
        "one caller that waits at the end": rates["queued"],
    }
    table("PostgresInbox, puts", "events/s", figures, one="a commit for each event")
    figures = {
        f"batches of {batch}": sharing.claimed_and_done(1000 * scale, batch=batch) for batch in (10, 100)
    }
    table("PostgresInbox, leased and done by 4 processes", "events/s", figures, one="batches of 10")
    table("PostgresInbox, from put to another's wake-up", "ms", sharing.woken(20 * scale), one="median")

    rate = statistics.median(storing.acknowledged_and_done(1000 * scale) for _ in range(3))
    whole = {"acknowledged, handled and done": rate}
    table("Embedded worker, 16 in flight", "events/s", whole, one="acknowledged, handled and done")

    rates = receiving.measure(rounds=3, count=1000 * scale)
    named = {
        "bare Starlette endpoint, stores nothing": rates["bare"],
        "the provider's FastAPI sample, stores nothing": rates["sample"],
        "paperhook, stored before the answer": rates["durable"],
        "paperhook, and handlers in the same process": rates["embedded"],
    }
    table(
        "uvicorn, 64 connections, 1.5 KB", "requests/s", named, one="bare Starlette endpoint, stores nothing"
    )


if __name__ == "__main__":
    main()
