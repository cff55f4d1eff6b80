"""What a tracker does inside a transaction, in SQL that SQLite and PostgreSQL share; `base.Tracker` says what each means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.job import Batch, Job, JobStatus
from ..core.pages import parts_of
from ..core.status import may_move
from ..inbox.base import plain
from .base import FURTHEST, Begun, Submission, Tally, TrackedBatch, Turn, Which, bare, whole_state
from .database import Db
from .owner import is_gone

_COLUMNS = """
    attempt_id, document_id, provider, identity, key, sha256, size_bytes, filename, content_type, job, namespace, state,
    attempts, error_code, created_at, updated_at, sent_at, submitted_at, settled_at, polls"""
_ROWS = f"SELECT {_COLUMNS} FROM paperhook_submission "  # noqa: S608 - made of our own text
_INSERT = """
    INSERT INTO paperhook_submission (attempt_id, document_id, provider, identity, key, sha256, size_bytes, filename,
        content_type, job, namespace, state, created_at, updated_at, token, owner, lease_until)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_NEWEST = f"""
    SELECT id, owner, lease_until, {_COLUMNS} FROM paperhook_submission
    WHERE identity = ? AND provider = ? ORDER BY id DESC LIMIT 1"""  # noqa: S608 - same
_TAKE = """
    UPDATE paperhook_submission
    SET state = ?, key = ?, job = ?, token = ?, owner = ?, lease_until = ?, updated_at = ? WHERE id = ?"""
_FREE = """
    UPDATE paperhook_submission
    SET state = ?, error_code = ?, token = NULL, owner = NULL, lease_until = NULL, updated_at = ? WHERE id = ?"""
_SENDING = """
    UPDATE paperhook_submission
    SET attempts = attempts + 1, sent_at = coalesce(sent_at, ?), lease_until = ?, updated_at = ?
    WHERE attempt_id = ? AND token = ?"""
# What was unknown before this turn is unknown after it, whatever the provider said to the repetition.
_GIVE_UP = """
    UPDATE paperhook_submission
    SET state = CASE WHEN ? OR state = 'submission_unknown' THEN 'submission_unknown' ELSE 'validated' END,
        sent_at = CASE WHEN ? OR state = 'submission_unknown' THEN sent_at END,
        error_code = ?, token = NULL, owner = NULL, lease_until = NULL, updated_at = ?
    WHERE attempt_id = ? AND token = ? AND job_id IS NULL"""
_ABSENT = """
    UPDATE paperhook_submission SET state = 'validated', sent_at = NULL, updated_at = ?
    WHERE attempt_id = ? AND state = 'submission_unknown' AND (lease_until IS NULL OR lease_until <= ?)"""
_RECORD = """
    UPDATE paperhook_submission
    SET state = ?, job = ?, job_id = ?, batch_id = ?, error_code = ?, submitted_at = ?, poll_at = ?, updated_at = ?, token = NULL,
        owner = NULL, lease_until = NULL
    WHERE attempt_id = ? AND job_id IS NULL RETURNING id"""
_INSERT_PART = """
    INSERT INTO paperhook_submission_part (provider, job_id, submission_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"""
_OF_JOB = "SELECT id, state FROM paperhook_submission WHERE job_id = ? AND provider = ? ORDER BY id"
_NOTE = "UPDATE paperhook_submission SET state = ?, job = ?, error_code = ?, updated_at = ? WHERE id = ?"
_OF_PART = """
    SELECT DISTINCT submission_id FROM paperhook_submission_part WHERE job_id = ? AND provider = ?
    UNION SELECT id FROM paperhook_submission WHERE job_id = ? AND provider = ? ORDER BY 1"""
_END_PART = """
    UPDATE paperhook_submission_part SET state = ? WHERE submission_id = ? AND state IS NULL AND ? IN ('', job_id)"""
_PART_STATES = "SELECT state FROM paperhook_submission_part WHERE submission_id = ? ORDER BY job_id"
_STATE = "SELECT state, settled_at FROM paperhook_submission WHERE id = ?"
_SETTLE = "UPDATE paperhook_submission SET state = ?, settled_at = ?, updated_at = ? WHERE id = ?"
_ENDED = "WHERE provider = ? AND settled_at IS NOT NULL AND settled_at >= ? ORDER BY settled_at, id"
_SILENT = """
    SELECT id FROM paperhook_submission
    WHERE provider = ? AND submitted_at IS NOT NULL AND settled_at IS NULL AND poll_at <= ?
        AND (polls > 0 OR poll_at <= ?)
    ORDER BY poll_at, id LIMIT ?"""
# A clock that was wrong wrote them: nobody is told to wait for so long.
_FAR_AHEAD = """
    SELECT id FROM paperhook_submission
    WHERE provider = ? AND submitted_at IS NOT NULL AND settled_at IS NULL AND poll_at > ? ORDER BY poll_at, id LIMIT ?"""
_HOLD = """
    UPDATE paperhook_submission SET polls = CASE WHEN polls > 0 THEN polls ELSE 1 END, poll_at = ?, updated_at = ?
    WHERE id = ?"""
_POSTPONE = """
    UPDATE paperhook_submission SET polls = polls + 1, poll_at = ?, error_code = ?, updated_at = ?
    WHERE attempt_id = ? AND settled_at IS NULL"""
_INSERT_BATCH = """
    INSERT INTO paperhook_batch (provider, batch_id, total, poll_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_OPEN_BATCHES = """
    SELECT batch_id, total FROM paperhook_batch
    WHERE provider = ? AND settled_at IS NULL AND (poll_at <= ? OR poll_at > ?) ORDER BY poll_at, batch_id LIMIT ?"""
_HOLD_BATCH = "UPDATE paperhook_batch SET poll_at = ? WHERE batch_id = ? AND provider = ?"
_ENDED_OF_BATCH = """
    SELECT state, settled_at FROM paperhook_submission
    WHERE batch_id = ? AND provider = ? AND settled_at IS NOT NULL"""
_SETTLE_BATCH = "UPDATE paperhook_batch SET settled_at = ? WHERE batch_id = ? AND provider = ?"
_TALLY = """
    SELECT state, count(*), count(settled_at), min(CASE WHEN settled_at IS NULL THEN sent_at END)
    FROM paperhook_submission GROUP BY state"""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What `begin` was asked."""

    draft: Submission
    turn: Turn
    again: bool
    repeat_within: float | None
    now: float


# Sending


def begin(db: Db, ask: Beginning) -> Begun:
    """Find the row of an upload, or make it, and take its turn where it is free."""
    draft = ask.draft
    identity = plain(draft.identity)
    db.guard(f"{draft.provider}\n{identity}")
    found = db.execute(_NEWEST, (identity, draft.provider)).fetchone()
    if found is None or ask.again:
        db.execute(_INSERT, _inserted(ask))
        return Begun(_row(db, draft.attempt_id), is_mine=True)
    row_id, owner, lease_until = found[:3]
    row = _submission(found[3:])
    if row.job.id or row.sha256 != draft.sha256:
        return Begun(row, is_mine=False)
    if lease_until is not None:
        if lease_until > ask.now and not is_gone(owner):
            return Begun(row, is_mine=False, is_busy=True)
        row = _taken_from_the_dead(db, row_id, row, ask.now)
    if row.state is JobStatus.SUBMISSION_UNKNOWN and not _may_repeat(row, ask):
        return Begun(row, is_mine=False)
    turn = ask.turn
    # What was never sent goes under the key that it is sent with now.
    kept = row if row.state is JobStatus.SUBMISSION_UNKNOWN else draft
    about = (row.state, plain(kept.key), bare(kept.job).to_json())
    db.execute(_TAKE, (*about, turn.token, turn.owner, ask.now + turn.lease, ask.now, row_id))
    return Begun(_row(db, row.attempt_id), is_mine=True)


def _taken_from_the_dead(db: Db, row_id: int, row: Submission, now: float) -> Submission:
    """Free a row whose sender died; what it may have sent is unknown."""
    state = JobStatus.VALIDATED if row.sent_at is None else JobStatus.SUBMISSION_UNKNOWN
    db.execute(_FREE, (state, "interrupted", now, row_id))
    return _row(db, row.attempt_id)


def _may_repeat(row: Submission, ask: Beginning) -> bool:
    # Without a first byte nobody can have answered.
    sent_at = ask.now if row.sent_at is None else row.sent_at
    is_same_call = row.key == plain(ask.draft.key) or row.key.startswith(row.identity)
    return is_same_call and ask.repeat_within is not None and ask.now - sent_at < ask.repeat_within


def _inserted(ask: Beginning) -> tuple[Any, ...]:
    draft, turn = ask.draft, ask.turn
    return (
        draft.attempt_id,
        draft.document_id,
        draft.provider,
        plain(draft.identity),
        plain(draft.key),
        draft.sha256,
        draft.size_bytes,
        plain(draft.filename),
        plain(draft.content_type),
        bare(draft.job).to_json(),
        plain(draft.namespace),
        draft.state,
        ask.now,
        ask.now,
        turn.token,
        turn.owner,
        ask.now + turn.lease,
    )


def sending(db: Db, attempt_id: str, turn: Turn, now: float) -> bool:
    """Record that the first byte is about to leave."""
    return db.execute(_SENDING, (now, now + turn.lease, now, attempt_id, turn.token)).rowcount == 1


def give_up(db: Db, attempt_id: str, turn: Turn, is_unknown: bool, error_code: str, now: float) -> bool:
    """End a turn without a job."""
    values = (is_unknown, is_unknown, plain(error_code), now, attempt_id, turn.token)
    return db.execute(_GIVE_UP, values).rowcount == 1


def absent(db: Db, attempt_id: str, now: float) -> bool:
    """Record that the provider has no job for it."""
    return db.execute(_ABSENT, (now, attempt_id, now)).rowcount == 1


def record(db: Db, attempt_id: str, job: Job, now: float) -> Submission | None:
    """Record the provider's job."""
    code = plain(job.error.code) if job.error else ""
    batch_id = None if job.batch_id is None else plain(job.batch_id)
    values = (job.status, bare(job).to_json(), plain(job.id), batch_id, code, now, now, now, attempt_id)
    for (row_id,) in db.execute(_RECORD, values).fetchall():
        for part in parts_of(job):
            db.execute(_INSERT_PART, (job.provider, plain(part.id), row_id))
    return _find(db, attempt_id)


# What became of it


def note(db: Db, job: Job, now: float) -> bool:
    """Record how a job stands."""
    asked = (plain(job.id), job.provider)
    found = db.execute(_OF_JOB + db.ours, asked).fetchall() if job.id else []
    for row_id, state in found:
        if may_move(JobStatus(state), job.status):
            code = plain(job.error.code) if job.error else ""
            db.execute(_NOTE, (job.status, bare(job).to_json(), code, now, row_id))
    return bool(found)


def settle(db: Db, provider: str, ends: Mapping[str, JobStatus], now: float) -> bool:
    """Record that the end of jobs is in the inbox."""
    known = [_settle_one(db, provider, job_id, state, now) for job_id, state in ends.items()]
    return any(known)


def _settle_one(db: Db, provider: str, job_id: str, state: JobStatus, now: float) -> bool:
    name = plain(job_id)
    found = db.execute(_OF_PART, (name, provider, name, provider)).fetchall()
    for (row_id,) in found:
        before, settled_at = db.execute(_STATE + db.ours, (row_id,)).fetchone()
        is_whole = db.execute(_OF_JOB, (name, provider)).fetchone() is not None
        db.execute(_END_PART, (state, row_id, "" if is_whole else name))
        parts = [each for (each,) in db.execute(_PART_STATES, (row_id,)).fetchall()]
        if settled_at is None and None not in parts:
            after = whole_state([JobStatus(each) for each in parts])
            kept = after if may_move(JobStatus(before), after) else before
            db.execute(_SETTLE, (kept, now, now, row_id))
    return bool(found)


def ended(db: Db, provider: str, since: float) -> tuple[Job, ...]:
    """Give the jobs whose end came into the inbox since a moment."""
    found = db.execute(f"{_ROWS} {_ENDED}", (provider, since)).fetchall()
    return tuple([_submission(row).job for row in found])


def claim_silent(
    db: Db, provider: str, silence: float, hold: float, limit: int, now: float
) -> tuple[Submission, ...]:
    """Take jobs whose end is not in the inbox."""
    values = (provider, now, now - silence, limit)
    ids = [row_id for (row_id,) in db.execute(_SILENT + db.ours_if_free, values).fetchall()]
    if len(ids) < limit:
        ahead = (provider, _furthest(now, hold), limit - len(ids))
        ids += [row_id for (row_id,) in db.execute(_FAR_AHEAD + db.ours_if_free, ahead).fetchall()]
    found = [_submission(db.execute(f"{_ROWS} WHERE id = ?", (row_id,)).fetchone()) for row_id in ids]
    for row_id in ids:
        db.execute(_HOLD, (now + hold, now, row_id))
    return tuple(found)


def _furthest(now: float, hold: float) -> float:
    """Give the moment beyond which nothing is put off."""
    return now + max(FURTHEST, 2 * hold)


def postpone(db: Db, attempt_id: str, until: float, error_code: str, now: float) -> bool:
    """Ask for a silent job again at `until`."""
    return db.execute(_POSTPONE, (until, plain(error_code), now, attempt_id)).rowcount == 1


# Batches


def record_batch(db: Db, batch: Batch, now: float) -> None:
    """Record a batch."""
    db.execute(_INSERT_BATCH, (batch.provider, plain(batch.id), len(batch.jobs), now))


def record_jobs(db: Db, jobs: Mapping[str, Job], batch: Batch, now: float) -> None:
    """Record the jobs of a batch, and the batch."""
    for attempt_id, job in jobs.items():
        record(db, attempt_id, job, now)
    if jobs:
        record_batch(db, batch, now)


def claim_batches(db: Db, provider: str, hold: float, limit: int, now: float) -> tuple[TrackedBatch, ...]:
    """Take batches whose end is not in the inbox."""
    claimed: list[TrackedBatch] = []
    values = (provider, now, _furthest(now, hold), limit)
    for batch_id, total in db.execute(_OPEN_BATCHES + db.ours_if_free, values).fetchall():
        db.execute(_HOLD_BATCH, (now + hold, batch_id, provider))
        ended = db.execute(_ENDED_OF_BATCH, (batch_id, provider)).fetchall()
        states = tuple([JobStatus(state) for state, _ in ended])
        claimed.append(TrackedBatch(batch_id, total, states, max([0.0, *(at for _, at in ended)])))
    return tuple(claimed)


def settle_batch(db: Db, provider: str, batch_id: str, now: float) -> None:
    """Record that the end of a batch is in the inbox."""
    db.execute(_SETTLE_BATCH, (now, plain(batch_id), provider))


# Looking


def rows(db: Db, which: Which, limit: int) -> tuple[Submission, ...]:
    """Give rows, newest first."""
    terms, values = list[str](), list[Any]()
    for term, *given in _terms(which):
        terms.append(term)
        values += given
    clause = "WHERE " + " AND ".join(terms) if terms else ""
    found = db.execute(f"{_ROWS} {clause} ORDER BY id DESC LIMIT ?", (*values, limit)).fetchall()
    return tuple([_submission(row) for row in found])


def _terms(which: Which) -> Iterator[tuple[Any, ...]]:
    if which.provider is not None:
        yield "provider = ?", plain(which.provider)
    if which.attempt_id is not None:
        yield "attempt_id = ?", plain(which.attempt_id)
    if which.key is not None:
        yield "key = ?", plain(which.key)
    if which.job_id is not None:
        name = plain(which.job_id)
        yield (
            "(job_id = ? OR id IN (SELECT submission_id FROM paperhook_submission_part WHERE job_id = ?))",
            name,
            name,
        )
    if which.states:
        # Literals, because a partial index is not used with parameters.
        yield ("state IN (" + ", ".join(f"'{JobStatus(state)}'" for state in which.states) + ")",)
    if which.is_settled is not None:
        yield ("settled_at IS NOT NULL" if which.is_settled else "settled_at IS NULL",)


def tally(db: Db) -> Tally:
    """Count rows by state."""
    counted = db.execute(_TALLY).fetchall()
    by_state = {JobStatus(state): count for state, count, _, _ in counted}
    oldest = min((sent_at for *_, sent_at in counted if sent_at is not None), default=None)
    return Tally(by_state, sum(settled for _, _, settled, _ in counted), oldest)


def _find(db: Db, attempt_id: str) -> Submission | None:
    found = db.execute(f"{_ROWS} WHERE attempt_id = ?", (plain(attempt_id),)).fetchone()
    return None if found is None else _submission(found)


def _row(db: Db, attempt_id: str) -> Submission:
    found = _find(db, attempt_id)
    assert found is not None  # noqa: S101 - written in this very transaction
    return found


def _submission(row: Sequence[Any]) -> Submission:
    state = JobStatus(row[11])
    return Submission(
        attempt_id=row[0],
        document_id=row[1],
        provider=row[2],
        identity=row[3],
        key=row[4],
        sha256=row[5],
        size_bytes=row[6],
        filename=row[7],
        content_type=row[8],
        # The column is the truth, whatever the handle said when it was written.
        job=Job.from_json(row[9]).model_copy(update={"status": state}),
        namespace=row[10],
        state=state,
        attempts=row[12],
        error_code=row[13],
        created_at=row[14],
        updated_at=row[15],
        sent_at=row[16],
        submitted_at=row[17],
        settled_at=row[18],
        polls=row[19],
    )
