"""One suite for whoever operates an inbox, in Python, on the command line and over HTTP, on every store."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from paperhook import Webhooks
from paperhook.inbox import Entry, Filter, Inbox, Outcome, State, open_inbox
from paperhook.inbox.operating import (
    audit_json,
    export,
    pages,
    purge_all,
    replay_all,
    survey_json,
    would_purge,
    would_replay,
)
from paperhook.inbox.surveying import survey
from tests import postgres
from tests.acme import acme

from ..cli.running import lines, run

TOKEN = "a-token-of-operators"
CONTENT = "Example Ltd"


class Surface(Protocol):
    """A way to operate an inbox; who asks is zoe."""

    def replay(self, *, dry_run: bool = False, **where: Any) -> list[int]: ...
    def purge(
        self, older_than: float, states: Sequence[str], *, redact: bool = False, dry_run: bool = False
    ) -> int: ...
    def export(self, *, body: bool = False, **where: Any) -> list[dict[str, Any]]: ...
    def audit(self) -> list[dict[str, Any]]: ...
    def stats(self) -> dict[str, Any]: ...


def filter_of(ids: Sequence[int] = (), job: str | None = None, **where: Any) -> Filter:
    states = tuple(State(each) for each in where.pop("state", ()))
    return Filter(ids=tuple(ids), job_id=job, states=states, **where)


class InPython:
    def __init__(self, inbox: Inbox, address: str) -> None:
        self.inbox = inbox

    def replay(self, *, dry_run: bool = False, **where: Any) -> list[int]:
        found = filter_of(**({} if where.get("ids") else {"state": ["dead"]}), **where)
        if dry_run:
            return sorted(row.id for row in pages(self.inbox, found) if would_replay(row))
        return [each for ids in replay_all(self.inbox, found, now=time.time(), by="zoe") for each in ids]

    def purge(
        self, older_than: float, states: Sequence[str], *, redact: bool = False, dry_run: bool = False
    ) -> int:
        now = time.time()
        found = Filter(states=tuple(map(State, states)), settled_until=now - older_than)
        if dry_run:
            return sum(would_purge(row, redact=redact) for row in pages(self.inbox, found))
        return sum(map(len, purge_all(self.inbox, found, now=now, by="zoe", redact=redact)))

    def export(self, *, body: bool = False, **where: Any) -> list[dict[str, Any]]:
        return [json.loads(line) for line in export(self.inbox, filter_of(**where), body=body)]

    def audit(self) -> list[dict[str, Any]]:
        return [audit_json(each) for each in self.inbox.audit().result()]

    def stats(self) -> dict[str, Any]:
        return survey_json(survey(self.inbox).result(), time.time())


class OnTheCommandLine:
    def __init__(self, inbox: Inbox, address: str) -> None:
        self.address = address

    def _run(self, command: str, *arguments: str) -> list[dict[str, Any]]:
        result = run("inbox", command, "--inbox", self.address, *arguments)
        told = lines(result)
        # It replays what it can of the ids that it is given, and exits with 1 where one is left.
        left = {each for each in arguments if each.isdecimal()} - {
            str(each) for each in (told or [{}])[0].get("replayed", ())
        }
        assert result.exit_code == (1 if command == "replay" and left else 0), result.output
        return told

    def _where(self, where: dict[str, Any]) -> list[str]:
        ids = [str(each) for each in where.pop("ids", ())]
        states = [word for each in where.pop("state", ()) for word in ("--state", each)]
        return [*ids, *states, *(word for name, each in where.items() for word in (f"--{name}", each))]

    def replay(self, *, dry_run: bool = False, **where: Any) -> list[int]:
        flags = ["--dry-run"] if dry_run else []
        [told] = self._run("replay", *self._where(where), *flags, "--by", "zoe", "--json")
        assert told["dry_run"] == dry_run
        found: list[int] = told["replayed"]
        return found

    def purge(
        self, older_than: float, states: Sequence[str], *, redact: bool = False, dry_run: bool = False
    ) -> int:
        flags = [*(["--redact"] if redact else []), *(["--dry-run"] if dry_run else [])]
        chosen = [word for each in states for word in ("--state", each)]
        [told] = self._run(
            "purge", "--older-than", f"{older_than:g}s", *chosen, *flags, "--by", "zoe", "--json"
        )
        count: int = told["redacted" if redact else "deleted"]
        return count

    def export(self, *, body: bool = False, **where: Any) -> list[dict[str, Any]]:
        return self._run("export", *self._where(where), *(["--body"] if body else []))

    def audit(self) -> list[dict[str, Any]]:
        return self._run("audit", "--json")

    def stats(self) -> dict[str, Any]:
        [told] = self._run("stats", "--json")
        return told


class OverHttp:
    def __init__(self, inbox: Inbox, address: str) -> None:
        hooks = Webhooks(acme(), inbox=inbox, worker="external")
        self.app = hooks.operators(token={"zoe": TOKEN})

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            headers = {"authorization": f"Bearer {TOKEN}"}
            async with httpx.AsyncClient(
                transport=transport, base_url="http://app", headers=headers
            ) as client:
                return await client.request(method, path, **options)

        answer = asyncio.run(ask())
        assert answer.status_code == 200, answer.text
        return answer

    def replay(self, *, dry_run: bool = False, **where: Any) -> list[int]:
        question = {**where, "dry_run": dry_run} if where else {"all": True, "dry_run": dry_run}
        found: list[int] = self._ask("POST", "/replay", json=question).json()["replayed"]
        return found

    def purge(
        self, older_than: float, states: Sequence[str], *, redact: bool = False, dry_run: bool = False
    ) -> int:
        question = {"older_than": older_than, "states": states, "redact": redact, "dry_run": dry_run}
        count: int = self._ask("POST", "/purge", json=question).json()["redacted" if redact else "deleted"]
        return count

    def export(self, *, body: bool = False, **where: Any) -> list[dict[str, Any]]:
        answer = self._ask("GET", "/export", params={**where, **({"body": "1"} if body else {})})
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line) for line in answer.text.splitlines()]

    def audit(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", "/audit").json()["audit"]
        return found

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = self._ask("GET", "/stats").json()
        return found


SURFACES: dict[str, Callable[[Inbox, str], Surface]] = {
    "python": InPython,
    "command line": OnTheCommandLine,
    "http": OverHttp,
}
ADDRESSES: dict[str, Callable[[Path], str]] = {
    "memory": lambda folder: "memory:",
    "sqlite": lambda folder: f"sqlite:///{folder}/inbox.db",
    "postgres": lambda folder: postgres.url(),
}
CASES = [
    (store, surface)
    for store in ADDRESSES
    for surface in SURFACES
    # Nobody reaches another process's memory.
    if (store, surface) != ("memory", "command line")
]


class Operated:
    """An inbox of six settled events, one that waits, and a way to operate it."""

    def __init__(self, store: str, surface: str, folder: Path) -> None:
        address = ADDRESSES[store](folder)
        self.inbox = open_inbox(address)
        self.surface = SURFACES[surface](self.inbox, address)
        body = json.dumps({"merchant": CONTENT}).encode()
        entries = [
            Entry("acme", f"e{n}", f"document.{word}", body, received_at=time.time() - 100, job_id=f"j{n}")
            for n, word in enumerate(["completed"] * 4 + ["failed"] * 2)
        ]
        self.inbox.put(entries).result()
        #: Settled an hour ago, and a minute ago.
        for n, (handler, state, age) in enumerate(
            [
                ("book", State.DEAD, 3600),
                ("book", State.DEAD, 60),
                ("mail", State.DEAD, 60),
                ("book", State.DONE, 3600),
                ("flag", State.DONE, 60),
                ("flag", State.DEAD, 60),
            ]
        ):
            held = self.inbox.claim_key("acme", f"e{n}", lease=60, now=time.time()).result()
            assert held is not None
            outcomes = [Outcome(handler, state, 3, "KeyError" if state is State.DEAD else "")]
            self.inbox.finish(held, outcomes, state=state, now=time.time() - age).result()
        self.inbox.put([Entry("acme", "e6", "document.completed", body, received_at=time.time())]).result()
        rows = self.inbox.rows().result()
        self.ids = {row.entry.key: row.id for row in rows}

    def states(self) -> dict[str, str]:
        return {row.entry.key: str(row.state) for row in self.inbox.rows().result()}

    def keys(self, ids: Sequence[int]) -> list[str]:
        names = {event_id: key for key, event_id in self.ids.items()}
        return sorted(names[each] for each in ids)


def named(case: tuple[str, str]) -> str:
    return f"{case[0]}, {case[1]}"


@pytest.fixture(params=CASES, ids=named)
def operated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Operated]:
    made = Operated(*request.param, tmp_path)
    yield made
    made.inbox.close()


@pytest.fixture(params=[case for case in CASES if case[0] == "sqlite" or case[1] == "python"], ids=named)
def touched(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Operated]:
    """For many filters: every store in one way, and one store in every way."""
    made = Operated(*request.param, tmp_path)
    yield made
    made.inbox.close()


@pytest.fixture(params=CASES, ids=named, scope="module")
def looked_at(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    """For who changes nothing."""
    made = Operated(*request.param, tmp_path_factory.mktemp("looked-at"))
    yield made
    made.inbox.close()


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ({}, ["e0", "e1", "e2", "e5"]),
        ({"handler": "book"}, ["e0", "e1"]),
        ({"type": "document.failed"}, ["e5"]),
        ({"type": "document.*", "provider": "acme"}, ["e0", "e1", "e2", "e5"]),
        ({"job": "j1"}, ["e1"]),
        ({"key": "e2"}, ["e2"]),
        ({"provider": "ocriva"}, []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_dead_events_are_replayed_by_filter_and_a_dry_run_says_which(
    touched: Operated, where: dict[str, Any], keys: list[str]
) -> None:
    before = touched.states()
    foretold = touched.surface.replay(dry_run=True, **where)
    unchanged = touched.states()

    replayed = touched.surface.replay(**where)

    assert unchanged == before
    assert touched.keys(foretold) == touched.keys(replayed) == keys
    assert touched.states() == {**before, **dict.fromkeys(keys, "pending")}


def test_events_are_replayed_by_id_done_ones_too(operated: Operated) -> None:
    wanted = [operated.ids["e3"], operated.ids["e0"], operated.ids["e6"]]

    replayed = operated.surface.replay(ids=wanted)

    # What waits already is left alone.
    assert operated.keys(replayed) == ["e0", "e3"]
    assert operated.surface.stats()["pending"] == 3


def test_the_audit_says_who_did_what(operated: Operated) -> None:
    operated.surface.replay(handler="mail")
    operated.surface.replay(dry_run=True)
    operated.surface.purge(1800, ["done"])

    found = [(each["by"], each["action"], operated.keys(each["events"])) for each in operated.surface.audit()]

    assert found == [("zoe", "purge", ["e3"]), ("zoe", "replay", ["e2"])]


@pytest.mark.parametrize("redact", [False, True])
@pytest.mark.parametrize(
    ("older_than", "states", "keys"),
    [
        (1800, ["done"], ["e3"]),
        (1800, ["done", "dead"], ["e0", "e3"]),
        (30, ["dead"], ["e0", "e1", "e2", "e5"]),
        (7200, ["done", "dead"], []),
    ],
)
def test_what_is_old_is_deleted_or_redacted_by_age_and_state(
    touched: Operated, older_than: float, states: list[str], keys: list[str], redact: bool
) -> None:
    before = touched.states()
    foretold = touched.surface.purge(older_than, states, redact=redact, dry_run=True)
    unchanged = touched.surface.export(body=True)

    count = touched.surface.purge(older_than, states, redact=redact)

    left = {each["key"]: each for each in touched.surface.export(body=True)}
    assert foretold == count == len(keys)
    assert len(unchanged) == len(before)
    assert all(CONTENT in each["body"] for each in unchanged)
    if redact:
        assert sorted(left) == sorted(before)
        assert (
            sorted(key for key, each in left.items() if each["body"] == "" and each["form"] == "redacted")
            == keys
        )
        # What the handlers did is still known.
        assert all(left[key]["handlers"] for key in keys)
    else:
        assert sorted(left) == sorted(set(before) - set(keys))
    assert all(CONTENT in each["body"] for key, each in left.items() if key not in keys)


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ({}, ["e6", "e5", "e4", "e3", "e2", "e1", "e0"]),
        ({"state": ["dead"]}, ["e5", "e2", "e1", "e0"]),
        ({"state": ["dead", "pending"], "type": "document.completed"}, ["e6", "e2", "e1", "e0"]),
        ({"handler": "flag"}, ["e5"]),
        ({"job": "j4"}, ["e4"]),
        ({"key": "e4"}, ["e4"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_an_export_has_what_fits_newest_first_and_content_only_when_asked(
    looked_at: Operated, where: dict[str, Any], keys: list[str]
) -> None:
    without, whole = looked_at.surface.export(**where), looked_at.surface.export(body=True, **where)

    assert [each["key"] for each in without] == [each["key"] for each in whole] == keys
    assert not any("body" in each or "headers" in each for each in without)
    assert all(json.loads(each["body"]) == {"merchant": CONTENT} for each in whole)


def test_stats_say_the_same_everywhere(looked_at: Operated) -> None:
    found = looked_at.surface.stats()

    assert {name: found[name] for name in ("pending", "running", "done", "dead", "review", "duplicates")} == {
        "pending": 1,
        "running": 0,
        "done": 2,
        "dead": 4,
        "review": 0,
        "duplicates": 0,
    }
    assert found["oldest_pending"]["id"] == looked_at.ids["e6"]
    assert [(each["handler"], each["dead"], each["newest_dead"]) for each in found["handlers"]] == [
        ("book", 2, looked_at.ids["e1"]),
        ("flag", 1, looked_at.ids["e5"]),
        ("mail", 1, looked_at.ids["e2"]),
    ]
