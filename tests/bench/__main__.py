"""Print every comparison as a table; `--quick` takes a tenth of the events."""

from __future__ import annotations

import argparse
import platform
import statistics
from collections.abc import Mapping

from . import calling, engines, importing, peers, reading, receiving, sharing, storing, verifying


def table(title: str, unit: str, figures: Mapping[str, float], *, one: str) -> None:
    """Print figures and their ratio to one of them."""
    print(f"\n{title}")
    print(f"  {'':<44}{unit:>14}{'ratio':>9}")
    for name, figure in figures.items():
        print(f"  {name:<44}{figure:>14,.1f}{figure / figures[one]:>9.2f}")


def calls(scale: int) -> None:
    """Print what the client costs beside bare httpx."""
    figures = calling.first_client(rounds=9)
    table("Import and first client, CPU", "ms", figures, one="five dependencies and httpx.Client()")
    figures = calling.status_calls(rounds=9, count=50 * scale)
    for one, ours in (("httpx", "Client"), ("httpx, async", "AsyncClient")):
        table("One status call, CPU", "us", {name: figures[name] for name in (one, ours)}, one=one)
    figures = calling.many(rounds=5, count=200 * scale)
    for one, ours in (
        ("httpx and a semaphore", "AsyncClient.upload_many"),
        ("httpx and a thread pool", "Client.upload_many"),
    ):
        table(
            "Many of 20 kB, 8 at once", "documents/s", {name: figures[name] for name in (one, ours)}, one=one
        )
    sent = calling.large_uploads(rounds=3, size_bytes=(1 << 30) // 10 * scale)
    for kind in calling.KINDS:
        of_kind = {name: each for name, each in sent.items() if name.endswith(f" {kind}")}
        rates = {name: each["MiB/s"] for name, each in of_kind.items()}
        table("One large file", "MiB/s", rates, one=f"httpx {kind}")
        for name, each in of_kind.items():
            print(
                f"  {name:<44}{each['MiB more']:>10.1f} MiB more{each['ms stalled']:>8.1f} ms stalled at most"
            )


def deliveries() -> None:
    """Print what checking a delivery costs beside others' packages, and what refusing a large one does."""
    for size in peers.SIZES:
        table(f"Checking one delivery of {size}, CPU", "us", peers.verifying(size), one=peers.FLOOR)
    table("Checked and made an event, 1.5 KB, CPU", "us", peers.parsing("1.5 KB"), one=peers.FLOOR)
    table("Memory while 200 MB arrive from a stranger", "MiB", peers.refusing(), one="the cap")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench")
    options.add_argument("--quick", action="store_true", help="a tenth of the events")
    scale = 1 if options.parse_args().quick else 10
    print(f"Python {platform.python_version()}, {platform.system()}; ratios are within one table")

    table("Import", "ms", importing.measure(), one="httpx")
    table("One page of text read", "ms", reading.digital(rounds=9), one="pypdfium2, the text alone")
    table("One scanned page read", "ms", reading.scanned(rounds=3), one="rapidocr as it comes")
    calls(scale)
    deliveries()
    table("One delivery of 1.5 KB", "us", verifying.measure(), one="one-shot HMAC and compare")

    pairs = [(storing.put_alone(200 * scale), storing.put_together(1000 * scale)) for _ in range(3)]
    figures = {
        "a commit for each event": statistics.median(alone for alone, _ in pairs),
        "commits shared by 64 callers": statistics.median(together for _, together in pairs),
    }
    table("SqliteInbox, 64 callers", "events/s", figures, one="a commit for each event")
    table("SqliteInbox, 64 callers, one put", "ms", storing.put_milliseconds(5000 * scale), one="median")

    rates = sharing.puts(1000 * scale)
    figures = {
        "a commit for each event": rates["alone"],
        "commits shared by 64 callers": rates["together"],
        "one caller that waits at the end": rates["queued"],
    }
    table("PostgresInbox, puts", "events/s", figures, one="a commit for each event")
    figures = {
        f"batches of {batch}": sharing.claimed_and_done(4000 * scale, batch=batch) for batch in (10, 100)
    }
    table("PostgresInbox, leased and done by 4 processes", "events/s", figures, one="batches of 10")
    rates = engines.measure(rounds=3, count=400 * scale)
    figures = {
        "procrastinate, jobs of one number": rates["procrastinate"],
        "paperhook, deliveries of 1.5 KB": rates["paperhook"],
    }
    title = f"PostgreSQL, completed by {engines.WORKERS} processes with {engines.CONCURRENCY} at once each"
    table(title, "jobs/s", figures, one="procrastinate, jobs of one number")
    table("PostgresInbox, from put to another's wake-up", "ms", sharing.woken(20 * scale), one="median")

    whole = {
        f"{in_flight} in flight": statistics.median(
            storing.acknowledged_and_done(2000 * scale, in_flight=in_flight) for _ in range(5)
        )
        for in_flight in (16, storing.CALLERS)
    }
    table("Embedded worker, acknowledged, handled and done", "events/s", whole, one="16 in flight")

    for words, name in (("on the loop", "slow"), ("in threads", "slow_in_threads")):
        title = f"Acknowledged at 200 requests/s, handlers of 5 s {words}"
        table(title, "ms", receiving.paced(name), one="median")

    rates = receiving.measure(rounds=5, count=2000 * scale)
    named = {
        "bare Starlette endpoint, stores nothing": rates["bare"],
        "the provider's FastAPI sample, stores nothing": rates["sample"],
        "paperhook, checked and typed, stores nothing": rates["verified"],
        "paperhook, stored before the answer": rates["durable"],
        "paperhook, the same below a route of Starlette": rates["mounted"],
        "paperhook, and handlers in the same process": rates["embedded"],
        "paperhook, stored in PostgreSQL": rates["postgres"],
    }
    table(
        "uvicorn, 64 connections, 1.5 KB", "requests/s", named, one="bare Starlette endpoint, stores nothing"
    )


if __name__ == "__main__":
    main()
