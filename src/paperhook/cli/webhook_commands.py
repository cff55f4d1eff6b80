"""`paperhook verify`, `trigger` and `listen`: webhooks by hand, without a provider."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import httpx
import typer
from starlette.applications import Starlette
from starlette.routing import Mount

from ..core.event import Event
from ..core.provider import Provider
from ..errors import ConfigurationError, DeliveryRejected
from ..hooks import Webhooks
from ..providers import provider_class
from ..serving import bound_socket, origin_of, serving
from ..testing import LOCAL_SECRET, signed_delivery
from .output import out

ProviderName = Annotated[
    str,
    typer.Option(
        "--provider", "-p", envvar="PAPERHOOK_PROVIDER", help="space-ocr, docuparse, docuprox or ocriva."
    ),
]
SecretOption = Annotated[
    str | None,
    typer.Option("--secret", help="The webhook secret; by default from the environment, else the local one."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (verify, trigger, listen):
        app.command()(command)


def _provider(name: str, secret: str | None) -> Provider:
    """Give a provider for receiving only: no API key needed."""
    kind = provider_class(name)
    given = {f"{kind.env_prefix}API_KEY": "not-used-for-webhooks", **os.environ}
    provider = kind.from_env(given)
    if secret is None and provider.secrets:
        return provider
    return replace(provider, webhook_secret=secret or LOCAL_SECRET)


def verify(
    body: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The delivery's exact bytes.")],
    provider: ProviderName,
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help="'Name: value', may be repeated.")
    ] = None,
    secret: SecretOption = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a delivery is authentic and what it means, or why not."""
    pairs = [_header(line) for line in header or []]
    try:
        event = _provider(provider, secret).verify(pairs, body.read_bytes(), now=time.time())
    except DeliveryRejected as error:
        if as_json:
            out.json({"outcome": error.outcome, "reason": str(error)})
        else:
            out.line(f"{error.outcome}: {error}")
        raise typer.Exit(1) from error
    _print_event(event, as_json)


def trigger(
    event: Annotated[
        str, typer.Argument(help="Such as document.completed, document.failed or batch.completed.")
    ],
    to: Annotated[str, typer.Option("--to", help="Where your receiver listens.")],
    provider: ProviderName,
    secret: SecretOption = None,
    body: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Send these bytes instead.")
    ] = None,
) -> None:
    """Send a delivery, signed as the provider signs it; exit code 1 when it is not answered with 2xx."""
    sender = _provider(provider, secret)
    now = time.time()
    headers, content = signed_delivery(sender, event, now=now)
    if body is not None:
        content = body.read_bytes()
        headers |= sender.signature.sign(content, sender.secrets[0], now=now)
    try:
        answer = httpx.post(to, content=content, headers=headers, timeout=30)
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise ConfigurationError(f"{to}: {error}: is your receiver running?") from error
    out.line(f"{answer.status_code} {answer.text[:200]}")
    raise typer.Exit(0 if answer.is_success else 1)


def listen(
    provider: ProviderName,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8766,
    secret: SecretOption = None,
    count: Annotated[int, typer.Option(help="Stop after this many events; 0 never.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Print the deliveries that arrive; nothing is stored."""
    asyncio.run(_listen(_provider(provider, secret), port, count, as_json))


async def _listen(provider: Provider, port: int, count: int, as_json: bool) -> None:
    hooks = Webhooks(provider, inbox="memory:")
    enough = asyncio.Event()
    seen = 0

    @hooks.on("*")
    async def show(event: Event) -> None:
        nonlocal seen
        seen += 1
        _print_event(event, as_json)
        if seen == count:
            enough.set()

    app = Starlette(routes=[Mount("/", hooks.asgi())], lifespan=hooks.lifespan)
    with contextlib.closing(bound_socket(port)) as bound:
        async with serving(app, bound):
            if not as_json:
                out.line(f"listening for {provider.name} on {origin_of(bound)}/; stop with Ctrl-C")
            await enough.wait()
    hooks.close()


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise ConfigurationError(f"{name!r} is no header: write 'Name: value'")
    return name.strip(), value.strip()


def _print_event(event: Event, as_json: bool) -> None:
    row = {
        "type": event.type,
        "provider": event.provider,
        "provider_type": event.provider_type,
        "key": event.key,
        "job_id": event.job_id,
        "document_id": event.document_id,
        "batch_id": event.batch_id,
    }
    if as_json:
        out.json(row)
        return
    out.line("  ".join(f"{name}={value}" for name, value in row.items() if value))
