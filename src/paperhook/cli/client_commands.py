"""`paperhook upload`, `status`, `wait`, `result`: the client for scripts and for a first look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..client import Client
from ..core.job import Job
from .demo_output import plain
from .output import out

ProviderName = Annotated[
    str,
    typer.Option(
        "--provider", "-p", envvar="PAPERHOOK_PROVIDER", help="space-ocr, docuparse, docuprox or ocriva."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
JobId = Annotated[str, typer.Argument(help="The job's id, as `upload` printed it.")]
Deadline = Annotated[float, typer.Option(help="Seconds to wait at most.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (upload, status, wait, result):
        app.command()(command)


def upload(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Documents to send.")],
    provider: ProviderName,
    concurrency: Annotated[int, typer.Option(min=1, help="How many at once.")] = 8,
    as_json: AsJson = False,
) -> None:
    """Upload documents and print their jobs; credentials come from the environment."""
    failed = 0
    with Client.from_env(provider) as client:
        for outcome in client.upload_many(files, concurrency=concurrency):
            row = {"file": str(outcome.source)} | _job_or_error(outcome.job, outcome.error)
            failed += outcome.error is not None
            out.json(row) if as_json else out.line("  ".join(str(value) for value in row.values()))
    raise typer.Exit(1 if failed else 0)


def status(job_id: JobId, provider: ProviderName, as_json: AsJson = False) -> None:
    """Ask how a job stands."""
    with Client.from_env(provider) as client:
        _print_job(client.status(job_id), as_json)


def wait(job_id: JobId, provider: ProviderName, deadline: Deadline = 300.0, as_json: AsJson = False) -> None:
    """Wait until a job is final; exit code 1 when it failed."""
    with Client.from_env(provider) as client:
        job = client.wait(job_id, deadline=deadline)
    _print_job(job, as_json)
    raise typer.Exit(1 if job.status.is_failure else 0)


def result(job_id: JobId, provider: ProviderName, as_json: AsJson = False) -> None:
    """Fetch the result of a completed job."""
    with Client.from_env(provider) as client:
        found = client.result(job_id)
    if as_json:
        fields = {name: plain(field.value) for name, field in found.fields.items()}
        items = [{name: plain(field.value) for name, field in item.items()} for item in found.line_items]
        out.json({"fields": fields, "line_items": items, "warnings": list(found.warnings)})
        return
    out.table(("field", "value"), [(name, plain(field.value)) for name, field in found.fields.items()])


def _print_job(job: Job, as_json: bool) -> None:
    row = _job_or_error(job, None)
    out.json(row) if as_json else out.line("  ".join(str(value) for value in row.values()))


def _job_or_error(job: Job | None, error: Exception | None) -> dict[str, Any]:
    if job is None:
        return {"error": type(error).__name__, "message": str(error)}
    row: dict[str, Any] = {"job_id": job.id, "status": str(job.status)}
    if job.error is not None:
        row["error"] = job.error.code
    return row
