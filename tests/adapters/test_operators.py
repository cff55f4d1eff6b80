"""The operators' application: who may ask, and what is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from paperhook import Client
from paperhook.errors import ConfigurationError
from paperhook.hooks import Webhooks
from paperhook.inbox import Entry, Filter, MemoryInbox, Outcome, State
from paperhook.tracker import MemoryTracker
from tests.acme import acme

TOKEN = "a-token-of-operators"
CONTENT = "Example Ltd"


@pytest.fixture
def hooks() -> Iterator[Webhooks]:
    """Three events: dead, done and pending, settled at 1000 s; it is 1100 s."""
    inbox = MemoryInbox()
    body = json.dumps({"merchant": CONTENT}).encode()
    inbox.put(
        [
            Entry("acme", f"e{n}", "document.completed", body, received_at=990.0, job_id=f"j{n}")
            for n in (1, 2, 3)
        ]
    ).result()
    dead, done = inbox.claim(limit=2, lease=60, now=999).result()
    inbox.finish(dead, [Outcome("book", State.DEAD, 3, "KeyError")], state=State.DEAD, now=1000).result()
    inbox.finish(done, [Outcome("book", State.DONE, 1)], state=State.DONE, now=1000).result()
    made = Webhooks(acme(), inbox=inbox, worker="external", clock=lambda: 1100.0)
    yield made
    made.close()


def ask(
    hooks: Webhooks,
    method: str,
    path: str,
    question: Any = None,
    *,
    authorization: str | None = f"Bearer {TOKEN}",
    token: Any = TOKEN,
    content: bytes | None = None,
) -> httpx.Response:
    app = Starlette(routes=[Mount("/operators", hooks.operators(token=token))])

    async def main() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            headers = {} if authorization is None else {"authorization": authorization}
            if content is not None:
                return await client.request(method, f"/operators{path}", content=content, headers=headers)
            return await client.request(method, f"/operators{path}", json=question, headers=headers)

    return asyncio.run(main())


# Who may ask


@pytest.mark.parametrize(
    "token", ["", " ", "short", "x" * 15, " " + TOKEN, TOKEN + "\n", "ä" * 20, {}, {"zoe": ""}]
)
def test_a_token_that_can_be_guessed_is_refused(hooks: Webhooks, token: Any) -> None:
    with pytest.raises(ConfigurationError, match="token"):
        hooks.operators(token=token)


@pytest.mark.parametrize(
    "path", ["/events", "/events/1", "/export", "/replay", "/purge", "/stats", "/audit", "/nowhere"]
)
@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", f"Bearer {TOKEN}x", f"Bearer  {TOKEN}", f"Basic {TOKEN}", TOKEN]
)
def test_nobody_without_the_token_learns_anything(
    hooks: Webhooks, path: str, authorization: str | None
) -> None:
    answer = ask(hooks, "POST", path, {"all": True}, authorization=authorization)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json() == {"error": "a valid bearer token is needed"}
    assert hooks.inbox.audit().result() == ()


def test_two_tokens_at_once_are_none(hooks: Webhooks) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    header = (b"authorization", f"Bearer {TOKEN}".encode())
    scope = {"type": "http", "method": "GET", "path": "/stats", "headers": [header, header]}
    asyncio.run(hooks.operators(token=TOKEN)(scope, None, send))  # type: ignore[arg-type] # never asked

    assert sent[0]["status"] == 401


def test_it_can_be_served_on_its_own(hooks: Webhooks) -> None:
    sent: list[str] = []
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(hooks.operators(token=TOKEN)({"type": "lifespan"}, receive, send))

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


# Looking


def test_events_are_listed_newest_first_without_content(hooks: Webhooks) -> None:
    answer = ask(hooks, "GET", "/events")

    assert [(each["id"], each["state"]) for each in answer.json()["events"]] == [
        (3, "pending"),
        (2, "done"),
        (1, "dead"),
    ]
    assert answer.json()["next"] is None
    assert CONTENT not in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("state=dead", [1]),
        ("state=dead&state=done", [2, 1]),
        ("handler=book", [1]),
        ("job=j3", [3]),
        ("key=e2&provider=acme&type=document.*", [2]),
        ("limit=2", [3, 2]),
        ("before_id=3", [2, 1]),
    ],
)
def test_events_are_filtered(hooks: Webhooks, query: str, ids: list[int]) -> None:
    answer = ask(hooks, "GET", f"/events?{query}")

    assert [each["id"] for each in answer.json()["events"]] == ids


def test_a_full_page_says_where_the_next_begins(hooks: Webhooks) -> None:
    assert ask(hooks, "GET", "/events?limit=2").json()["next"] == 2


@pytest.mark.parametrize("path", ["/events?", "/events/1?"])
@pytest.mark.parametrize(("query", "is_shown"), [("body=1", True), ("body=0", False), ("body=yes", False)])
def test_content_is_given_only_when_asked(hooks: Webhooks, path: str, query: str, is_shown: bool) -> None:
    assert (CONTENT in ask(hooks, "GET", path + query).text) == is_shown


def test_one_event_is_shown_or_unknown(hooks: Webhooks) -> None:
    assert ask(hooks, "GET", "/events/1").json()["handlers"][0]["error"] == "KeyError"
    assert ask(hooks, "GET", "/events/9").status_code == 404


def test_stats_show_the_inbox_at_a_glance(hooks: Webhooks) -> None:
    assert ask(hooks, "GET", "/stats").json() == {
        "pending": 1,
        "running": 0,
        "done": 1,
        "dead": 1,
        "review": 0,
        "duplicates": 0,
        "lag_seconds": 110.0,
        "oldest_pending": {
            "id": 3,
            "provider": "acme",
            "type": "document.completed",
            "received_at": "1970-01-01T00:16:30.000+00:00",
            "age_seconds": 110.0,
            "due_at": "1970-01-01T00:00:00.000+00:00",
            "claims": 0,
        },
        "oldest_review_seconds": None,
        "types": [
            {
                "provider": "acme",
                "type": "document.completed",
                "pending": 1,
                "running": 0,
                "dead": 1,
                "review": 0,
                "done": None,
                "oldest_pending_seconds": 110.0,
            }
        ],
        "handlers": [
            {
                "handler": "book",
                "retrying": 0,
                "dead": 1,
                "attempts": 3,
                "newest_dead": 1,
                "error": "KeyError",
            }
        ],
    }


@pytest.mark.parametrize(("query", "done"), [("?done=1", 1), ("?done=0", None), ("", None)])
def test_stats_count_by_type_what_is_done_only_when_asked(
    hooks: Webhooks, query: str, done: int | None
) -> None:
    assert [each["done"] for each in ask(hooks, "GET", f"/stats{query}").json()["types"]] == [done]


def test_stats_say_what_providers_owe_where_that_is_remembered(hooks: Webhooks) -> None:
    tracker = MemoryTracker()
    uploading = Client(
        acme(), tracker=tracker, http_client=httpx.Client(transport=httpx.MockTransport(accept))
    )
    uploading.upload(b"%PDF-1.7", filename="a.pdf")
    # Two clients with one tracker count it once.
    clients = [Client(acme(), tracker=tracker), Client(acme(), tracker=tracker)]
    reconciling = Webhooks(acme(), inbox=hooks.inbox, reconcile=clients, clock=lambda: 1100.0)

    jobs = ask(reconciling, "GET", "/stats").json()["jobs"]

    # It was sent at the time of this machine, long after the clock of these hooks.
    assert jobs == {"open": 1, "unknown": 0, "settled": 0, "oldest_open_seconds": 0.0}


def accept(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"id": "d1", "state": "waiting"})


def test_an_export_of_many_pages_has_each_event_once(hooks: Webhooks) -> None:
    many = [Entry("acme", f"m{n}", "document.completed", b"{}", received_at=1.0) for n in range(1200)]
    hooks.inbox.put(many).result()

    lines = ask(hooks, "GET", "/export").text.splitlines()

    assert [json.loads(line)["id"] for line in lines] == list(range(1203, 0, -1))


@pytest.mark.parametrize("query", ["state=open", "before_id=x"])
def test_an_export_of_what_is_not_understood_is_refused(hooks: Webhooks, query: str) -> None:
    assert ask(hooks, "GET", f"/export?{query}").status_code == 400


# Acting


@pytest.mark.parametrize(
    ("question", "ids"),
    [
        ({"ids": [1, 2, 3]}, [1, 2]),
        ({"handler": "book"}, [1]),
        ({"all": True}, [1]),
        ({"provider": "acme", "type": "document.*"}, [1]),
        ({"job": "j2"}, []),
    ],
)
@pytest.mark.parametrize("dry_run", [True, False])
def test_events_are_replayed_by_id_and_by_filter(
    hooks: Webhooks, question: dict[str, Any], ids: list[int], dry_run: bool
) -> None:
    answer = ask(hooks, "POST", "/replay", {**question, "dry_run": dry_run})

    assert answer.json() == {"replayed": ids, "dry_run": dry_run}
    replayed = [row.id for row in hooks.inbox.rows().result() if row.replays]
    assert sorted(replayed) == ([] if dry_run else ids)


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("question", "word", "count", "left"),
    [
        ({"older_than": 100}, "deleted", 1, 2),
        ({"older_than": 100.5}, "deleted", 0, 3),
        ({"older_than": 0, "states": ["dead", "done", "pending"]}, "deleted", 2, 1),
        ({"older_than": 0, "states": ["dead"], "redact": True}, "redacted", 1, 3),
    ],
)
def test_old_events_are_purged(
    hooks: Webhooks, question: dict[str, Any], word: str, count: int, left: int, dry_run: bool
) -> None:
    answer = ask(hooks, "POST", "/purge", {**question, "dry_run": dry_run})

    assert answer.json() == {word: count, "dry_run": dry_run}
    assert hooks.inbox.stats().result().pending == 1
    assert len(hooks.inbox.rows().result()) == (3 if dry_run else left)


def test_the_audit_names_the_holder_of_the_token_and_for_whom(hooks: Webhooks) -> None:
    tokens = {"night desk": "the-token-of-the-night", "day desk": TOKEN}

    ask(hooks, "POST", "/replay", {"ids": [1]}, token=tokens)
    ask(hooks, "POST", "/purge", {"older_than": 0, "by": "Zoë"}, token=tokens)

    lines = ask(hooks, "GET", "/audit").json()["audit"]
    assert [(line["by"], line["action"], line["events"]) for line in lines] == [
        ("day desk: Zoë", "purge", [2]),
        ("day desk", "replay", [1]),
    ]
    assert lines[0]["time"] == "1970-01-01T00:18:20.000+00:00"
    assert len(ask(hooks, "GET", "/audit?limit=1").json()["audit"]) == 1


@pytest.mark.parametrize(
    ("path", "question"),
    [
        ("/replay", {}),
        ("/replay", {"all": False}),
        ("/replay", {"all": 1}),
        ("/replay", {"ids": "all"}),
        ("/replay", {"ids": [True]}),
        ("/replay", {"ids": [0]}),
        ("/replay", {"ids": [2**63]}),
        ("/replay", {"handler": 7}),
        ("/replay", {"ids": [1], "dryrun": True}),
        ("/replay", {"ids": [1], "by": 7}),
        ("/replay", [1]),
        ("/replay", None),
        ("/purge", {}),
        ("/purge", {"older_than": "30d"}),
        ("/purge", {"older_than": True}),
        ("/purge", {"older_than": -1}),
        ("/purge", {"older_than": 10**400}),
        ("/purge", {"older_than": 0, "states": ["open"]}),
        ("/purge", {"older_than": 0, "states": "done"}),
        ("/purge", {"older_than": 0, "redact": "yes"}),
    ],
)
def test_a_question_that_is_not_understood_changes_nothing(hooks: Webhooks, path: str, question: Any) -> None:
    answer = ask(hooks, "POST", path, question)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert hooks.inbox.audit().result() == ()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"[" * 60_000, b'{"older_than": NaN}', b" " * 70_000, b'{"older_than": 1e999}'],
)
def test_any_bytes_are_answered(hooks: Webhooks, content: bytes) -> None:
    answer = ask(hooks, "POST", "/purge", content=content)

    assert answer.status_code in (200, 400)
    assert len(hooks.inbox.rows().result()) == 3


@pytest.mark.parametrize(
    "path",
    [
        "/events?limit=0",
        "/events?limit=x",
        "/events?before_id=-1",
        "/events?state=open",
        "/audit?limit=" + "9" * 5000,
        "/events/" + "9" * 5000,
        "/events/one",
    ],
)
def test_a_number_that_is_none_is_told(hooks: Webhooks, path: str) -> None:
    assert ask(hooks, "GET", path).status_code == 400


def test_a_store_that_is_away_is_told(hooks: Webhooks) -> None:
    hooks.inbox.close()

    for method, path in [("GET", "/events"), ("GET", "/export"), ("GET", "/stats"), ("POST", "/replay")]:
        answer = ask(hooks, method, path, {"all": True})
        assert (answer.status_code, answer.json()) == (503, {"error": "the inbox is closed"})


def test_a_replayed_event_runs(hooks: Webhooks) -> None:
    ask(hooks, "POST", "/replay", {"handler": "book"})

    assert [row.state for row in hooks.inbox.rows(Filter(ids=(1,))).result()] == [State.PENDING]
