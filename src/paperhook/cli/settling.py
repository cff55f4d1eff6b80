"""`paperhook jobs settle`: uploads whose answer was lost, looked for at the provider, or settled by whoever looked there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ..client import Client
from ..client.base import ALL
from ..core.job import Job, JobStatus
from ..errors import ConfigurationError, SubmissionUnknown
from ..tracker import Submission, Tracker, Which
from ..tracker.journal import handle_of
from ..tracker.reconciling import assign, disclaim
from .client_commands import ProviderName, client_of, job_or_error
from .journal import DEFAULT_TRACKER, TrackerAddress, existing
from .options import AsJson
from .output import out

_WHICH = "its attempt_id, as `jobs list --json` has it, or the file's name; by default all without an answer"


def settle(
    provider: ProviderName,
    upload: Annotated[str | None, typer.Argument(help=f"One upload: {_WHICH}.")] = None,
    job_id: Annotated[
        str | None, typer.Option("--job", help="You found it at the provider: this is its job's id.")
    ] = None,
    is_absent: Annotated[
        bool,
        typer.Option("--absent", help="You looked, and the provider has none: it may be uploaded again."),
    ] = False,
    tracker: TrackerAddress = DEFAULT_TRACKER,
    as_json: AsJson = False,
) -> None:
    """Find out what became of uploads whose answer was lost; nothing is sent again.

    Each is looked for in the provider's listing. Where there is none, look for it yourself and say what you found.
    Exit code 1 when one is not settled.
    """
    is_told = job_id is not None or is_absent
    if is_told and (upload is None or (job_id is not None and is_absent)):
        raise typer.BadParameter("name one upload, and --job or --absent, not both", param_hint="UPLOAD")
    failed = 0
    with existing(tracker) as journal, client_of(provider, journal) as client:
        for row in _unanswered(journal, client.provider.name, upload, is_one=is_told):
            try:
                job, error = _settled(client, journal, row, job_id, is_absent=is_absent), None
            except SubmissionUnknown as unknown:
                job, error = None, unknown
                failed += 1
            said = {"file": row.filename, "attempt_id": row.attempt_id, **job_or_error(job, error)}
            if as_json:
                out.json(said)
            else:
                out.line("  ".join(str(each) for each in said.values() if each))
            if job is not None and not job.id and not as_json:
                out.line(f"{row.filename} is not at {row.provider}: upload it again")
    raise typer.Exit(1 if failed else 0)


def _settled(
    client: Client, journal: Tracker, row: Submission, job_id: str | None, *, is_absent: bool
) -> Job:
    if job_id is not None:
        return client.run(assign(client.provider, journal, row, job_id))
    if is_absent:
        return client.run(disclaim(journal, row))
    return client.reconcile(handle_of(row))


def _unanswered(journal: Tracker, provider: str, upload: str | None, *, is_one: bool) -> Sequence[Submission]:
    """Give the uploads without an answer, oldest first.

    Raises:
        ConfigurationError: If none is the one that was named, or more than one where it must be one.
    """
    which = Which(provider=provider, states=(JobStatus.SUBMISSION_UNKNOWN,))
    rows = journal.rows(which, limit=ALL).result()[::-1]
    if upload is None:
        return rows
    named = [row for row in rows if upload == row.attempt_id or Path(upload).name == row.filename]
    if not named:
        raise ConfigurationError(
            f"no upload {upload} to {provider} is without an answer: "
            "`paperhook jobs list --state submission_unknown` lists those that are"
        )
    if is_one and len(named) > 1:
        ids = ", ".join(row.attempt_id for row in named)
        raise ConfigurationError(f"several uploads of {upload} are without an answer: name one of {ids}")
    return named
