"""Clients of the emulated providers, and what the documents leave open as variants of each wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import tenacity

from paperhook import Client
from paperhook.client import Unlimited
from paperhook.core.job import Job
from paperhook.core.provider import Provider
from paperhook.providers import DocuParse, DocuProx, Ocriva, SpaceOcr
from paperhook.retrying import RetryPolicy
from tests.emulators import docuparse, docuprox, ocriva, space_ocr
from tests.emulators.server import Form, Server
from tests.emulators.wire import UNREADABLE, Wire

PNG = b"\x89PNG\r\n\x1a\n"
BROKEN = PNG + UNREADABLE
SECRET = Wire().secret
AT_ONCE = RetryPolicy(stop=tenacity.stop_after_attempt(4), wait=tenacity.wait_none())

PROVIDERS: dict[str, Provider] = {
    "space-ocr": SpaceOcr(space_ocr.KEY, webhook_secret=SECRET, sheet="/ap/june"),
    "docuparse": DocuParse(docuparse.KEY, webhook_secret=SECRET),
    "docuprox": DocuProx(docuprox.KEY, webhook_secret=SECRET, template_id=docuprox.TEMPLATE),
    "ocriva": Ocriva(ocriva.KEY, webhook_secret=SECRET, project_id=ocriva.PROJECT),
}
#: What the documents do not say, one way and the other.
WIRES: dict[str, tuple[str, Callable[[str], Wire]]] = {
    "space-ocr": ("space-ocr", lambda taste: space_ocr.SpaceOcr(taste)),
    "space-ocr, nameless": (
        "space-ocr",
        lambda taste: space_ocr.SpaceOcr(taste, names_jobs=False, nested=True),
    ),
    "space-ocr, strict": (
        "space-ocr",
        lambda taste: space_ocr.SpaceOcr(taste, event_ids=True, missing_sheet=(400, "validation_failed")),
    ),
    "docuparse": ("docuparse", lambda taste: docuparse.DocuParse(taste)),
    "docuparse, failing": ("docuparse", lambda taste: docuparse.DocuParse(taste, failure=False)),
    "docuparse, early": ("docuparse", lambda taste: docuparse.DocuParse(taste, early=2)),
    "docuprox": ("docuprox", lambda taste: docuprox.DocuProx(taste)),
    "docuprox, single": ("docuprox", lambda taste: docuprox.DocuProx(taste, single_as_list=False)),
    "docuprox, poller": (
        "docuprox",
        lambda taste: docuprox.DocuProx(taste, done_word="COMPLETED", failed_word="ERROR"),
    ),
    "ocriva": ("ocriva", lambda taste: ocriva.Ocriva(taste)),
    "ocriva, two ids": ("ocriva", lambda taste: ocriva.Ocriva(taste, same_id=False, paging="meta")),
    "ocriva, no pages": (
        "ocriva",
        lambda taste: ocriva.Ocriva(taste, same_id=False, paging="none", failure="error"),
    ),
    "ocriva, mute": ("ocriva", lambda taste: ocriva.Ocriva(taste, failure="object", wrapped=True)),
}
TOTALS = {"space-ocr": "12800", "docuparse": "1320.00", "docuprox": "99", "ocriva": "15420"}


def at(server: Server, name: str, **options: Any) -> Provider:
    bases = {"docuparse": "/api/v1", "docuprox": "/v1", "ocriva": "/v1"}
    return replace(PROVIDERS[name], base_url=server.origin + bases.get(name, ""), **options)


@contextmanager
def emulated(
    variant: str, taste: str = "full", form: Form = "plain", **options: Any
) -> Iterator[tuple[Any, Server, Client]]:
    name, wire_of = WIRES[variant]
    wire = wire_of(taste)
    # The limits of the real ones are not those of a test.
    settings: dict[str, Any] = {"timeout": 60, "retry": AT_ONCE, "limiter": Unlimited()}
    with Server(wire.answer, form) as server, Client(at(server, name, **options), **settings) as client:
        yield wire, server, client


def followed(client: Client, job: Job) -> Job:
    for _ in range(12):
        if job.status.is_final:
            break
        job = client.status(job)
    return job
