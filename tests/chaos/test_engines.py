"""Every engine, its workers killed at random while events arrive: nothing is lost, nothing is completed twice."""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from dataclasses import replace

import pytest

from paperhook.inbox import Filter, State

from ..contracts.test_carriers import ENGINES, Running, forgotten, mark_of, setting_of, wait_until
from ..engines import install

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9"),
    # What celery, kombu and the others warn about is theirs.
    pytest.mark.filterwarnings("default"),
]

EVENTS, KILLS = int(os.environ.get("CHAOS_EVENTS", "1000")), int(os.environ.get("CHAOS_KILLS", "12"))


@pytest.mark.parametrize("engine", ENGINES)
def test_killed_workers_lose_nothing_and_complete_nothing_twice(engine, tmp_path) -> None:
    seed = int(os.environ.get("CHAOS_SEED", time.time_ns() % 2**32))
    chance = random.Random(seed)
    setting = replace(setting_of(engine, tmp_path), lease=1.0, resend_after=3.0)
    install(setting)
    with forgotten(setting):
        running = Running(setting)
        try:
            for _ in range(3):
                running.start_worker()
            keys: list[str] = []
            for _ in range(KILLS):
                keys += [running.deliver(mark_of("chaos")) for _ in range(EVENTS // KILLS)]
                time.sleep(chance.random() * 0.8)
                victim = chance.choice([each for each in running.workers if each.poll() is None])
                running.kill(victim.pid)
                running.start_worker()
            wait_until(lambda: running.hooks.inbox.stats().result().done == len(keys), running.told, 120)
        finally:
            running.close()

    # A new look at what is on disk.
    inbox = Running(setting).hooks.inbox
    rows = inbox.rows(Filter(), limit=len(keys) + 1).result()
    stats = inbox.stats().result()
    inbox.close()
    told = f"seed {seed}"
    assert sorted(row.entry.key for row in rows) == sorted(keys), told
    assert {row.state for row in rows} == {State.DONE}, told
    assert (stats.done, stats.duplicates) == (len(keys), 0), told
    # Recorded once: a run that was cut off left nothing behind.
    assert {row.outcomes["book"].attempts for row in rows} == {1}, told
    begun = Counter(words[1] for words in setting.noted("begin"))
    assert set(begun) == set(keys), told
    assert all(begun[row.entry.key] <= row.claims for row in rows), told
