"""Every provider against the provider on localhost: two readings of one wire, written apart, must agree."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from paperhook import AsyncClient
from paperhook.core.event import BatchCompleted, DocumentCompleted, DocumentFailed, Event
from paperhook.core.job import JobStatus
from paperhook.core.provider import Provider
from paperhook.core.result import Result
from paperhook.errors import AuthenticationFailed, NotFound
from paperhook.providers.ocriva import Ocriva
from paperhook.providers.space_ocr import INVOICE_COLUMNS, SpaceOcr
from paperhook.simulator import Simulator
from tests.contracts.test_providers import PROVIDERS
from tests.providers.driving import document
from tests.simulator.world import ORIGIN, PNG, SECRET, UNREADABLE, World, a_world

pytestmark = pytest.mark.anyio

KEYS = {
    "space-ocr": "spocr_local",
    "docuparse": "dex_local",
    "docuprox": "local-docuprox-key",
    "ocriva": "ocr_local",
}
IMAGE = document("a.png", content=PNG)
PROJECT: dict[str, dict[str, Any]] = {
    "ocriva": {"project_id": "proj_local"},
    # What is due and the number of the order are none of the columns that a sheet has by itself.
    "space-ocr": {"columns": (*INVOICE_COLUMNS, "amount_due", "PO Number")},
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def a_client(
    name: str, *, api_key: str | None = None, **options: Any
) -> AsyncIterator[tuple[World, AsyncClient]]:
    async with a_world(**options) as world:
        provider = replace(
            PROVIDERS[name],
            api_key=api_key or KEYS[name],
            base_url=Simulator.base_url(name, ORIGIN),
            webhook_secret=SECRET,
            **PROJECT.get(name, {}),
        )
        http = httpx.AsyncClient(transport=httpx.ASGITransport(world.simulator))  # type: ignore[arg-type]
        async with http, AsyncClient(provider, http_client=http) as client:
            yield world, client


def pushed(world: World, provider: Provider) -> list[Event]:
    """Verify each delivery and give what says how a document ended."""
    events = [provider.verify(headers, body) for headers, body in world.endpoint.deliveries]
    return [event for event in events if isinstance(event, (DocumentCompleted, DocumentFailed))]


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_document_is_read_and_both_ways_of_learning_it_agree(name: str) -> None:
    async with a_client(name) as (world, client):
        job = await client.upload(PNG, filename="a.png")
        await world.done()
        job = await client.status(job)
        result = await client.result(job)
        [polled] = await client.poll(job)
        [event] = pushed(world, client.provider)

    assert job.status.is_success
    assert isinstance(event, DocumentCompleted)
    assert polled.key == event.key
    assert result.fields["vendor"].value == event.result.fields["vendor"].value == "ACME"
    assert result.fields["total"].value == event.result.fields["total"].value == Decimal("1250.00")
    assert result.fields["total"].box == (100, 200, 300, 220)
    assert result.line_items[0]["amount"].value == Decimal("1200.00")
    assert result.values() == event.result.values() == client.provider.read_result(polled.payload).values()


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_document_that_cannot_be_read_fails_both_ways(name: str) -> None:
    async with a_client(name) as (world, client):
        job = await client.upload(UNREADABLE, filename="b.png")
        await world.done()
        after = await client.status(job)
        [polled] = await client.poll(job)
        events = pushed(world, client.provider)

    assert after.status.is_failure
    assert after.error is not None
    assert [event.key for event in events] == (
        [polled.key] if client.provider.capabilities.pushes_failures else []
    )


@pytest.mark.parametrize("name", ["docuparse", "ocriva"])
async def test_a_batch_that_is_found_to_have_ended_is_the_one_that_a_webhook_tells_of(name: str) -> None:
    async with a_client(name) as (world, client):
        batch = await client.batch([PNG + b"1", UNREADABLE])
        await world.done()
        events = [client.provider.verify(headers, body) for headers, body in world.endpoint.deliveries]
        [told] = [event for event in events if isinstance(event, BatchCompleted)]

    found = client.provider.batch_ended(batch.id, told.summary)

    assert found is not None
    assert (found.key, found.type, found.batch_id) == (told.key, told.type, told.batch_id)
    assert client.provider.read_summary(found.payload) == told.summary


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_wrong_key_is_told_as_such(name: str) -> None:
    async with a_client(name, api_key="somebody-else-entirely") as (_, client):
        with pytest.raises(AuthenticationFailed):
            await client.upload(PNG, filename="a.png")


async def test_every_endpoint_of_space_ocr_answers_as_its_operation_reads_it() -> None:
    async with a_client("space-ocr") as (world, client):
        space = client.provider
        assert isinstance(space, SpaceOcr)

        assert (await client.run(space.health())).status == "ok"
        assert (await client.run(space.amount())).runnable_scans > 0
        assert await client.run(space.ensure_sheet())
        assert not await client.run(space.ensure_sheet())
        await client.run(space.create_memo("/ap", "note", "one"))
        assert {node.name for node in await client.run(space.space("/", depth=10))} == {"ap", "june", "note"}
        await client.run(space.edit_memo("/ap/note", "two"))
        assert (await client.run(space.view("/ap/note"))).text == "two"
        job = await client.upload(PNG, filename="a.png")
        await world.done()
        [row] = await client.run(space.rows(where=["ocrStatus=done"]))
        assert row.name == "a.png"
        assert space.read_result({"result": row.values}).fields["total"].value == Decimal("1250.00")
        await client.run(space.edit_cell("/ap/june", row=row.row_key, column="vendor", value="ACME Ltd"))
        [edited] = await client.run(space.rows(where=["vendor~Ltd"]))
        assert edited.row_key == row.row_key
        assert (await client.run(space.view("/ap/june", select=["total"], boxes=False))).rows[0].values == {
            "total": "1,250.00"
        }
        assert "ACME" in await client.run(space.ocr_markdown(IMAGE))
        assert (await client.run(space.suggest_fields(IMAGE))).fields
        read = await client.run(space.ocr_fields(IMAGE, template_id="invoice"))
        assert read.fields["vendor"].value == "ACME"
        made = await client.run(space.set_webhook("http://app.test/hook/space-ocr"))
        assert (await client.run(space.webhook())).enabled
        await client.run(space.test_webhook())
        await world.done()
        [newest, *_] = await client.run(space.deliveries())
        assert (await client.run(space.delivery(newest.id))).event == newest.event
        await client.run(space.redeliver(newest.id))
        await client.run(space.delete_webhook())
        await client.run(space.remove("/ap"))
        with pytest.raises(NotFound):
            await client.run(space.view("/ap"))

    assert made.secret
    assert job.status is JobStatus.SUBMITTED


async def test_every_endpoint_of_ocriva_answers_as_its_operation_reads_it() -> None:
    async with a_client("ocriva") as (world, client):
        ocriva = client.provider
        assert isinstance(ocriva, Ocriva)

        [project] = await client.run(ocriva.projects())
        assert project.id == "proj_local"
        made = await client.run(ocriva.create_template("T", schema={"total": "number"}, description="d"))
        assert (await client.run(ocriva.update_template(made.template_id, name="U"))).name == "U"
        assert (await client.run(ocriva.template(made.template_id))).name == "U"
        assert len(await client.run(ocriva.templates())) == 2
        await client.run(ocriva.delete_template(made.template_id))
        batch = await client.run(ocriva.upload_batch([IMAGE, IMAGE], batch_name="B"))
        await world.done()
        after = await client.batch_status(batch)
        assert (await client.run(ocriva.batch(batch.id))).name == "B"
        assert [each.id for each in await client.run(ocriva.batches())] == [batch.id]
        page = await client.run(ocriva.history(status="completed", limit=1))
        assert (len(page.records), page.total) == (1, 2)
        record = await client.run(ocriva.record(page.records[0].id))
        assert b"ACME" in await client.run(ocriva.export(record.id))
        assert (await client.run(ocriva.stats())).model_extra
        login = await client.run(ocriva.login())
        holder = replace(ocriva, api_key=login.access_token, bearer=True)
        assert await client.run(holder.projects())
        assert (await client.run(holder.refresh())).access_token
        inside = await client.run(holder.upload_internal("org_local", IMAGE))
        await client.run(holder.upload_batch_internal("org_local", [IMAGE]))
        joined = await client.run(ocriva.add_to_batch(batch.id, IMAGE))
        await world.done()
        listed = await client.jobs()

    assert after.summary.succeeded == 2
    assert {job.id for job in after.jobs} == {job.id for job in batch.jobs}
    assert len(listed) == 5
    assert {inside.id, joined.id} <= {job.id for job in listed}


async def test_ocriva_is_polled_even_where_history_ids_are_others() -> None:
    async with a_client("ocriva", ocriva_history_id_is_upload_id=False) as (world, client):
        job = await client.upload(PNG, filename="a.png")
        await world.done()
        [polled] = await client.poll(job)
        [event] = pushed(world, client.provider)

    assert polled.key == event.key
    assert polled.document_id not in (None, job.id)


def facts(result: Result) -> dict[str, Any]:
    """Give all that is no provider's own word."""
    return {
        path: (each.value, each.box, each.page_number, each.match_ratio, each.confidence)
        for path, each in result.walk()
    }


#: DocuParse has members of its own and no others: what kind of document it is, and neither the customer, nor what is due, nor
#: the number of the order, nor the tax of each rate.
ONLY_DOCUPARSE = {"document_type"}
NOT_DOCUPARSE = {"customer", "amount_due", "purchase_order"} | {
    f"taxes[0].{name}" for name in ("tax_rate", "taxable_amount", "tax")
}


@pytest.mark.parametrize(("content", "count"), [(PNG, 11), (PNG + b" german", 18)])
async def test_one_document_has_the_same_facts_on_every_wire(content: bytes, count: int) -> None:
    told: dict[str, dict[str, Any]] = {}
    for name in PROVIDERS:
        async with a_client(name) as (world, client):
            job = await client.upload(content, filename="a.png")
            await world.done()
            [event] = pushed(world, client.provider)
            assert isinstance(event, DocumentCompleted)
            told[f"{name} pushed"] = facts(event.result)
            told[f"{name} polled"] = facts(await client.result(await client.status(job)))

    first = told["space-ocr pushed"]
    assert len(first) == count
    expected = dict.fromkeys(told, first)
    for way in ("docuparse pushed", "docuparse polled"):
        assert told[way].keys() >= ONLY_DOCUPARSE
        told[way] = {name: each for name, each in told[way].items() if name not in ONLY_DOCUPARSE}
        expected[way] = {name: each for name, each in first.items() if name not in NOT_DOCUPARSE}
    assert told == expected


@pytest.mark.parametrize("name", PROVIDERS)
def test_users_own_names_of_fields_win_over_the_providers_table(name: str) -> None:
    provider = replace(PROVIDERS[name], names={"Endbetrag": "total"}, item_names={"Menge": "quantity"})
    values = {"Endbetrag": "45,50", "total": "see below", "items": [{"Menge": "2"}]}
    given = (
        {"result": values}
        if name == "space-ocr"
        else {"extractedData": values}
        if name == "ocriva"
        else values
    )

    result = provider.read_result(given)

    assert result.fields["total"].value == Decimal("45.50")
    assert result.line_items[0]["quantity"].value == Decimal(2)
