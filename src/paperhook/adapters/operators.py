"""The operators' ASGI application: JSON over what `paperhook inbox` does, behind a bearer token.

| request | does |
|---|---|
| `GET /events` | lists events, newest first |
| `GET /events/{id}` | shows one |
| `GET /export` | writes events as JSON Lines |
| `POST /replay` | runs dead events again |
| `POST /purge` | deletes or redacts old ones |
| `GET /reviews` | lists documents that wait for a person |
| `GET /reviews/{id}` | shows one |
| `POST /reviews/{id}` | accepts, corrects or rejects it |
| `GET /stats` | the inbox at a glance |
| `GET /audit` | says who did what |

No answer holds what a provider sent, unless `?body=1` asks for it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import ConfigurationError, CorrectionInvalid, InboxError, NotInReview
from ..hooks.reviews import Reviews, held_json
from ..inbox.base import Filter, Inbox, Row, State
from ..inbox.operating import (
    PORTION,
    audit_json,
    pages,
    purge_all,
    replay_all,
    row_json,
    survey_json,
    would_purge,
    would_replay,
)
from ..inbox.surveying import survey
from ..tracker import Tracker
from ..tracker.tallying import tallied, tally_json

#: Shorter tokens can be guessed.
MIN_TOKEN_BYTES = 16
MAX_BODY_BYTES = 64 * 1024
#: Rows in one answer.
MAX_ROWS = 1000

_WORDS = ("provider", "type", "job", "handler", "key")


class BadQuestion(Exception):
    """What was asked cannot be read; the message says why."""


def operators_app(
    inbox: Inbox,
    token: str | Mapping[str, str],
    *,
    clock: Callable[[], float] = time.time,
    reviews: Reviews | None = None,
    trackers: Sequence[Tracker] = (),
) -> ASGIApp:
    """Give the application, to mount where only operators can reach it.

    Args:
        inbox: Whose events.
        token: One token, or one for each operator by name; the audit names who held it.
        clock: Seconds since the epoch.
        reviews: Who takes decisions; None where the inbox keeps no reviews.
        trackers: Where submissions are remembered, for what providers owe.

    Raises:
        ConfigurationError: If a token is empty, shorter than 16 bytes, has white space at an end, or is no ASCII.
    """
    tokens = {"operator": token} if isinstance(token, str) else dict(token)
    if not tokens:
        raise ConfigurationError("the operators' application needs a token: anybody could replay and purge")
    desk = _Desk(inbox, clock, trackers)
    routes = [
        Route("/events", desk.events, methods=["GET"]),
        Route("/events/{id}", desk.event, methods=["GET"]),
        Route("/export", desk.export, methods=["GET"]),
        Route("/replay", desk.replay, methods=["POST"]),
        Route("/purge", desk.purge, methods=["POST"]),
        Route("/stats", desk.stats, methods=["GET"]),
        Route("/audit", desk.audit, methods=["GET"]),
    ]
    if reviews is not None:
        reviewer = _Reviewer(reviews)
        routes += [
            Route("/reviews", reviewer.waiting, methods=["GET"]),
            Route("/reviews/{id}", reviewer.review, methods=["GET"]),
            Route("/reviews/{id}", reviewer.decide, methods=["POST"]),
        ]
    handlers: dict[Any, Any] = {
        BadQuestion: desk.refuse,
        CorrectionInvalid: desk.refuse,
        InboxError: desk.apologise,
        NotInReview: desk.decline,
    }
    app = Starlette(routes=routes, exception_handlers=handlers)
    return _Guard(app, {name: _checked(name, value) for name, value in tokens.items()})


class _Guard:
    """Lets nothing pass that has no valid token, not even the question which paths there are."""

    def __init__(self, app: ASGIApp, tokens: Mapping[str, bytes]) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # Lifespan carries nothing, and there are no sockets.
            await self._app(scope, receive, send)
            return
        name = self._holder(scope)
        if name is None:
            answer = _json({"error": "a valid bearer token is needed"}, 401)
            answer.headers["www-authenticate"] = "Bearer"
            await answer(scope, receive, send)
            return
        await self._app({**scope, "paperhook.operator": name}, receive, send)

    def _holder(self, scope: Scope) -> str | None:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(given) != 1:
            return None
        scheme, _, credentials = given[0].partition(b" ")
        # All are compared, so that the time says nothing.
        matches = [name for name, token in self._tokens.items() if hmac.compare_digest(token, credentials)]
        return matches[0] if matches and scheme.lower() == b"bearer" else None


class _Desk:
    """Answers operators."""

    def __init__(self, inbox: Inbox, clock: Callable[[], float], trackers: Sequence[Tracker]) -> None:
        self._inbox = inbox
        self._clock = clock
        self._trackers = trackers

    async def events(self, request: Request) -> Response:
        """List; `next` is the `before_id` of the following page."""
        limit = min(MAX_ROWS, _whole(request.query_params.get("limit", "50"), "limit"))
        rows = await asyncio.wrap_future(self._inbox.rows(_asked_for(request), limit=limit))
        described = [row_json(row, body=_wants_body(request)) for row in rows]
        return _json({"events": described, "next": rows[-1].id if rows and len(rows) == limit else None})

    async def export(self, request: Request) -> Response:
        """Write all that fit, a portion at a time; the first is read before the answer begins, so a store that is away is 503."""
        where, is_whole = _asked_for(request), _wants_body(request)
        first = await asyncio.wrap_future(self._inbox.rows(where, limit=PORTION))
        lines = self._lines(where, first, is_whole=is_whole)
        return StreamingResponse(lines, media_type="application/x-ndjson")

    async def _lines(self, where: Filter, rows: tuple[Row, ...], *, is_whole: bool) -> AsyncIterator[str]:
        while rows:
            yield "".join(json.dumps(row_json(row, body=is_whole)) + "\n" for row in rows)
            where = replace(where, before_id=rows[-1].id)
            rows = await asyncio.wrap_future(self._inbox.rows(where, limit=PORTION))

    async def event(self, request: Request) -> Response:
        """Show one."""
        event_id = _whole(request.path_params["id"], "the id")
        rows = await asyncio.wrap_future(self._inbox.rows(Filter(ids=(event_id,)), limit=1))
        if not rows:
            return _json({"error": f"there is no event {event_id}"}, 404)
        return _json(row_json(rows[0], body=_wants_body(request)))

    async def replay(self, request: Request) -> Response:
        """Replay by id or filter; all dead ones only where `"all": true` says so."""
        asked = await _object(request, {"ids", "all", "dry_run", "by", *_WORDS})
        where = _filter(asked)
        if where == Filter() and not _flag(asked, "all"):
            raise BadQuestion('name events by "ids", by a filter such as "handler", or write "all": true')
        if not where.ids:
            where = _filter({**asked, "states": ["dead"]})
        if _flag(asked, "dry_run"):
            found = await asyncio.to_thread(
                lambda: sorted(row.id for row in pages(self._inbox, where) if would_replay(row))
            )
            return _json({"replayed": found, "dry_run": True})
        now, by = self._clock(), _who(request, asked)
        portions = await asyncio.to_thread(lambda: list(replay_all(self._inbox, where, now=now, by=by)))
        return _json({"replayed": [each for ids in portions for each in ids], "dry_run": False})

    async def purge(self, request: Request) -> Response:
        """Delete or redact what has been settled for `older_than` seconds."""
        asked = await _object(request, {"older_than", "states", "redact", "dry_run", "by", *_WORDS})
        older_than = asked.get("older_than")
        if isinstance(older_than, bool) or not isinstance(older_than, (int, float)):
            raise BadQuestion('"older_than" is needed: seconds since the event became done or dead')
        # A whole number may be larger than any float.
        if not 0 <= older_than <= sys.float_info.max:
            raise BadQuestion('"older_than" is a number of seconds from 0 on')
        now, by, redact = self._clock(), _who(request, asked), _flag(asked, "redact")
        settled = _filter({"states": ["done"], **asked, "settled_until": now - older_than})
        word = "redacted" if redact else "deleted"
        if _flag(asked, "dry_run"):
            count = await asyncio.to_thread(
                lambda: sum(would_purge(row, redact=redact) for row in pages(self._inbox, settled))
            )
            return _json({word: count, "dry_run": True})
        count = await asyncio.to_thread(
            lambda: sum(map(len, purge_all(self._inbox, settled, now=now, by=by, redact=redact)))
        )
        return _json({word: count, "dry_run": False})

    async def stats(self, request: Request) -> Response:
        """Give the inbox at a glance, and what providers owe."""
        is_done_counted = request.query_params.get("done") == "1"
        found = await asyncio.wrap_future(survey(self._inbox, done=is_done_counted))
        described = survey_json(found, self._clock())
        if self._trackers:
            described["jobs"] = tally_json(await tallied(self._trackers), self._clock())
        return _json(described)

    async def audit(self, request: Request) -> Response:
        """Say who did what."""
        limit = min(MAX_ROWS, _whole(request.query_params.get("limit", "50"), "limit"))
        found = await asyncio.wrap_future(self._inbox.audit(limit=limit))
        return _json({"audit": [audit_json(each) for each in found]})

    async def refuse(self, request: Request, error: Exception) -> Response:
        """Say what was not understood."""
        return _json({"error": str(error)}, 400)

    async def decline(self, request: Request, error: Exception) -> Response:
        """Say that there is nothing to decide any more."""
        return _json({"error": str(error)}, 409)

    async def apologise(self, request: Request, error: Exception) -> Response:
        """Say that the store is away."""
        return _json({"error": str(error)}, 503)


class _Reviewer:
    """Takes decisions of people."""

    def __init__(self, reviews: Reviews) -> None:
        self._reviews = reviews

    async def waiting(self, request: Request) -> Response:
        """List; `next` is the `before_id` of the following page."""
        limit = min(MAX_ROWS, _whole(request.query_params.get("limit", "50"), "limit"))
        before = request.query_params.get("before_id")
        before_id = _whole(before, "before_id") if before else None
        found = await asyncio.to_thread(self._reviews.waiting, limit=limit, before_id=before_id)
        described = [held_json(held) for held in found]
        return _json({"reviews": described, "next": found[-1].id if found and len(found) == limit else None})

    async def review(self, request: Request) -> Response:
        """Show one, decided or not."""
        event_id = _whole(request.path_params["id"], "the id")
        held = await asyncio.to_thread(self._reviews.get, event_id)
        return _json(await asyncio.to_thread(held_json, held, values=_wants_body(request)))

    async def decide(self, request: Request) -> Response:
        """Take one decision."""
        event_id = _whole(request.path_params["id"], "the id")
        asked = await _object(request, {"decision", "corrections", "accept", "new_fields", "note", "by"})
        note, by = asked.get("note", ""), _who(request, asked)
        if not isinstance(note, str):
            raise BadQuestion('"note" is a text')
        decision = asked.get("decision")
        if decision == "accept":
            await self._reviews.aaccept(event_id, by=by, note=note)
        elif decision == "reject":
            await self._reviews.areject(event_id, by=by, note=note)
        elif decision == "correct":
            is_final, takes_new = _flag(asked, "accept"), _flag(asked, "new_fields")
            await self._reviews.acorrect(
                event_id, _corrections(asked), accept=is_final, new_fields=takes_new, by=by, note=note
            )
        else:
            raise BadQuestion('"decision" is "accept", "correct" or "reject"')
        return _json({"id": event_id, "decision": decision})


def _corrections(asked: Mapping[str, Any]) -> dict[str, str | None]:
    given = asked.get("corrections")
    if not isinstance(given, dict) or not all(isinstance(each, (str, type(None))) for each in given.values()):
        raise BadQuestion('"corrections" is an object of fields and texts, or null to take a value away')
    return given


def _checked(name: str, token: str) -> bytes:
    if not token.isascii() or token != token.strip() or len(token) < MIN_TOKEN_BYTES:
        raise ConfigurationError(
            f"the token of {name!r} must be ASCII, at least {MIN_TOKEN_BYTES} bytes, without white space at its ends: "
            'make one with python -c "import secrets; print(secrets.token_urlsafe())"'
        )
    return token.encode()


def _asked_for(request: Request) -> Filter:
    """Read which events a list or an export is about."""
    asked: dict[str, Any] = {name: request.query_params.get(name) for name in (*_WORDS, "before_id")}
    asked["states"] = request.query_params.getlist("state")
    asked["before_id"] = _whole(asked["before_id"], "before_id") if asked["before_id"] else None
    return _filter(asked)


def _filter(asked: Mapping[str, Any]) -> Filter:
    for name in _WORDS:
        if not isinstance(asked.get(name), (str, type(None))):
            raise BadQuestion(f'"{name}" is a text')
    ids = asked.get("ids", [])
    if not isinstance(ids, list) or not all(type(each) is int and 0 < each < 2**63 for each in ids):
        raise BadQuestion('"ids" is a list of whole numbers')
    states = asked.get("states", [])
    if not isinstance(states, list) or not all(each in tuple(State) for each in states):
        raise BadQuestion(f"a state is one of {', '.join(State)}")
    return Filter(
        ids=tuple(ids),
        states=tuple(State(each) for each in states),
        provider=asked.get("provider"),
        key=asked.get("key"),
        type=asked.get("type"),
        job_id=asked.get("job"),
        handler=asked.get("handler"),
        settled_until=asked.get("settled_until"),
        before_id=asked.get("before_id"),
    )


def _flag(asked: Mapping[str, Any], name: str) -> bool:
    value = asked.get(name, False)
    if not isinstance(value, bool):
        raise BadQuestion(f'"{name}" is true or false')
    return value


def _who(request: Request, asked: Mapping[str, Any]) -> str:
    """Name who did it: the holder of the token, and for whom."""
    holder: str = request.scope["paperhook.operator"]
    by = asked.get("by", "")
    if not isinstance(by, str):
        raise BadQuestion('"by" is a text')
    return f"{holder}: {by}" if by else holder


def _whole(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text[:19]) > 0 and len(text) < 19):
        raise BadQuestion(f"{name} is a whole number above 0")
    return int(text)


def _wants_body(request: Request) -> bool:
    return request.query_params.get("body") == "1"


async def _object(request: Request, known: set[str]) -> dict[str, Any]:
    """Read a JSON object of known members; an unknown one could be a filter that was meant and is not there."""
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > MAX_BODY_BYTES:
            raise BadQuestion(f"the question has more than {MAX_BODY_BYTES} bytes")
    try:
        asked = json.loads(bytes(chunks))
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise BadQuestion("the question is a JSON object")
    if unknown := sorted(set(asked) - known):
        raise BadQuestion(f"{unknown[0]!a} is not known: write {', '.join(sorted(known))}")
    return asked


def _json(content: Any, status: int = 200) -> JSONResponse:
    return JSONResponse(content, status, headers={"cache-control": "no-store"})
