"""A simulator on a virtual clock, a reader that answers from its content, and an endpoint that keeps what it was sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from paperhook.simulator import HttpPost, Simulator, VirtualClock, WebhookTarget

ORIGIN = "http://simulator.test"
HOOK = "http://app.test/hook"
SECRET = "a secret of the tests"
PNG = b"\x89PNG\r\n\x1a\n picture"
PDF = b"%PDF-1.7 document"
UNREADABLE = b"\x89PNG\r\n\x1a\n unreadable"
TEMPLATE = "550e8400-e29b-41d4-a716-446655440000"

SPACE = {"Authorization": "Bearer spocr_local"}
PARSE = {"Authorization": "Bearer dex_local"}
PROX = {"x-auth": "local-docuprox-key"}
OCRIVA = {"X-API-Key": "ocr_local"}


@dataclass(frozen=True)
class Found:
    value: str
    text: str
    confidence: float = 0.9
    match_ratio: float = 1.0
    page_number: int = 1
    box: tuple[int, int, int, int] = (100, 200, 300, 220)


@dataclass(frozen=True)
class Extraction:
    document_type: str = "invoice"
    language: str = "en"
    page_count: int = 1
    text: str = "ACME Total 1,250.00"
    fields: Mapping[str, Found] = field(default_factory=dict)
    line_items: tuple[Mapping[str, Found], ...] = ()
    warnings: tuple[str, ...] = ()
    taxes: tuple[Mapping[str, Found], ...] = ()


ACME = Extraction(
    fields={
        "vendor": Found("ACME", "ACME"),
        "invoice_number": Found("A-1", "A-1", confidence=0.7, match_ratio=0.8),
        "invoice_date": Found("2026-05-01", "May 1, 2026"),
        "currency": Found("USD", "$"),
        "subtotal": Found("1200.00", "1,200.00"),
        "tax": Found("50.00", "50.00"),
        "total": Found("1250.00", "1,250.00"),
    },
    line_items=(
        {
            "description": Found("Paper", "Paper"),
            "quantity": Found("2", "2"),
            "unit_price": Found("600.00", "600.00"),
            "amount": Found("1200.00", "1,200.00"),
        },
    ),
    warnings=("due date not found",),
)
#: As printed in Germany, with a number of the order and a sum to pay that is not the total.
MUSTER = Extraction(
    fields={
        "vendor": Found("Muster GmbH", "Muster GmbH"),
        "customer": Found("Beispiel AG", "Beispiel AG"),
        "invoice_number": Found("R-9", "R-9"),
        "invoice_date": Found("2026-07-05", "05.07.2026"),
        "due_date": Found("2026-08-04", "04.08.2026", box=(500, 600, 700, 620)),
        "currency": Found("EUR", "€"),
        "subtotal": Found("1000.00", "1.000,00 €"),
        "tax": Found("190.00", "190,00 €"),
        "total": Found("1190.00", "1.190,00 €"),
        "amount_due": Found("690.00", "690,00 €", confidence=0.6),
        "po_number": Found("4500-1187", "4500-1187"),
    },
    line_items=(
        {
            "description": Found("Papier", "Papier"),
            "quantity": Found("2.5", "2,5"),
            "unit_price": Found("400.00", "400,00"),
            "amount": Found("1000.00", "1.000,00"),
        },
    ),
    taxes=(
        {
            "tax_rate": Found("19", "19 %"),
            "taxable_amount": Found("1000.00", "1.000,00"),
            "tax": Found("190.00", "190,00 €", box=(700, 800, 800, 820)),
        },
    ),
)
NOTHING = Extraction(text="", fields={})


class Illegible(Exception):
    code = "no_text"
    message = "no readable text"


class FakeReader:
    """Reads what its content says: `unreadable` fails, `blank` has nothing, `broken` is a bug, `german` is German, `<n> pages` has n pages."""

    def __init__(self) -> None:
        self.filenames: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def aread(self, content: bytes, *, filename: str) -> Extraction:
        self.filenames.append(filename)
        await self.gate.wait()
        if b"unreadable" in content:
            raise Illegible
        if b"broken" in content:
            raise RuntimeError(content.decode(errors="replace"))
        if b"blank" in content:
            return NOTHING
        if b"german" in content:
            return MUSTER
        if b"12 pages" in content:
            return Extraction(page_count=12, fields=ACME.fields)
        return ACME


@dataclass
class Endpoint:
    """An ASGI app that keeps deliveries and answers with the next status in line, 200 when none is left."""

    statuses: list[int] = field(default_factory=list)
    deliveries: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.deliveries.append((headers, body))
        status = self.statuses.pop(0) if self.statuses else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.deliveries]


@dataclass
class World:
    simulator: Simulator
    client: httpx.AsyncClient
    clock: VirtualClock
    endpoint: Endpoint
    reader: FakeReader

    async def done(self) -> None:
        await self.simulator.drain()


@asynccontextmanager
async def a_world(*, auto: bool = False, secret: str | None = SECRET, **options: Any) -> AsyncIterator[World]:
    clock, endpoint, reader = VirtualClock(auto=auto), Endpoint(), FakeReader()
    names = ("space-ocr", "docuparse", "docuprox", "ocriva")
    options.setdefault("webhooks", {name: WebhookTarget(f"{HOOK}/{name}", secret) for name in names})
    post = HttpPost(httpx.ASGITransport(endpoint))
    simulator = Simulator(reader, clock=clock, post=post, **options)
    transport = httpx.ASGITransport(simulator)  # type: ignore[arg-type]
    async with simulator, httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield World(simulator, client, clock, endpoint, reader)
    # Whatever happened, who woke up also fell asleep: else a virtual clock runs ahead or stands still.
    assert simulator._background._awake == 0


async def make_sheet(world: World, name: str = "ap", **members: Any) -> None:
    answer = await world.client.post(
        "/space-ocr/create", json={"path": "/", "type": "sheet", "name": name, **members}, headers=SPACE
    )
    assert answer.status_code == 201, answer.text


async def upload_images(world: World, *contents: bytes, path: str = "/ap", **headers: str) -> httpx.Response:
    return await world.client.post(
        "/space-ocr/upload",
        data={"path": path},
        files=[("files", (f"{n}.png", content)) for n, content in enumerate(contents)],
        headers={**SPACE, **headers},
    )


async def extract(world: World, content: bytes = PDF, name: str = "a.pdf") -> httpx.Response:
    return await world.client.post(
        "/docuparse/api/v1/extract", files={"file": (name, content)}, headers=PARSE
    )


async def process_job(
    world: World, content: bytes = PDF, name: str = "a.pdf", **fields: str
) -> httpx.Response:
    return await world.client.post(
        "/docuprox/v1/process-job",
        data={"template_id": TEMPLATE, **fields},
        files={"actual_image": (name, content)},
        headers=PROX,
    )


async def upload_ocriva(world: World, content: bytes = PDF, **fields: str) -> httpx.Response:
    form = {
        "fileName": "a.pdf",
        "fileType": "pdf",
        "fileSize": str(len(content)),
        "mimeType": "application/pdf",
        "projectId": "proj_local",
        **fields,
    }
    given = {name: value for name, value in form.items() if value}
    return await world.client.post(
        "/ocriva/v1/openapi/upload", data=given, files={"file": ("a.pdf", content)}, headers=OCRIVA
    )


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until the condition holds; the test's own timeout ends what never comes."""
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.001)


async def assert_busy(world: World) -> None:
    """Check that the simulator knows that something is going on."""
    settled = asyncio.create_task(world.simulator.settle())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not settled.done()
    settled.cancel()
