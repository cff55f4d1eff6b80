"""No statement of an SQL inbox reads a whole table, at a size at which that would be felt.

Works are run as the stores run them, on a connection that asks for the plan of each statement before it runs it; so a
statement that is added tomorrow is looked at too. What is done is rolled back.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from paperhook.core.review import Decision, Reason
from paperhook.inbox import Claim, Entry, Filter, Outcome, PostgresInbox, SqliteInbox, State
from paperhook.inbox.base import Intervention, Settlement
from paperhook.inbox.postgres import handing_over as postgres_handing_over
from paperhook.inbox.postgres import looking as postgres_looking
from paperhook.inbox.postgres import putting as postgres_putting
from paperhook.inbox.postgres import review as postgres_review
from paperhook.inbox.postgres import surveying as postgres_surveying
from paperhook.inbox.postgres import upkeep as postgres_upkeep
from paperhook.inbox.postgres import work as postgres_work
from paperhook.inbox.postgres.session import Session
from paperhook.inbox.reviewing import Opening, Ruling
from paperhook.inbox.sqlite import handing_over as sqlite_handing_over
from paperhook.inbox.sqlite import looking as sqlite_looking
from paperhook.inbox.sqlite import putting as sqlite_putting
from paperhook.inbox.sqlite import review as sqlite_review
from paperhook.inbox.sqlite import surveying as sqlite_surveying
from paperhook.inbox.sqlite import upkeep as sqlite_upkeep
from paperhook.inbox.sqlite import work as sqlite_work
from paperhook.inbox.sqlite.putting import Putting
from tests import postgres

# Tens of thousands of rows have to be written first.
pytestmark = pytest.mark.slow

ROWS = 60_000
NOW = 1_000_000.0


@dataclass(frozen=True)
class Place:
    """Where rows of a state begin, and how many of them there are."""

    name: str
    done: int
    dead: int
    review: int
    running: int
    later: int

    def states(self) -> str:
        """Give the state of row `n` as SQL that both stores know; those that are left are new."""
        bounds, start = "CASE", 0
        for state in ("done", "dead", "review", "running"):
            start += getattr(self, state)
            bounds += f" WHEN n <= {start} THEN '{state}'"
        return bounds + " ELSE 'pending' END"


#: An inbox as it is after months, one where next to nothing waits, and one whose workers were away.
PLACES = (
    Place("months", done=59_000, dead=100, review=50, running=100, later=100),
    Place("quiet", done=ROWS, dead=0, review=0, running=0, later=0),
    Place("backlog", done=20_000, dead=100, review=50, running=100, later=100),
)

_EVENTS = """
    INSERT INTO paperhook_event
        (id, provider, key, {hash} type, {subject}, state, is_next, received_at, due_at, settled_at, lease_until, token, claims)
    SELECT n, 'docuparse', 'k' || n, {key_hash} 'document.completed', {subject_of}, {state}, {is_next}, 900000.0 + n,
        CASE WHEN {state} = 'pending' AND n <= {later} THEN 900000.0 + n ELSE 0 END,
        CASE WHEN {state} IN ('done', 'dead', 'review') THEN 900001.0 + n END,
        CASE WHEN {state} = 'running' THEN 999900.0 + n % 200 END,
        CASE WHEN {state} = 'running' THEN 't' END, 1
    FROM ({numbers}) AS numbers"""
_PAYLOADS = """
    INSERT INTO paperhook_payload (event_id, body, form, position, headers, origin, job_id)
    SELECT n, {body}, 'delivery', 0, '{{}}', 'webhook', 'j' || n FROM ({numbers}) AS numbers"""
_OUTCOMES = """
    INSERT INTO paperhook_outcome SELECT id, 'book', state, 1, '', 0, 0 FROM paperhook_event
    WHERE state IN ('done', 'dead')"""
#: What was decided stays, and so does what only one document may have.
_REVIEWS = """
    INSERT INTO paperhook_review (event_id, reasons, opened_at, decision)
    SELECT id, '[]', 0, CASE WHEN state = 'review' THEN NULL ELSE 'accepted' END FROM paperhook_event
    WHERE id % 4 = 0 OR state = 'review'"""
_UNIQUE = "INSERT INTO paperhook_unique (scope, digest, event_id) SELECT 'vendor', {digest}, n FROM ({numbers}) AS numbers"


_WAIT = "UPDATE paperhook_event SET state = 'pending', settled_at = NULL, is_next = {true}"


def fill(execute: Callable[[str], Any], place: Place, **words: str) -> None:
    state = place.states()
    later = place.done + place.dead + place.review + place.running + place.later
    is_next = f"({state}) IN ('pending', 'running')"
    execute(_EVENTS.format(state=f"({state})", later=later, is_next=is_next, **words))
    execute(_PAYLOADS.format(**words))
    execute(_OUTCOMES)
    execute(_REVIEWS)
    execute(_UNIQUE.format(**words))
    execute("ANALYZE")
    if place.done == ROWS:
        # What was counted when nothing waited knows nothing of the indexes of what does.
        execute(f"{_WAIT.format(**words)} WHERE id > {ROWS - 10}")


# What is asked of a store, each in a transaction of its own


@dataclass(frozen=True)
class Works:
    """The works of one store, by name."""

    modules: tuple[Any, ...]
    is_sqlite: bool = False

    def __getattr__(self, name: str) -> Any:
        return next(getattr(module, name) for module in self.modules if hasattr(module, name))

    def putting(self, entries: Sequence[Entry]) -> Any:
        return Putting(entries) if self.is_sqlite else entries


SQLITE = Works(
    (
        sqlite_work,
        sqlite_putting,
        sqlite_looking,
        sqlite_handing_over,
        sqlite_review,
        sqlite_upkeep,
        sqlite_surveying,
    ),
    is_sqlite=True,
)
POSTGRES = Works(
    (
        postgres_work,
        postgres_putting,
        postgres_handing_over,
        postgres_looking,
        postgres_review,
        postgres_upkeep,
        postgres_surveying,
    )
)

Asking = Callable[[Works, Any], Any]


def entry(key: str, job_id: str | None = None) -> Entry:
    return Entry("docuparse", key, "document.completed", b"{}", received_at=NOW, job_id=job_id)


def ask(work: Any, db: Any, *asks: Any) -> Any:
    return work.run(db, asks)


def claimed(works: Works, db: Any, limit: int = 10) -> Sequence[Claim]:
    """Lease some events, among them those whose lease ran out, those that are due again and new ones."""
    claims: Sequence[Claim] = ask(works.CLAIM, db, (limit, 60.0, NOW, None, 1))[0]
    assert claims
    return claims


def settle(works: Works, db: Any, state: State) -> None:
    claims = claimed(works, db)
    outcomes = [Outcome("book", State.DEAD if state is State.DEAD else State.DONE, 2, "KeyError")]
    assert all(ask(works.SETTLE, db, *(Settlement(each, outcomes, state, NOW) for each in claims)))


def put(works: Works, db: Any, *entries: Entry) -> Any:
    return ask(works.PUT, db, works.putting(entries[:1]), works.putting(entries[1:]))


def put_leased(works: Works, db: Any) -> None:
    if works.is_sqlite:
        ask(works.PUT, db, Putting([entry("new1", "jn"), entry("new2", "j3"), entry("k7")], NOW + 60))


def open_review(works: Works, db: Any) -> None:
    [claim, *_] = claimed(works, db)
    assert ask(works.OPEN_REVIEW, db, Opening(claim, (Reason(rule="sums", message="odd"),), NOW)) == [True]
    ask(works.HOLD, db, (claim, (("scope", b"digest"),)))
    ask(works.REVIEWS, db, [claim.id])


def decide(works: Works, db: Any) -> None:
    """Hold one document back, and accept it."""
    [claim, *_] = claimed(works, db)
    ask(works.OPEN_REVIEW, db, Opening(claim, (Reason(rule="sums", message="odd"),), NOW))
    ask(works.SETTLE, db, Settlement(claim, [], State.REVIEW, NOW))
    assert ask(works.DECIDE, db, Ruling(claim.id, Decision.ACCEPTED, NOW, "zoe")) == [True]


def intervention(where: Filter) -> Intervention:
    return Intervention(where, 500, NOW, "zoe")


#: What happens for each event, or each time that somebody looks.
PER_EVENT: dict[str, Asking] = {
    "put": lambda works, db: put(works, db, entry("new1"), entry("new2", "jn"), entry("new3", "j3")),
    "put what is there": lambda works, db: put(
        works, db, entry("k1", "j1"), entry("k2", "j2"), entry("k1", "j1")
    ),
    "put of one subject": lambda works, db: put(
        works, db, entry("n1", "jx"), entry("n2", "jx"), entry("n3", "jx")
    ),
    "put under a lease": put_leased,
    "claim": lambda works, db: claimed(works, db, 100),
    "claim some types": lambda works, db: ask(
        works.CLAIM,
        db,
        (10, 60.0, NOW, (("document.completed",), ()), 0),
        (10, 60.0, NOW, ((), ("t1", "t2")), 1),
    ),
    "claim by key": lambda works, db: ask(works.CLAIM_KEY, db, ("docuparse", f"k{ROWS}", 60.0, NOW)),
    "renew": lambda works, db: ask(works.RENEW, db, (claimed(works, db), NOW + 90)),
    "settle as done": lambda works, db: settle(works, db, State.DONE),
    "settle as dead": lambda works, db: settle(works, db, State.DEAD),
    "release": lambda works, db: settle(works, db, State.PENDING),
    "hand over": lambda works, db: ask(works.HAND_OVER, db, (100, NOW, 5.0)),
    "hand over the next": lambda works, db: ask(works.HAND_OVER_NEXT, db, ("docuparse", "k7", NOW, 5.0)),
    "look up a key": lambda works, db: ask(works.ROWS, db, (Filter(provider="docuparse", key="k9"), 1, 0)),
    "look up a job": lambda works, db: ask(
        works.ROWS, db, (Filter(provider="docuparse", job_id="j9"), 100, 0)
    ),
    "open a review": open_review,
    "decide": decide,
}
#: What people and their dashboards ask.
LOOKING: dict[str, Asking] = {
    "stats": lambda works, db: ask(works.STATS, db, None),
    "survey": lambda works, db: ask(works.SURVEY, db, False),
    "list": lambda works, db: ask(works.ROWS, db, (Filter(), 50, 0)),
    "list the dead": lambda works, db: ask(works.ROWS, db, (Filter(states=(State.DEAD,)), 50, 0)),
    "list what waits": lambda works, db: ask(works.ROWS, db, (Filter(states=(State.PENDING,)), 50, 0)),
    "list reviews": lambda works, db: ask(works.ROWS, db, (Filter(states=(State.REVIEW,)), 50, 0)),
    "show": lambda works, db: ask(works.ROWS, db, (Filter(ids=(7, 8)), 1, 0)),
    "dead of a handler": lambda works, db: ask(
        works.ROWS, db, (Filter(states=(State.DEAD,), handler="book"), 50, 0)
    ),
    "replay some": lambda works, db: ask(works.REPLAY, db, intervention(Filter(ids=(3, 4)))),
    "replay the dead": lambda works, db: ask(
        works.REPLAY, db, intervention(Filter(states=(State.DEAD,), handler="book"))
    ),
    "redact": lambda works, db: ask(works.REDACT, db, intervention(Filter(ids=(3, 4)))),
    "purge": lambda works, db: ask(works.PURGE, db, intervention(Filter(ids=(3, 4)))),
    "audit": lambda works, db: ask(works.AUDIT, db, 50),
}


#: Where most rows are asked for.
_RIGHT = {("backlog", name) for name in ("stats", "survey", "list what waits")}


# SQLite


class LookingConnection:
    """An SQLite connection that asks for the plan of whatever it runs."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.plans: list[tuple[str, str]] = []

    def execute(self, statement: str, values: Any = ()) -> sqlite3.Cursor:
        if statement.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            steps = self.connection.execute("EXPLAIN QUERY PLAN " + statement, values)
            self.plans += [(statement, step) for *_, step in steps]
        return self.connection.execute(statement, values)


@pytest.fixture(scope="module", params=PLACES, ids=lambda place: place.name)
def large_file(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Place]:
    path = tmp_path_factory.mktemp("large") / "inbox.db"
    inbox = SqliteInbox(path)
    inbox.put([]).result()
    inbox.close()
    numbers = (
        f"WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {ROWS}) SELECT n FROM s"
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        fill(
            connection.execute,
            request.param,
            hash="",
            key_hash="",
            subject="subject",
            subject_of="'j' || n",
            body="x'7b7d'",
            digest="CAST(n AS BLOB)",
            true="1",
            numbers=numbers,
        )
        connection.execute("COMMIT")
    return path, request.param


#: Not tables, or tables of a row.
_SMALL = ("paperhook_tally", "json_each", "CONSTANT ROW", "VALUES", "given", "(subquery")
#: As many of the newest rows as are asked for.
_NEWEST = re.compile(
    r"FROM paperhook_(event|audit) ORDER BY id DESC LIMIT \?$|ORDER BY e\.id DESC LIMIT \? OFFSET \?$"
)


@pytest.mark.parametrize("name", [*PER_EVENT, *LOOKING])
def test_sqlite_reads_no_whole_table(large_file: tuple[Path, Place], name: str) -> None:
    path, place = large_file
    asking = PER_EVENT.get(name) or LOOKING[name]
    if (place.name, name) in _RIGHT:
        pytest.skip("most rows are asked for, so to read them all is right")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        looking = LookingConnection(connection)
        connection.execute("BEGIN")
        asking(SQLITE, looking)
        connection.execute("ROLLBACK")

    assert looking.plans
    assert [each for each in looking.plans if _is_whole(*each, is_counting=name in LOOKING)] == []


@pytest.mark.parametrize("name", ["claim", "claim some types", "hand over"])
def test_sqlite_sorts_nothing_that_waits(large_file: tuple[Path, Place], name: str) -> None:
    with closing(sqlite3.connect(large_file[0], isolation_level=None)) as connection:
        looking = LookingConnection(connection)
        connection.execute("BEGIN")
        PER_EVENT[name](SQLITE, looking)
        connection.execute("ROLLBACK")

    assert looking.plans
    assert [each for each in looking.plans if "TEMP B-TREE" in each[1]] == []


def _is_whole(statement: str, step: str, *, is_counting: bool) -> bool:
    """Tell whether a step reads a table, or an index that holds each of its rows, from end to end."""
    if not step.startswith("SCAN") or any(word in step for word in _SMALL) or step.split()[1].isdigit():
        return False
    # Whoever counts reads a partial index from end to end.
    is_partial = re.search(r"USING (COVERING )?INDEX paperhook_event_(open|dead|review|leased|due)\b", step)
    return not ((is_counting and is_partial) or _NEWEST.search(statement.strip()))


# PostgreSQL


class LookingSession(Session):
    """A session that asks for the plan of whatever it runs, as it is planned for these values and for any."""

    plans: list[tuple[str, str]]

    def _execute(self, statement: str, values: Any) -> Any:
        self._look(statement, values)
        return super()._execute(statement, values)

    def later(self, statement: str, **values: Any) -> None:
        self._look(statement, values)
        super().later(statement, **values)

    def _look(self, statement: str, values: Any) -> None:
        if not values and not statement.lstrip().startswith(("SELECT", "WITH")):
            return
        self.flush()
        cursor = psycopg.Cursor(self.raw)
        plan = _text(cursor.execute(b"EXPLAIN " + statement.encode(), values))
        self.plans.append((statement, plan))
        if not values:
            return
        names = list(dict.fromkeys(re.findall(r"%\((\w+)\)b", statement)))
        prepared = re.sub(r"%\((\w+)\)b", lambda found: f"${names.index(found[1]) + 1}", statement)
        cursor.execute(b"PREPARE looked_at AS " + prepared.encode(), prepare=False)
        nothing = ", ".join(["NULL"] * len(names))
        for_any = _text(cursor.execute(f"EXPLAIN EXECUTE looked_at ({nothing})".encode()))
        cursor.execute(b"DEALLOCATE looked_at", prepare=False)
        # What was run five times is planned once for any values from then on, where that seems to cost no more.
        if _cost(for_any) <= _cost(plan) + _PLANNING:
            self.plans.append((f"for any values: {statement}", for_any))


#: What PostgreSQL takes planning for, in the units of a plan.
_PLANNING = 25.0


def _text(rows: Any) -> str:
    return "\n".join(line for (line,) in rows)


def _cost(plan: str) -> float:
    found = re.search(r"\.\.([\d.]+) rows", plan)
    assert found is not None
    return float(found[1])


@pytest.fixture(scope="module", params=PLACES, ids=lambda place: place.name)
def large_database(request: pytest.FixtureRequest) -> tuple[str, Place]:
    address = postgres.address()
    inbox = PostgresInbox(address)
    inbox.put([]).result(20)
    inbox.close()
    numbers = f"SELECT n::int8 FROM generate_series(1, {ROWS}) AS n"
    with psycopg.connect(address) as connection:
        fill(
            lambda statement: connection.execute(statement.encode()),
            request.param,
            hash="key_hash,",
            key_hash="sha256(('k' || n)::bytea),",
            subject="subject_hash",
            subject_of="sha256(('j' || n)::bytea)",
            body="'{}'",
            digest="sha256(('d' || n)::bytea)",
            true="true",
            numbers=numbers,
        )
        [(table, column)] = connection.execute(
            "SELECT pg_get_serial_sequence('paperhook_event', 'id'), max(id) FROM paperhook_event"
        ).fetchall()
        connection.execute("SELECT setval(%s, %s)", (table, column))
    return address, request.param


@pytest.mark.parametrize("name", [*PER_EVENT, *LOOKING])
def test_postgresql_reads_no_whole_table(large_database: tuple[str, Place], name: str) -> None:
    address, place = large_database
    asking = PER_EVENT.get(name) or LOOKING[name]
    if (place.name, name) in _RIGHT:
        pytest.skip("most rows are asked for, so to read them all is right")
    with psycopg.connect(address) as connection:
        # For `EXPLAIN EXECUTE`.
        connection.execute("SET plan_cache_mode = force_generic_plan")
        session = LookingSession(connection)
        session.plans = []
        asking(POSTGRES, session)
        session.complete()
        session.flush()
        connection.rollback()

    # For people, outcomes may be read as a whole where they are so few that this is quicker.
    tables = "event|payload|review|unique" + ("|outcome" if name in PER_EVENT else "")
    assert session.plans or name == "put under a lease"
    assert [each for each in session.plans if _whole(each[1], tables)] == []


def _whole(plan: str, tables: str) -> bool:
    """Tell whether a plan reads one of these tables, or its primary key, from end to end."""
    lines = plan.splitlines()
    for number, line in enumerate(lines):
        if re.search(rf"Seq Scan on paperhook_({tables})\b", line):
            return True
        is_by_key = re.search(rf"Index (Only )?Scan (Backward )?using paperhook_({tables})_pkey", line)
        if (
            is_by_key
            and "Backward" not in line
            and "Index Cond" not in "".join(lines[number + 1 : number + 2])
        ):
            return True
    return False
