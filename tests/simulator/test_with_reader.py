"""The four wires with the real reader: what a document says comes out in each provider's own shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from paperhook.simulator import HttpPost, Simulator, VirtualClock, WebhookTarget
from tests.simulator.world import OCRIVA, PARSE, PROX, SPACE, TEMPLATE, Endpoint

if TYPE_CHECKING:
    from paperhook.reading.reader import Reader

pytestmark = pytest.mark.anyio
pytest.importorskip("pypdfium2")


@pytest.fixture(scope="module")
def invoice() -> bytes:
    return (files("paperhook") / "samples" / "invoice.pdf").read_bytes()


@pytest.fixture
async def sent(reader: Reader) -> AsyncIterator[tuple[httpx.AsyncClient, Simulator, Endpoint]]:
    endpoint = Endpoint()
    simulator = Simulator(
        reader,
        clock=VirtualClock(),
        post=HttpPost(httpx.ASGITransport(endpoint)),
        webhooks={name: WebhookTarget("http://app.test/") for name in ("docuparse", "docuprox", "ocriva")},
    )
    transport = httpx.ASGITransport(simulator)  # type: ignore[arg-type]
    async with simulator, httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        yield client, simulator, endpoint


async def test_three_providers_read_the_same_invoice(
    sent: tuple[httpx.AsyncClient, Simulator, Endpoint], invoice: bytes
) -> None:
    client, simulator, endpoint = sent
    file = ("invoice.pdf", invoice)
    form = {
        "fileName": "invoice.pdf",
        "fileType": "pdf",
        "fileSize": str(len(invoice)),
        "mimeType": "application/pdf",
        "projectId": "proj_local",
    }

    await client.post("/docuparse/api/v1/extract", files={"file": file}, headers=PARSE)
    await simulator.drain()
    await client.post(
        "/docuprox/v1/process-job", data={"template_id": TEMPLATE}, files={"actual_image": file}, headers=PROX
    )
    await simulator.drain()
    await client.post("/ocriva/v1/openapi/upload", data=form, files={"file": file}, headers=OCRIVA)
    await simulator.drain()

    parse, prox, _, ocriva = endpoint.events
    data, result, extracted = parse["data"], prox["result"], ocriva["payload"]["extractedData"]
    assert data["merchant"]
    assert data["merchant"] == result["vendor"] == extracted["vendor"]
    assert data["invoice_id"] == result["invoice_no"] == extracted["invoiceNumber"]
    assert float(data["total"]) == float(result["total"]) == extracted["totalAmount"] > 0
    assert len(data["line_items"]) == len(result["line_items"]) == len(extracted["lineItems"]) > 0
    box: Any = data["_paperhook"]["fields"]["total"]["box"]
    assert box == extracted["_paperhook"]["fields"]["totalAmount"]["box"]
    assert 0 <= box[0] < box[2] <= 1000


async def test_what_cannot_be_read_fails_the_way_of_each_provider(
    sent: tuple[httpx.AsyncClient, Simulator, Endpoint],
) -> None:
    client, simulator, endpoint = sent
    broken = ("broken.pdf", b"%PDF-1.7 and nothing else")

    await client.post("/docuparse/api/v1/extract", files={"file": broken}, headers=PARSE)
    await client.post(
        "/docuprox/v1/process-job",
        data={"template_id": TEMPLATE},
        files={"actual_image": broken},
        headers=PROX,
    )
    await client.post("/space-ocr/create", json={"path": "/", "type": "sheet", "name": "s"}, headers=SPACE)
    sent_image = await client.post(
        "/space-ocr/upload",
        data={"path": "/s"},
        files={"files": ("a.png", b"\x89PNG\r\n\x1a\n and nothing else")},
        headers=SPACE,
    )
    await simulator.drain()
    job = await client.get(f"/space-ocr/jobs/{sent_image.json()['jobs'][0]['jobId']}", headers=SPACE)

    assert [event["event"] for event in endpoint.events] == ["document.failed"]
    assert job.json()["status"] == "failed"
    assert job.json()["error"]["code"] in {"invalid_image", "no_text"}
