"""Our reading of a wire against the provider on localhost, which was written from the same pages by another hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from paperhook import AsyncClient, Job, JobStatus, open_document
from paperhook.core.event import BatchCompleted, DocumentCompleted, DocumentFailed, Event, Origin
from paperhook.core.provider import Provider
from paperhook.errors import AuthenticationFailed, NotFound, ResultExpired
from paperhook.providers.docuparse import DocuParse
from paperhook.providers.docuprox import AgentPrompt, DocuProx
from paperhook.retrying import NO_RETRY
from paperhook.schemas import Invoice
from tests.simulator.world import ORIGIN, PDF, PNG, SECRET, TEMPLATE, UNREADABLE, World, a_world

pytestmark = pytest.mark.anyio

PARSE = DocuParse("dex_local", base_url=f"{ORIGIN}/docuparse/api/v1", webhook_secret=SECRET)


def prox(**settings: Any) -> DocuProx:
    return DocuProx(
        "local-docuprox-key",
        base_url=f"{ORIGIN}/docuprox/v1",
        webhook_secret=SECRET,
        template_id=TEMPLATE,
        **settings,
    )


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def a_client(provider: Provider, **options: Any) -> AsyncIterator[tuple[World, AsyncClient]]:
    async with a_world(**options) as world:
        yield world, AsyncClient(provider, retry=NO_RETRY, http_client=world.client)


async def polled(client: AsyncClient, job: Job) -> list[Event]:
    envelopes = await client.poll(job)
    return [client.provider.event(envelope, body=b"", origin=Origin.POLL) for envelope in envelopes]


def pushed(world: World, provider: Provider) -> list[Event]:
    return [provider.verify(headers, body) for headers, body in world.endpoint.deliveries]


def zipped(*contents: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.png", content)
    return out.getvalue()


@pytest.mark.parametrize(
    "provider", [PARSE, prox(), prox(form="json"), prox(form="raw")], ids=lambda each: each.name
)
async def test_one_document_is_sent_pushed_polled_and_read(provider: Provider) -> None:
    async with a_client(provider) as (world, client):
        job = await client.upload(PDF, filename="a.pdf")
        await world.done()
        [delivery] = pushed(world, provider)
        [answer] = await polled(client, job)

        assert not job.status.is_final
        assert isinstance(delivery, DocumentCompleted)
        assert (delivery.key, delivery.type, delivery.job_id) == (answer.key, answer.type, job.id)
        invoice = (await client.result(job)).parse(Invoice)
        assert invoice == delivery.result.parse(Invoice)
        assert (invoice.vendor, invoice.invoice_number, invoice.total) == ("ACME", "A-1", Decimal("1250.00"))
        assert delivery.result.fields["total"].box == (100, 200, 300, 220)
        assert delivery.result.line_items[0]["quantity"].match_ratio == 1.0
        assert delivery.result.warnings == ("due date not found",)


async def test_docuparse_tells_of_a_failure_both_ways() -> None:
    async with a_client(PARSE) as (world, client):
        job = await client.upload(UNREADABLE, filename="a.png")
        await world.done()
        [delivery] = pushed(world, PARSE)
        [answer] = await polled(client, job)

        assert isinstance(delivery, DocumentFailed)
        assert isinstance(answer, DocumentFailed)
        assert (delivery.key, delivery.error) == (answer.key, answer.error)
        assert delivery.error.code == "EXTRACTION_FAILED"


async def test_docuparse_batch_is_sent_and_ends() -> None:
    async with a_client(PARSE) as (world, client):
        batch = await client.batch([PDF, UNREADABLE])
        await world.done()
        after = await client.batch_status(batch)

        assert len(batch.jobs) == 2
        assert after.status is JobStatus.COMPLETED
        assert (after.summary.total, after.summary.succeeded, after.summary.failed) == (2, 1, 1)
        [ended] = [event for event in pushed(world, PARSE) if isinstance(event, BatchCompleted)]
        assert (ended.batch_id, ended.summary) == (batch.id, after.summary)


async def test_docuprox_failure_is_found_by_polling_only() -> None:
    async with a_client(prox()) as (world, client):
        job = await client.upload(UNREADABLE, filename="a.png")
        await world.done()

        assert pushed(world, client.provider) == []
        [answer] = await polled(client, job)
        assert isinstance(answer, DocumentFailed)


async def test_docuprox_archive_is_one_job_and_several_documents() -> None:
    async with a_client(prox(), annotations=False) as (world, client):
        job = await client.upload(zipped(PNG, PNG + b" blank"), filename="all.zip")
        await world.done()

        deliveries = {event.key for event in pushed(world, client.provider)}
        assert len(deliveries) == 2
        assert {event.key for event in await polled(client, job)} == deliveries
        assert len(await client.run(prox().results(job))) == 2


async def test_docuprox_reference_comes_back() -> None:
    async with a_client(prox(form="raw", static_values={"ref": "é 7"})) as (world, client):
        job = await client.upload(PDF, filename="a.pdf")
        await world.done()

        assert [event.metadata for event in pushed(world, client.provider)] == [{"ref": "é 7"}]
        assert [event.metadata for event in await polled(client, job)] == [{"ref": "é 7"}]


async def test_docuprox_results_come_as_csv() -> None:
    async with a_client(prox()) as (world, client):
        job = await client.upload(PDF, filename="a.pdf")
        await world.done()

        head, row, *_ = (await client.run(prox().results_csv(job))).splitlines()
        assert head.startswith("vendor,")
        assert row.startswith("ACME,")


async def test_docuprox_result_expires_after_a_day() -> None:
    async with a_client(prox()) as (world, client):
        job = await client.upload(PDF, filename="a.pdf")
        await world.done()
        await world.simulator.advance(24 * 3600 + 1)

        with pytest.raises(ResultExpired):
            await client.result(job)


@pytest.mark.parametrize("form", ["multipart", "json", "raw"])
async def test_docuprox_reads_while_waiting(form: Any) -> None:
    provider = prox(form=form)
    async with a_client(provider) as (_, client):
        result = await client.run(provider.process(open_document(PDF, filename="a.pdf")))

        assert result.fields["vendor"].value == "ACME"


@pytest.mark.parametrize("form", ["multipart", "json"])
async def test_docuprox_agent_reads_what_a_prompt_asks_for(form: Any) -> None:
    provider = prox(form=form)
    prompt = AgentPrompt(fields={"seller": "who sold", "grand_total": "the sum"}, document_type="invoice")
    async with a_client(provider) as (world, client):
        document = open_document(PDF, filename="a.pdf")
        result = await client.run(provider.process_agent(document, prompt))
        job = await client.run(provider.upload_with_prompt(document, prompt, metadata={"ref": 7}))
        await world.done()

        assert result.values() == {"vendor": "ACME", "total": Decimal("1250.00")}
        [delivery] = pushed(world, provider)
        assert (delivery.job_id, delivery.metadata) == (job.id, {"ref": 7})


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: DocuParse("wrong", base_url=PARSE.base_url), AuthenticationFailed),
        (lambda: DocuProx("wrong", base_url=prox().base_url, template_id=TEMPLATE), AuthenticationFailed),
    ],
)
async def test_wrong_key_is_refused(make: Callable[[], Provider], expected: type) -> None:
    async with a_client(make()) as (_, client):
        with pytest.raises(expected):
            await client.upload(PDF, filename="a.pdf")


@pytest.mark.parametrize("provider", [PARSE, prox()], ids=lambda each: each.name)
async def test_unknown_job_is_not_found(provider: Provider) -> None:
    async with a_client(provider) as (_, client):
        with pytest.raises(NotFound):
            await client.status("0b0c2a52-1111-4222-8333-944455556666")


async def test_docuprox_template_that_is_unknown_is_not_found() -> None:
    async with a_client(prox(), docuprox_unknown_templates=(TEMPLATE,)) as (_, client):
        with pytest.raises(NotFound, match="Template not found"):
            await client.upload(PDF, filename="a.pdf")
