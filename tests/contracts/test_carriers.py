"""One suite for every engine: real servers, a receiver here, two workers in two processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from paperhook.inbox import Filter, State

from .. import postgres
from ..brokers import Gate, broker
from ..conftest import REPOSITORY
from ..engines import Application, Setting, deliver, environment_of, install, make

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9"),
    # What celery, kombu and the others warn about is theirs.
    pytest.mark.filterwarnings("default"),
]

BROKERS = {"callable": "redis", "celery-redis": "redis", "celery-rabbitmq": "rabbitmq"}
#: `claims` is our own claim loop, with nobody who carries anything.
ENGINES = ("callable", "celery-redis", "celery-rabbitmq", "procrastinate", "pgqueuer", "claims")
#: Seconds for what should take less than one.
PATIENCE = 20.0


class Running:
    """An engine with its workers."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.workers: list[subprocess.Popen[bytes]] = []
        self.application: Application = make(setting)
        self.hooks = self.application.hooks

    def start_worker(self) -> None:
        with (Path(self.setting.notes).parent / f"worker-{len(self.workers)}.log").open("wb") as log:
            self.workers.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.engines"],
                    cwd=REPOSITORY,
                    env=environment_of(self.setting),
                    stdout=log,
                    stderr=log,
                )
            )

    def kill(self, pid: int) -> None:
        (worker,) = (each for each in self.workers if each.pid == pid)
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    def deliver(self, mark: str) -> str:
        return f"document.completed:doc_{deliver(self.hooks, mark)}"

    def noted(self, word: str, key: str) -> list[list[str]]:
        return [words for words in self.setting.noted(word) if words[1] == key]

    def state_of(self, key: str) -> State | None:
        rows = self.hooks.inbox.rows(Filter(key=key)).result()
        return rows[0].state if rows else None

    def wait_until_done(self, *keys: str) -> None:
        wait_until(lambda: all(self.state_of(key) is State.DONE for key in keys), self.told)

    def told(self) -> str:
        logs = Path(self.setting.notes).parent.glob("*.log")
        notes = Path(self.setting.notes)
        return "\n".join(
            [*(log.read_text()[-3000:] for log in logs), notes.read_text() if notes.exists() else ""]
        )

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.hooks.close()


def wait_until(condition: Callable[[], bool], told: Callable[[], str], seconds: float = PATIENCE) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"it did not happen in time\n{told()}"
        time.sleep(0.02)


def setting_of(engine: str, folder: Path) -> Setting:
    """Choose the stores: our own claim loop and what lives in PostgreSQL use that, the others a file."""
    queue = f"carried_{uuid.uuid4().hex[:12]}"
    notes = str(folder / "notes")
    if engine in BROKERS:
        return Setting(engine, f"sqlite:///{folder / 'inbox.db'}", broker(BROKERS[engine]), queue, notes)
    schema = postgres.address()
    return Setting(engine, schema, schema, queue, notes)


@contextmanager
def forgotten(setting: Setting) -> Iterator[None]:
    """Leave nothing on a broker that belongs to somebody else."""
    yield
    if setting.engine in ("callable", "celery-redis"):
        import redis

        with redis.Redis.from_url(setting.broker) as client:
            for key in client.scan_iter(match=f"{setting.queue}*"):
                client.delete(key)


@pytest.fixture(scope="module", params=ENGINES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    setting = setting_of(request.param, tmp_path_factory.mktemp(request.param))
    install(setting)
    with forgotten(setting), ExitStack() as stack:
        started = Running(setting)
        stack.callback(started.close)
        for _ in range(2):
            started.start_worker()
        # They are there when the first event is done; imports take a while.
        started.wait_until_done(started.deliver("first"))
        yield started


def mark_of(word: str) -> str:
    return f"{word}-{uuid.uuid4().hex[:8]}"


def test_what_is_carried_once_is_handled_once(running: Running) -> None:
    began = time.monotonic()

    keys = [running.deliver(mark_of("once")) for _ in range(30)]
    running.wait_until_done(*keys)

    # Long before anything is sent again.
    assert time.monotonic() - began < running.setting.resend_after / 2
    assert [len(running.noted("begin", key)) for key in keys] == [1] * len(keys)
    rows = [running.hooks.inbox.rows(Filter(key=key)).result()[0] for key in keys]
    assert {row.claims for row in rows} == {1}


def test_a_message_that_comes_again_does_not_run_a_completed_handler(running: Running) -> None:
    key = running.deliver(mark_of("again"))
    running.wait_until_done(key)

    if running.setting.engine == "claims":
        # Nobody sends messages here; the provider may.
        running.deliver(key.removeprefix("document.completed:doc_"))
        assert running.hooks.run("docuparse", key) is State.DONE
    else:
        courier = running.hooks._courier
        assert courier is not None
        courier.post([("docuparse", key)] * 5)
        wait_until(lambda: len(running.noted("asked", key)) == 6, running.told)

    assert len(running.noted("begin", key)) == 1
    assert running.hooks.inbox.rows(Filter(key=key)).result()[0].claims == 1


def test_an_event_that_failed_runs_again_when_it_is_due(running: Running) -> None:
    key = running.deliver(mark_of("later"))

    running.wait_until_done(key)

    first, second = [float(words[3]) for words in running.noted("begin", key)]
    assert second - first >= 0.5


def test_an_event_goes_on_after_its_worker_was_killed_in_the_handler(running: Running) -> None:
    waits = []
    for _ in range(3):
        key = running.deliver(mark_of("kill"))
        wait_until(lambda key=key: bool(running.noted("begin", key)), running.told)
        running.kill(int(running.noted("begin", key)[0][2]))
        killed = time.time()
        running.wait_until_done(key)
        running.start_worker()
        assert len(running.noted("begin", key)) == 2
        waits.append(float(running.noted("end", key)[0][3]) - killed)
        # On a machine that does much else, once more.
        if waits[-1] <= running.setting.lease + 1:
            return
    raise AssertionError(f"it took {waits} s, and the lease is {running.setting.lease} s\n{running.told()}")


def test_a_broker_that_is_away_delays_and_loses_nothing(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    if running.setting.engine == "claims":
        pytest.skip("there is no broker")
    with ExitStack() as stack:
        gate = gate_of(running.setting.broker)
        broker_away = through(running.setting.broker, gate)
        receiver = make(replace(running.setting, broker=broker_away, is_same_database=False))
        stack.callback(gate.close)
        stack.callback(receiver.hooks.close)
        began = time.monotonic()

        key = f"document.completed:doc_{deliver(receiver.hooks, mark_of('away'))}"

        # The acknowledgement did not wait for the broker.
        assert time.monotonic() - began < 1
        wait_until(lambda: "could not be given to the engine" in caplog.text, running.told)
        assert running.state_of(key) is State.PENDING
        gate.open()
        running.wait_until_done(key)
        assert len(running.noted("begin", key)) == 1


def gate_of(address: str) -> Gate:
    if "://" in address:
        return Gate(address)
    words = conninfo_to_dict(address)
    host, port = str(words.get("host", "")), words.get("port") or 5432
    # The one from the wheel has a socket and no port.
    if host.startswith("/"):
        return Gate("postgresql://localhost", path=f"{host}/.s.PGSQL.{port}")
    return Gate(f"postgresql://{host}:{port}")


def through(address: str, gate: Gate) -> str:
    if "://" in address:
        return gate.url
    return make_conninfo(address, host="127.0.0.1", port=gate.url.rpartition(":")[2])
