"""The courier: keys leave soon, in the order in which they came, and none is missed."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from paperhook.carriers import courier as module
from paperhook.carriers.base import CallableCarrier, Carrier
from paperhook.carriers.courier import MAX_KEYS, MAX_WAITING, Courier
from paperhook.errors import InboxUnavailable
from paperhook.inbox import Entry, Inbox, MemoryInbox, SqliteInbox

Key = tuple[str, str]


class Engine:
    """Takes keys, or refuses."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.refuses: Callable[[list[str]], bool] = lambda keys: False
        self.refused = 0
        self.closed = 0

    @property
    def taken(self) -> list[str]:
        return [key for call in self.calls for key in call]

    def attach(self, hooks: object) -> None:
        raise AssertionError("the courier attaches nothing")

    def carry(self, keys: Sequence[Key]) -> None:
        names = [key for _, key in keys]
        if self.refuses(names):
            self.refused += 1
            raise ConnectionError("amqp://user:password@broker")
        self.calls.append(names)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    opened = MemoryInbox()
    yield opened
    opened.close()


@pytest.fixture
def courier(inbox: Inbox, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Courier]:
    monkeypatch.setattr(module, "PAUSES", (0.01, 0.05))
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.02)
    made = Courier(inbox, engine, patience=30)
    yield made
    made.stop()


def keys(*names: str) -> list[Key]:
    return [("docuparse", name) for name in names]


def put(inbox: Inbox, *names: str, age: float = 60) -> None:
    received_at = time.time() - age
    inbox.put([Entry("docuparse", name, "t", b"", received_at=received_at) for name in names]).result()


def wait_until(condition: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < 10, "it did not happen in time"
        time.sleep(0.005)


def test_a_carrier_satisfies_the_protocol(engine: Engine) -> None:
    carriers: list[Carrier] = [engine, CallableCarrier(engine.carry)]

    for carrier in carriers:
        carrier.carry(keys("e1"))
        carrier.close()

    assert engine.taken == ["e1", "e1"]


def test_keys_are_sent_in_the_order_in_which_they_came(courier: Courier, engine: Engine) -> None:
    for number in range(50):
        courier.post(keys(f"e{number}"))

    wait_until(lambda: len(engine.taken) == 50)
    assert engine.taken == [f"e{number}" for number in range(50)]


def test_no_call_carries_more_than_a_bounded_number(courier: Courier, engine: Engine) -> None:
    courier.post(keys(*[f"e{number}" for number in range(3 * MAX_KEYS)]))

    wait_until(lambda: len(engine.taken) == 3 * MAX_KEYS)
    assert max(map(len, engine.calls)) == MAX_KEYS


def test_what_a_full_courier_cannot_take_is_left_to_the_sweep(courier: Courier, engine: Engine) -> None:
    engine.refuses = lambda keys: True
    courier.post(keys(*[f"e{number}" for number in range(MAX_WAITING + 5)]))
    wait_until(lambda: engine.refused > 0)

    courier.post(keys("late"))
    engine.refuses = lambda keys: False

    wait_until(lambda: len(engine.taken) == MAX_WAITING)
    courier.stop()
    assert "late" not in engine.taken


def test_an_engine_that_is_away_is_asked_again_and_gets_everything(
    courier: Courier, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.refuses = lambda keys: True
    courier.post(keys("e1", "e2", "e3"))
    wait_until(lambda: engine.refused >= 3)

    engine.refuses = lambda keys: False

    wait_until(lambda: len(engine.taken) == 3)
    assert sorted(engine.taken) == ["e1", "e2", "e3"]
    assert "ConnectionError" in caplog.text
    assert "password" not in caplog.text


def test_one_that_the_engine_never_takes_does_not_keep_back_the_others(
    courier: Courier, engine: Engine
) -> None:
    engine.refuses = lambda keys: "poison" in keys

    courier.post(keys("poison", "e1", "e2"))

    wait_until(lambda: sorted(engine.taken) == ["e1", "e2"])
    # Others got through, so it is not asked for ever.
    wait_until(lambda: not courier._waiting)
    refused = engine.refused
    time.sleep(0.1)
    assert engine.refused == refused


def test_what_nobody_sent_is_swept(courier: Courier, engine: Engine, inbox: Inbox) -> None:
    put(inbox, "old")
    put(inbox, "young", age=1)

    courier.start()

    wait_until(lambda: engine.taken == ["old"])
    time.sleep(0.1)
    assert engine.taken == ["old"]


def test_keys_that_never_stop_coming_do_not_keep_what_is_due_from_being_swept(
    courier: Courier, engine: Engine, inbox: Inbox
) -> None:
    put(inbox, "old")

    def post_another(names: list[str]) -> bool:
        if "old" not in names and len(engine.calls) < 2000:
            # So that one waits whenever the courier looks.
            courier.post(keys("new"))
            time.sleep(0.001)
        return False

    engine.refuses = post_another
    courier.post(keys("first"))

    wait_until(lambda: "old" in engine.taken)
    assert len(engine.calls) < 2000


def test_an_engine_that_is_away_is_not_heaped_with_what_is_due(
    courier: Courier, engine: Engine, inbox: Inbox
) -> None:
    engine.refuses = lambda keys: True
    courier.post(keys("first"))
    wait_until(lambda: engine.refused >= 2)
    put(inbox, "old")

    wait_until(lambda: engine.refused >= 5)

    assert [parcel.key[1] for parcel in list(courier._waiting)] in ([], ["first"])


def test_a_sweep_by_hand_sends_all_that_is_due(inbox: Inbox, engine: Engine) -> None:
    put(inbox, *[f"e{number}" for number in range(2 * MAX_KEYS + 1)])
    courier = Courier(inbox, engine, patience=30)

    assert courier.sweep() == 2 * MAX_KEYS + 1
    assert courier.sweep() == 0
    assert len(set(engine.taken)) == 2 * MAX_KEYS + 1


def test_a_sweep_by_hand_says_that_the_engine_is_away(inbox: Inbox, engine: Engine) -> None:
    put(inbox, "e1")
    engine.refuses = lambda keys: True

    with pytest.raises(ConnectionError):
        Courier(inbox, engine, patience=30).sweep()


@pytest.mark.parametrize(
    ("error", "said"),
    [(InboxUnavailable("the store is away"), "the store is away"), (OSError("IBAN DE89"), "OSError")],
)
def test_a_store_that_is_away_does_not_end_the_courier(
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    said: str,
) -> None:
    monkeypatch.setattr(module, "PAUSES", (0.01, 0.05))
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.01)

    class Away(MemoryInbox):
        is_away = True

        def hand_over(self, **asked: float):  # type: ignore[override]
            if self.is_away:
                raise error
            return super().hand_over(**asked)

    inbox = Away()
    put(inbox, "e1")
    courier = Courier(inbox, engine, patience=30)
    courier.start()
    wait_until(lambda: caplog.text.count(said) >= 2)
    assert "IBAN" not in caplog.text

    inbox.is_away = False

    wait_until(lambda: engine.taken == ["e1"])
    courier.stop()


def test_stopping_sends_what_waits(courier: Courier, engine: Engine) -> None:
    is_free = threading.Event()
    engine.refuses = lambda keys: not is_free.wait(5)
    courier.post(keys("e1"))
    wait_until(lambda: not courier._waiting)
    courier.post(keys("e2", "e3"))

    threading.Timer(0.1, is_free.set).start()
    courier.stop()

    assert engine.taken == ["e1", "e2", "e3"]
    assert engine.closed == 1


def test_stopping_does_not_wait_for_an_engine_that_is_away(courier: Courier, engine: Engine) -> None:
    engine.refuses = lambda keys: True
    courier.post(keys(*[f"e{number}" for number in range(100)]))
    began = time.monotonic()

    courier.stop()

    assert time.monotonic() - began < 2
    assert engine.taken == []


def test_a_courier_that_was_stopped_starts_again_with_the_next_key(courier: Courier, engine: Engine) -> None:
    courier.stop()
    courier.post(keys("e1"))
    courier.start()

    wait_until(lambda: engine.taken == ["e1"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_a_courier_of_its_own(tmp_path, engine: Engine) -> None:
    inbox = SqliteInbox(tmp_path / "inbox.db")
    courier = Courier(inbox, engine, patience=30)
    courier.post(keys("e1"))
    wait_until(lambda: engine.taken == ["e1"])

    pid = os.fork()
    if pid == 0:
        # Nothing of the parent's thread is here; only a new one sends.
        courier.post(keys("child"))
        began = time.monotonic()
        while "child" not in engine.taken and time.monotonic() - began < 5:
            time.sleep(0.01)
        os._exit(0 if "child" in engine.taken else 1)

    _, status = os.waitpid(pid, 0)
    courier.stop()
    inbox.close()
    assert os.waitstatus_to_exitcode(status) == 0
    assert engine.taken == ["e1"]


def test_it_logs_under_the_name_of_the_package(
    courier: Courier, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.refuses = lambda keys: True
    courier.post(keys("e1"))

    wait_until(lambda: bool(caplog.records))
    assert {(each.name, each.levelno) for each in caplog.records} == {("paperhook", logging.ERROR)}
