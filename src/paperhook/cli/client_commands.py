"""`paperhook upload`, `status`, `wait`, `result`: the client for scripts and for a first look."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ..client import Client
from ..client.outcomes import UploadOutcome
from ..core.job import Job
from ..core.result import ROWS, Result
from ..errors import ConfigurationError, PaperhookError
from ..inbox.addresses import file_in
from ..providers import provider_class
from ..tracker import Tracker
from .demo_output import plain
from .journal import DEFAULT_TRACKER, TrackerAddress, known_job, tracker_for_asking, tracker_for_sending
from .options import AsJson, above_zero
from .output import out
from .progress import Show, show_for
from .uploading import INTERRUPTED, Order, interruptible, order_of, upload_all, wait_all

ProviderName = Annotated[
    str,
    typer.Option(
        "--provider", "-p", envvar="PAPERHOOK_PROVIDER", help="space-ocr, docuparse, docuprox or ocriva."
    ),
]
JobId = Annotated[str, typer.Argument(help="The job's id, as `upload` printed it.")]
Deadline = Annotated[float, typer.Option(callback=above_zero, help="Seconds to wait at most.")]


class Format(StrEnum):
    """How a result is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (upload, status, wait, result):
        app.command()(command)


def client_of(provider: str, tracker: str | Tracker | None) -> Client:
    """Make a client from the environment."""
    return Client(provider_class(provider).from_env(), tracker=tracker)


def upload(
    provider: ProviderName,
    files: Annotated[
        list[Path] | None, typer.Argument(exists=True, dir_okay=False, help="Documents to send.")
    ] = None,
    tracker: TrackerAddress = DEFAULT_TRACKER,
    concurrency: Annotated[int, typer.Option(min=1, help="How many at once.")] = 8,
    is_resumed: Annotated[
        bool, typer.Option("--resume", help="Also send what earlier uploads were given and did not finish.")
    ] = False,
    in_batches: Annotated[
        bool,
        typer.Option(
            "--in-batches", help="As many in one call as the provider takes; --concurrency is of calls."
        ),
    ] = False,
    is_waiting: Annotated[bool, typer.Option("--wait", help="Then wait until each job is final.")] = False,
    deadline: Deadline = 300.0,
    as_json: AsJson = False,
) -> None:
    """Upload documents and print their jobs; a document that has a job is not sent again.

    Credentials come from the environment. After Ctrl-C, or a crash, `--resume` goes on.
    Exit code 1 when a file failed, 130 after Ctrl-C.
    """
    if not files and not is_resumed:
        raise typer.BadParameter("name a file, or pass --resume", param_hint="FILES")
    with client_of(provider, tracker_for_sending(tracker)) as client:
        order = order_of(
            client,
            files or [],
            is_resumed=is_resumed,
            concurrency=concurrency,
            in_batches=in_batches,
            how_to_go_on=resuming(provider, tracker),
        )
        outcomes = _upload(client, order, is_quiet=is_waiting, as_json=as_json)
        failed = sum(each.error is not None for each in outcomes)
        if order.stop.is_asked:
            _tell_how_to_go_on(client, order)
            raise typer.Exit(INTERRUPTED)
        if is_waiting:
            failed += _wait(client, outcomes, deadline, concurrency, as_json=as_json)
    raise typer.Exit(1 if failed else 0)


def resuming(provider: str, tracker: str) -> str:
    """Write the command that goes on with what is left."""
    # The address of a server may hold a password.
    journal = "…" if file_in(tracker) is None else shlex.quote(tracker)
    return f"paperhook upload --resume --provider {shlex.quote(provider)} --tracker {journal}"


def _upload(client: Client, order: Order, *, is_quiet: bool, as_json: bool) -> list[UploadOutcome[Path]]:
    outcomes: list[UploadOutcome[Path]] = []
    show = show_for(order.paths, as_json=as_json)
    with show, interruptible(order.stop, lambda: _tell_how_to_go_on(client, order), show.hush):
        for outcome in upload_all(client, order, show):
            outcomes.append(outcome)
            # With --wait a job is told when it has ended.
            if outcome.error is not None or not is_quiet:
                _print(show, outcome.source, outcome.job, outcome.error, as_json=as_json)
    return outcomes


def _wait(
    client: Client, outcomes: list[UploadOutcome[Path]], deadline: float, concurrency: int, *, as_json: bool
) -> int:
    """Print each job when it and those before it have ended; give how many failed."""
    sent = [(each.source, each.job) for each in outcomes if each.job is not None]
    failed = 0
    show = show_for([], as_json=True)
    ended = wait_all(client, [job for _, job in sent], deadline, concurrency)
    for (source, _), end in zip(sent, ended, strict=True):
        job, error = (end, None) if isinstance(end, Job) else (None, end)
        failed += error is not None or (job is not None and job.status.is_failure)
        _print(show, source, job, error, as_json=as_json)
    return failed


def _tell_how_to_go_on(client: Client, order: Order) -> None:
    if client.tracker is None:
        said = "there is no journal: give the same files again, and look for those that were in flight"
    else:
        left = len(client.unfinished(limit=sys.maxsize >> 1))
        said = f"{left} of {len(order.paths)} files are left: {order.how_to_go_on}"
    print(f"paperhook: interrupted; {said}", file=sys.stderr, flush=True)


def status(
    job_id: JobId, provider: ProviderName, tracker: TrackerAddress = DEFAULT_TRACKER, as_json: AsJson = False
) -> None:
    """Ask how a job stands."""
    with client_of(provider, tracker_for_asking(tracker)) as client:
        _print_job(client.status(known_job(client.tracker, job_id, client.provider.name)), as_json)


def wait(
    job_id: JobId,
    provider: ProviderName,
    tracker: TrackerAddress = DEFAULT_TRACKER,
    deadline: Deadline = 300.0,
    as_json: AsJson = False,
) -> None:
    """Wait until a job is final; exit code 1 when it failed, or was not final in time."""
    with client_of(provider, tracker_for_asking(tracker)) as client:
        job = client.wait(known_job(client.tracker, job_id, client.provider.name), deadline=deadline)
    _print_job(job, as_json)
    raise typer.Exit(1 if job.status.is_failure else 0)


def result(
    job_id: JobId,
    provider: ProviderName,
    tracker: TrackerAddress = DEFAULT_TRACKER,
    format: Annotated[
        Format | None, typer.Option(help="By default what the output's name ends in, else a table.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", dir_okay=False, help="Write to this file, not to standard output."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the result of a completed job."""
    with client_of(provider, tracker_for_asking(tracker)) as client:
        found = client.result(known_job(client.tracker, job_id, client.provider.name))
    if as_json and format is None and output is None:
        out.json(_as_json(found))
        return
    form = format or _format_of(output, as_json)
    if output is None and form is Format.TABLE:
        out.table(*_table(found))
        return
    text = _written(found, form)
    if output is None:
        out.text(text.rstrip("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ConfigurationError(f"{output} cannot be written: {error.strerror}") from error


def _format_of(output: Path | None, as_json: bool) -> Format:
    suffixes = {".json": Format.JSON, ".csv": Format.CSV}
    by_default = Format.JSON if as_json else Format.TABLE
    return by_default if output is None else suffixes.get(output.suffix.lower(), by_default)


def _written(found: Result, format: Format) -> str:
    if format is Format.CSV:
        return found.to_csv()
    if format is Format.JSON:
        return found.to_json() + "\n"
    return out.table_text(*_table(found))


def _table(found: Result) -> tuple[tuple[str, str], list[tuple[str, object]]]:
    return ("field", "value"), [(path, plain(each.value)) for path, each in found.walk()]


def _as_json(found: Result) -> dict[str, Any]:
    fields = {name: plain(field.value) for name, field in found.fields.items()}
    rows = {
        member: [{name: plain(field.value) for name, field in row.items()} for row in found.rows(member)]
        for member in ROWS
    }
    return {"fields": fields, **rows, "warnings": list(found.warnings)}


def _print(show: Show, source: Path, job: Job | None, error: PaperhookError | None, *, as_json: bool) -> None:
    row = {"file": str(source)} | job_or_error(job, error)
    if as_json:
        out.json(row)
    else:
        show.line("  ".join(str(value) for value in row.values()))


def _print_job(job: Job, as_json: bool) -> None:
    row = job_or_error(job, None)
    out.json(row) if as_json else out.line("  ".join(str(value) for value in row.values()))


def job_or_error(job: Job | None, error: PaperhookError | None) -> dict[str, Any]:
    """Give how one of many ended as JSON values."""
    if error is not None:
        kind = str(error.kind)
        return {"error": type(error).__name__, "kind": kind, "message": str(error)}
    assert job is not None  # noqa: S101 - an outcome is one of both
    row: dict[str, Any] = {"job_id": job.id, "status": str(job.status)}
    if job.error is not None:
        row["error"] = job.error.code
    return row
