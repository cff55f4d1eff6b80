"""`python -m tests.fuzz --runs 1000000 --seconds 300`: with atheris where it is installed, else with random bytes."""

from __future__ import annotations

import argparse
import collections
import random
import sys
import tempfile
import time
from pathlib import Path


def guided(runs: int, seconds: int) -> None:
    """Let atheris choose bytes by the branches that they reach; it ends the process, with another status than 0 for a finding."""
    import atheris

    with atheris.instrument_imports(include=["paperhook"]):
        from tests.fuzz import deliveries

    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(deliveries.seeds()):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        limits = [
            f"-runs={runs}",
            f"-max_total_time={seconds}",
            "-max_len=512",
            "-rss_limit_mb=2048",
            "-timeout=10",
        ]
        atheris.Setup([sys.argv[0], *limits, folder], deliveries.deliver)
        atheris.Fuzz()


def unguided(runs: int, seconds: int, seed: int) -> None:
    """Choose bytes at random; the seed is told, so that a finding can be repeated."""
    from tests.fuzz import deliveries

    chance, end = random.Random(seed), time.monotonic() + seconds
    outcomes: collections.Counter[str] = collections.Counter()
    print(f"fuzz: seed {seed}, at most {runs} deliveries and {seconds} s")
    for number in range(runs):
        content = chance.randbytes(chance.choice((8, 16, 32, 64, 256)))
        try:
            outcomes[deliveries.deliver(content)] += 1
        except BaseException:
            print(f"fuzz: delivery {number}: {content.hex()}", file=sys.stderr)
            raise
        if number % 1000 == 0 and time.monotonic() > end:
            break
    print(f"fuzz: {sum(outcomes.values())} deliveries: {dict(outcomes.most_common())}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument(
        "--seed", type=int, default=None, help="random bytes, also where atheris is installed"
    )
    asked = parser.parse_args()
    try:
        import atheris  # noqa: F401 - whether it is there
    except ImportError:
        asked.seed = random.randrange(2**32) if asked.seed is None else asked.seed
    if asked.seed is None:
        guided(asked.runs, asked.seconds)
    else:
        unguided(asked.runs, asked.seconds, asked.seed)


if __name__ == "__main__":
    main()
