"""The commands, each a few lines over the library."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..providers import PROVIDERS
from ..testing import LOCAL_SECRET
from . import client_commands, demo, dev, inbox_commands, reconcile_command, webhook_commands, worker_command
from .demo_output import JsonShow, TableShow
from .output import out

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Send documents to OCR APIs and receive their webhooks without losing one.",
)


class ProviderChoice(StrEnum):
    """One provider, or all of them."""

    SPACE_OCR = "space-ocr"
    DOCUPARSE = "docuparse"
    DOCUPROX = "docuprox"
    OCRIVA = "ocriva"
    ALL = "all"


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


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
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8765,
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
        float, typer.Option(help="Seconds for running handlers to finish after SIGTERM.")
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
    asyncio.run(reconcile_command.run(hooks, is_once=once, as_json=as_json))


@app.command("providers")
def providers_command(as_json: AsJson = False) -> None:
    """List the providers and what they can do."""
    rows = [dev.described(name) for name in PROVIDERS]
    if as_json:
        for row in rows:
            out.json(row)
        return
    out.table(list(rows[0]), [list(row.values()) for row in rows])


# Help lists commands in this order: what a newcomer tries comes first.
client_commands.add_to(app)
webhook_commands.add_to(app)
app.add_typer(inbox_commands.app, name="inbox")
