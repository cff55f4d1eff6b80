"""The commands, each a few lines over the library."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from ..providers import PROVIDERS
from ..testing import LOCAL_SECRET
from . import (
    client_commands,
    demo,
    dev,
    evaluate_command,
    inbox_commands,
    job_commands,
    reconcile_command,
    review_commands,
    show_command,
    webhook_commands,
    worker_command,
)
from .demo_output import JsonShow, TableShow
from .options import AsJson, above_zero, not_negative
from .output import out

app: typer.Typer = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class ProviderChoice(StrEnum):
    """One provider, or all of them."""

    SPACE_OCR = "space-ocr"
    DOCUPARSE = "docuparse"
    DOCUPROX = "docuprox"
    OCRIVA = "ocriva"
    ALL = "all"


def show_version(is_asked: bool) -> None:
    """Print the version and end."""
    if not is_asked:
        return
    try:
        out.text(f"paperhook {version('paperhook')}")
    except PackageNotFoundError:
        out.text("paperhook, from a checkout that is not installed")
    raise typer.Exit


@app.callback()
def program(
    is_version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Print the version, and end."),
    ] = False,
) -> None:
    """Send documents to OCR APIs and receive their webhooks without losing one.

    Exit codes: 0 done, 1 not done (the reason is on standard error), 2 wrong usage or configuration, 130 interrupted.
    """


@app.command("demo")
def demo_command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, dir_okay=False, help="Documents to read; a sample invoice by default."),
    ] = None,
    provider: Annotated[ProviderChoice, typer.Option(help="Whose wire to speak.")] = ProviderChoice.DOCUPARSE,
    as_json: AsJson = False,
) -> None:
    """Run the main job on this machine: upload, webhook, inbox, handler. No account needed."""
    names = tuple(PROVIDERS) if provider is ProviderChoice.ALL else (provider.value,)
    ended = asyncio.run(demo.run(files or [demo.sample()], names, JsonShow() if as_json else TableShow()))
    raise typer.Exit(0 if ended else 1)


@app.command("dev")
def dev_command(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")
    ] = 8765,
    webhook: Annotated[
        str | None, typer.Option(help="Where webhooks go; {provider} in it stands for the provider's name.")
    ] = None,
    secret: Annotated[str, typer.Option(help="The webhook secret of all providers.")] = LOCAL_SECRET,
) -> None:
    """Run the providers on this machine, for your application and for curl."""
    asyncio.run(dev.run(port, webhook, secret))


@app.command("worker")
def worker_main(
    target: Annotated[str, typer.Argument(help="module:name of your Webhooks object.")],
    grace: Annotated[
        float,
        typer.Option(callback=not_negative, help="Seconds for running handlers to finish after SIGTERM."),
    ] = 10.0,
) -> None:
    """Run handlers in this process, for Webhooks(..., worker="external")."""
    asyncio.run(worker_command.run(worker_command.load(target), grace))


@app.command("reconcile")
def reconcile_main(
    target: Annotated[
        str, typer.Argument(help="module:name of your Webhooks object, made with reconcile=client.")
    ],
    once: Annotated[bool, typer.Option("--once", help="Ask for what is due, and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask for documents whose webhook did not come, and store what is found for your handlers."""
    hooks = worker_command.load(target)
    counts = asyncio.run(reconcile_command.run(hooks, is_once=once, as_json=as_json))
    if once and counts.unanswered:
        raise typer.Exit(1)


@app.command("show")
def show_main(
    subject: Annotated[str, typer.Argument(metavar="FILE|JOB", help="A document, or the id of a job.")],
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider", "-p", help="Whose job it is, or who reads the file instead of this machine."
        ),
    ] = None,
    document: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The job's document, to draw on.")
    ] = None,
    app: Annotated[
        str | None,
        typer.Option(
            "--app", help="module:name of your Webhooks object: its rules say what holds a document back."
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the pages with each field's box over them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what was read in a document, where on its pages it stands, and with --app which rule holds it back."""
    show_command.run(subject, provider=provider, document=document, app=app, html=html, as_json=as_json)


@app.command("evaluate")
def evaluate_main(
    manifest: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JSON with documents and what they state.")
    ],
    provider: Annotated[
        list[str] | None,
        typer.Option("--provider", "-p", help="Who reads them; may be repeated. `local` is this machine."),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots and every miss.")] = None,
    deadline: Annotated[
        float, typer.Option(callback=above_zero, help="Seconds for each document at most.")
    ] = 300.0,
    fail_under: Annotated[
        float,
        typer.Option(min=0, max=1, help="Exit with 1 if a smaller share of the stated fields is right."),
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Say how well a provider reads documents whose fields you know; a provider may charge for each document."""
    accuracy = evaluate_command.run(
        manifest, provider or ["local"], html=html, deadline=deadline, as_json=as_json
    )
    raise typer.Exit(1 if accuracy < fail_under else 0)


@app.command("providers")
def providers_command(as_json: AsJson = False) -> None:
    """List the providers, those that are declared too, and what they can do."""
    rows = dev.described_providers()
    if as_json:
        for row in rows:
            out.json(row)
        return
    out.table(list(rows[0]), [list(row.values()) for row in rows])


# Help lists commands in this order: what a newcomer tries comes first.
client_commands.add_to(app)
webhook_commands.add_to(app)
app.add_typer(job_commands.app, name="jobs")
app.add_typer(inbox_commands.app, name="inbox")
app.add_typer(review_commands.app, name="review")
