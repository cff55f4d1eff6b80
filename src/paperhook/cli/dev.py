"""`paperhook dev`: the providers on loopback, until it is stopped."""

from __future__ import annotations

import contextlib
import shlex

from ..core.provider import Capabilities
from ..core.secret import Secret
from ..providers import PROVIDERS, provider_class
from ..providers.declared import declaration, declared_names
from ..reading.reader import Reader
from ..serving import bound_socket, origin_of, serving
from ..simulator import Simulator
from ..testing.local import LOCAL_OPTIONS, local_provider, webhook_targets
from .output import out
from .stopping import stop_asked


async def run(port: int, webhook: str | None, secret: str) -> None:
    """Serve the local providers until SIGINT or SIGTERM.

    Raises:
        ConfigurationError: If a receiver could not take the secret, or the port cannot be used.
    """
    Secret(secret, name="--secret")
    stopped = stop_asked()
    with contextlib.closing(bound_socket(port)) as bound, Reader() as reader:
        reader.start()
        simulator = Simulator(
            reader,
            webhooks=webhook_targets(webhook, secret),
            # A web page must not reach it under a name of its own that leads here.
            allowed_hosts=["127.0.0.1", "localhost"],
        )
        origin = origin_of(bound)
        async with serving(simulator, bound):
            _announce(origin, webhook, secret)
            await stopped.wait()


def _announce(origin: str, webhook: str | None, secret: str) -> None:
    # Comments of a shell, so that all of it may be copied, or kept in a file and sourced.
    out.heading(f"# providers on {origin}, stop with Ctrl-C")
    for name in PROVIDERS:
        provider = local_provider(name, origin, secret=secret)
        out.line()
        out.heading(f"# {name}")
        prefix = provider.env_prefix
        settings = {"base_url": provider.base_url, "api_key": provider.api_key, **LOCAL_OPTIONS.get(name, {})}
        if webhook is not None:
            settings["webhook_secret"] = secret
        for option, value in settings.items():
            out.line(f"export {prefix}{option.upper()}={shlex.quote(str(value))}")
        if webhook is not None:
            out.remark(f"# webhooks go to {webhook.replace('{provider}', name)}")
    out.line()
    if webhook is None:
        out.remark(
            "# no webhooks are sent: --webhook http://127.0.0.1:8000/webhooks/{provider} says where to"
        )


def described_providers() -> list[dict[str, object]]:
    """Say what each provider can do, for people who choose one: the four, then those that are declared."""
    four = [_described(name, provider_class(name).capabilities, "class") for name in PROVIDERS]
    told = [(name, declaration(name).limits.capabilities()) for name in declared_names()]
    return [*four, *(_described(name, can, "declaration") for name, can in told)]


def _described(name: str, can: Capabilities, kind: str) -> dict[str, object]:
    return {
        "provider": name,
        "kind": kind,
        "idempotency": can.idempotency_header or "none",
        "batch": can.max_batch_documents or "none",
        "accepts": "any" if can.accepts is None else ", ".join(sorted(can.accepts)),
        "max bytes": can.max_document_bytes or "?",
        "pushes failures": "yes" if can.pushes_failures else "no",
        "requests": ", ".join(f"{each.requests} in {each.seconds:g} s" for each in can.rates) or "?",
        "results kept": "?" if can.retention_seconds is None else f"{can.retention_seconds / 3600:g} h",
    }
