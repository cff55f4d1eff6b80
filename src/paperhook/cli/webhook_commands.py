"""`paperhook verify`, `trigger`, `send` and `listen`: webhooks by hand, without a provider and offline."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.delivery import Delivery
from ..core.event import Event
from ..core.headers import Headers
from ..core.provider import NOTHING
from ..core.secret import MIN_SECRET_BYTES, Secret
from ..errors import ConfigurationError, DeliveryRejected
from ..sample_deliveries import sample_delivery
from ..serving import bound_socket, origin_of, serving
from ..webhooks.signatures.diagnosis import explain
from .arrivals import shown
from .choosing import LOCAL, Chosen, chosen, known_schemes
from .given import (
    BodyFile,
    HeaderLine,
    ProviderName,
    SchemeName,
    SecretFile,
    SecretText,
    SecretVariable,
    Settings,
    bytes_in,
    checked_url,
    headers_in,
    headers_to_send,
    other_secrets,
    secrets_given,
)
from .harmless import harmless
from .listening import Arrival, Listener
from .options import AsJson, not_negative
from .output import out
from .sending import FAULTS, Outgoing, faults_named, planned, send_all

To = Annotated[str, typer.Option("--to", help="Where your receiver listens.")]
#: All of them are made before the first is sent.
MAX_TIMES = 100_000
Times = Annotated[int, typer.Option(min=1, max=MAX_TIMES, help="How many.")]
FaultText = Annotated[
    list[str] | None,
    typer.Option("--fault", help=f"{', '.join(FAULTS)}; with =0.5 or =3x not always. May be repeated."),
]
Seed = Annotated[int, typer.Option(help="The same seed commits the same faults.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (verify, trigger, send, listen):
        app.command()(command)


def verify(
    body: BodyFile,
    provider: ProviderName = None,
    scheme: SchemeName = None,
    settings: Settings = None,
    header: HeaderLine = None,
    secret: SecretText = None,
    secret_env: SecretVariable = None,
    secret_file: SecretFile = None,
    now: Annotated[
        float | None,
        typer.Option(
            callback=not_negative, help="Seconds since the epoch when it arrived; the time by default."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a delivery that you saved is authentic and what it means, or why not; exit code 1 when it is refused."""
    meant = chosen(provider, scheme, settings, secrets_given(secret, secret_env, secret_file))
    delivery = Delivery(headers_in(header), bytes_in(body))
    moment = time.time() if now is None else now
    try:
        matched = meant.scheme.verify(delivery, meant.secrets, now=moment)
        events = () if meant.provider is None else meant.provider.events(delivery)
    except (DeliveryRejected, ConfigurationError) as error:
        outcome = error.outcome if isinstance(error, DeliveryRejected) else "misconfigured"
        _print_refusal(outcome, _reasons(meant, delivery, moment) or (str(error),), as_json)
        raise typer.Exit(1) from error
    if not events:
        out.json({"secret": matched}) if as_json else out.line(f"authentic: {matched or 'nothing'} matched")
    for event in events:
        _print_event(event, matched, as_json)
    if not as_json:
        _warn_of_short(meant.secrets, matched)


def _reasons(meant: Chosen, delivery: Delivery, now: float) -> tuple[str, ...]:
    others, schemes = other_secrets(meant.secrets), known_schemes()
    found = explain(meant.scheme, delivery, meant.secrets, now=now, others=others, schemes=schemes)
    if found and any(secret.name == LOCAL for secret in meant.secrets):
        return (
            *found,
            f"no secret was given, so {LOCAL} was tried: write --secret-env NAME or --secret-file PATH",
        )
    return found


def trigger(
    event: Annotated[
        str, typer.Argument(help="Such as document.completed, document.failed or batch.completed.")
    ],
    to: To,
    provider: ProviderName = None,
    scheme: SchemeName = None,
    settings: Settings = None,
    secret: SecretText = None,
    secret_env: SecretVariable = None,
    secret_file: SecretFile = None,
    data: Annotated[
        Path | None,
        typer.Option(help="A JSON object that is merged over the made-up body, - for standard input."),
    ] = None,
    times: Times = 1,
    fault: FaultText = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Send made-up events, signed as the provider signs them; exit code 1 when one is not answered as it should be."""
    meant = chosen(provider, scheme, settings, secrets_given(secret, secret_env, secret_file)).checked()
    if meant.provider is None:
        raise ConfigurationError("whose event? write --provider NAME, or send a body of your own with send")
    change = NOTHING if data is None else _json_object(data)
    made: list[Outgoing] = []
    for _ in range(times):
        content, headers = sample_delivery(meant.provider, event, secrets.token_hex(4), change)
        made.append(Outgoing(event, content, headers))
    _send(made, meant, to, fault, seed, as_json)


def send(
    body: BodyFile,
    to: To,
    provider: ProviderName = None,
    scheme: SchemeName = None,
    settings: Settings = None,
    header: HeaderLine = None,
    secret: SecretText = None,
    secret_env: SecretVariable = None,
    secret_file: SecretFile = None,
    times: Times = 1,
    fault: FaultText = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Sign any body and send it; exit code 1 when it is not answered as it should be."""
    meant = chosen(provider, scheme, settings, secrets_given(secret, secret_env, secret_file)).checked()
    one = Outgoing(str(body), bytes_in(body), dict(headers_to_send(header)))
    _send([one] * times, meant, to, fault, seed, as_json)


def _send(
    made: list[Outgoing], meant: Chosen, to: str, fault: list[str] | None, seed: int, as_json: bool
) -> None:
    is_well = send_all(planned(made, faults_named(fault, seed)), meant, checked_url(to), as_json=as_json)
    raise typer.Exit(0 if is_well else 1)


def listen(
    provider: ProviderName = None,
    scheme: SchemeName = None,
    settings: Settings = None,
    secret: SecretText = None,
    secret_env: SecretVariable = None,
    secret_file: SecretFile = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8766,
    forward: Annotated[
        str | None, typer.Option(help="Pass deliveries that are not refused on to this URL.")
    ] = None,
    count: Annotated[int, typer.Option(min=0, help="Stop after this many deliveries; 0 never.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show the deliveries that arrive, with outcome and latency; nothing is stored."""
    meant = None
    if forward is not None:
        checked_url(forward)
    if provider is not None:
        meant = chosen(provider, scheme, settings, secrets_given(secret, secret_env, secret_file)).checked()
    elif scheme is not None or secret or secret_env or secret_file:
        raise ConfigurationError(
            "whose deliveries? write --provider NAME as well; without it nothing is checked"
        )
    asyncio.run(_listen(meant, port, forward, count, as_json))


async def _listen(meant: Chosen | None, port: int, forward: str | None, count: int, as_json: bool) -> None:
    arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
    with contextlib.closing(bound_socket(port)) as bound:
        async with serving(Listener(meant, arrivals.put_nowait, forward), bound):
            if not as_json:
                whose = "anybody, unchecked" if meant is None else meant.name
                out.line(f"listening for {whose} on {origin_of(bound)}/; stop with Ctrl-C")
            with shown(json=as_json) as show:
                for _ in range(count) if count else itertools.count():
                    show(await arrivals.get())


def _json_object(path: Path) -> Mapping[str, Any]:
    content = bytes_in(path)
    try:
        return Delivery(Headers(), content).json_object()
    except DeliveryRejected as error:
        raise ConfigurationError(f"{path}: {str(error).replace('the body', 'this', 1)}") from error


def _print_refusal(outcome: str, reasons: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        out.json({"outcome": outcome, "reason": "; ".join(reasons), "reasons": list(reasons)})
        return
    out.text(harmless(f"{outcome}: {reasons[0]}"))
    for reason in reasons[1:]:
        out.text(f"  {harmless(reason)}")


def _warn_of_short(secrets: Sequence[Secret], matched: str) -> None:
    for each in secrets:
        if each.name == matched and len(each.key) < MIN_SECRET_BYTES:
            words = (
                f"{matched} has {len(each.key)} bytes: a receiver takes it only as Secret(…, short='accept')"
            )
            out.line(f"  {words}")


def _print_event(event: Event, secret: str, as_json: bool) -> None:
    row = {
        "type": event.type,
        "provider": event.provider,
        "provider_type": event.provider_type,
        "key": event.key,
        "job_id": event.job_id,
        "document_id": event.document_id,
        "batch_id": event.batch_id,
        "secret": secret,
    }
    if as_json:
        out.json(row)
        return
    out.text(harmless("  ".join(f"{name}={value}" for name, value in row.items() if value)))
