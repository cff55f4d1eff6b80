from __future__ import annotations

import hashlib
import hmac

import pytest

from tests.simulator.world import PARSE, PDF, SECRET, UNREADABLE, a_world, extract

pytestmark = pytest.mark.anyio


def receive_as_the_article_does(body: bytes, signature_header: str, secret: str) -> bool:
    """What the webhook article's receiver checks, written again."""
    expected = "sha256=" + hmac.new(secret.encode("utf-8"), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature_header)


async def test_a_document_is_queued_processed_and_completed() -> None:
    async with a_world(processing_seconds=1) as world:
        accepted = (await extract(world)).json()

        statuses = []
        for _ in range(3):
            answer = await world.client.get(
                f"/docuparse/api/v1/documents/{accepted['document_id']}", headers=PARSE
            )
            statuses.append(answer.json()["status"])
            await world.simulator.advance(1)

        assert accepted["success"] is True
        assert accepted["document_id"].startswith("doc_")
        assert statuses == ["queued", "processing", "completed"]


async def test_polled_and_pushed_results_name_the_number_differently_and_mix_money_types() -> None:
    async with a_world(annotations=False) as world:
        document_id = (await extract(world)).json()["document_id"]
        await world.done()

        polled = (await world.client.get(f"/docuparse/api/v1/documents/{document_id}", headers=PARSE)).json()[
            "data"
        ]
        pushed = world.endpoint.events[0]["data"]

        assert (polled["document_number"], pushed["invoice_id"]) == ("A-1", "A-1")
        assert "invoice_id" not in polled
        assert "document_number" not in pushed
        assert (polled["subtotal"], polled["total"], pushed["subtotal"]) == (1200.0, "1250.00", "1200.00")
        assert pushed["line_items"] == [
            {"description": "Paper", "quantity": 2, "unit_price": "600.00", "total": "1200.00"}
        ]
        assert pushed["payment_method"] is None
        assert "_paperhook" not in pushed


async def test_annotations_use_the_names_of_the_result_they_stand_in() -> None:
    async with a_world() as world:
        await extract(world)
        await world.done()

        extension = world.endpoint.events[0]["data"]["_paperhook"]

        assert extension["fields"]["invoice_id"] == {
            "confidence": 0.7,
            "match_ratio": 0.8,
            "page": 1,
            "box": [100, 200, 300, 220],
        }
        assert set(extension["line_items"][0]) == {"description", "quantity", "unit_price", "total"}
        assert extension["warnings"] == ["due date not found"]


async def test_the_receiver_of_the_webhook_article_accepts_a_delivery() -> None:
    async with a_world() as world:
        await extract(world)
        await world.done()

        [(headers, body)] = world.endpoint.deliveries

        assert receive_as_the_article_does(body, headers["x-docuparse-signature"], SECRET)
        assert not receive_as_the_article_does(body + b" ", headers["x-docuparse-signature"], SECRET)
        event = world.endpoint.events[0]
        assert (event["event"], event["timestamp"]) == ("document.completed", "2027-01-15T08:00:00Z")


async def test_without_a_secret_deliveries_are_unsigned() -> None:
    async with a_world(secret=None) as world:
        await extract(world)
        await world.done()

        [(headers, _)] = world.endpoint.deliveries

        assert "x-docuparse-signature" not in headers


async def test_an_unreadable_document_fails_and_says_so_both_ways() -> None:
    async with a_world() as world:
        document_id = (await extract(world, UNREADABLE)).json()["document_id"]
        await world.done()

        polled = (await world.client.get(f"/docuparse/api/v1/documents/{document_id}", headers=PARSE)).json()
        [event] = world.endpoint.events

        assert (polled["status"], polled["error"]["code"]) == ("failed", "EXTRACTION_FAILED")
        assert (event["event"], event["document_id"]) == ("document.failed", document_id)
        assert event["error"]["code"] == "EXTRACTION_FAILED"
        assert world.simulator.state()["docuparse"]["credits_used"] == 0


@pytest.mark.parametrize("status", [201, 204, 301, 400, 500])
async def test_anything_but_exactly_200_is_delivered_again(status: int) -> None:
    async with a_world() as world:
        world.endpoint.statuses = [status]
        await extract(world)
        await world.done()

        assert len(world.endpoint.deliveries) == 2
        assert world.endpoint.deliveries[0][1] == world.endpoint.deliveries[1][1]


async def test_after_five_attempts_a_delivery_is_given_up() -> None:
    async with a_world(retry_scale=1, processing_seconds=0) as world:
        world.endpoint.statuses = [500] * 9
        started = world.clock.time()
        await extract(world)
        await world.done()

        counts = world.simulator.state()["docuparse"]

        assert (counts["deliveries_attempts"], counts["deliveries_failed"]) == (5, 1)
        assert world.clock.time() - started == 60 + 120 + 240 + 480


async def test_a_batch_is_over_when_its_last_document_ended_however_it_ended() -> None:
    async with a_world() as world:
        files = [("files", ("a.pdf", PDF)), ("files", ("b.png", UNREADABLE)), ("files", ("c.pdf", PDF))]
        sent = (await world.client.post("/docuparse/api/v1/extract/batch", files=files, headers=PARSE)).json()
        before = (
            await world.client.get(f"/docuparse/api/v1/batches/{sent['batch_id']}", headers=PARSE)
        ).json()
        await world.done()

        after = (
            await world.client.get(f"/docuparse/api/v1/batches/{sent['batch_id']}", headers=PARSE)
        ).json()
        events = [event["event"] for event in world.endpoint.events]
        [over] = [event for event in world.endpoint.events if event["event"] == "batch.completed"]

        assert (before["status"], after["status"]) == ("processing", "completed")
        assert len(sent["documents"]) == 3
        assert sorted(events) == [
            "batch.completed",
            "document.completed",
            "document.completed",
            "document.failed",
        ]
        assert over["batch_id"] == sent["batch_id"]
        assert over["summary"] == after["summary"] == {"total": 3, "succeeded": 2, "failed": 1}


async def test_the_paths_of_the_webhook_article_work_without_the_prefix() -> None:
    async with a_world() as world:
        accepted = await world.client.post(
            "/docuparse/extract", files={"file": ("a.pdf", PDF)}, headers=PARSE
        )

        polled = await world.client.get(
            f"/docuparse/documents/{accepted.json()['document_id']}", headers=PARSE
        )

        assert polled.json()["status"] == "queued"


async def test_refusals_come_in_the_documented_envelope() -> None:
    async with a_world(credits={"docuparse": 1}) as world:
        base = "/docuparse/api/v1"
        post, get = world.client.post, world.client.get
        empty, large = {"file": ("a.pdf", b"")}, {"file": ("a.pdf", b"%PDF-" + bytes(10 * 1024 * 1024))}
        cases = [
            (await post(f"{base}/extract", files=empty), 401, "UNAUTHORIZED"),
            (await post(f"{base}/extract", files=empty, headers=PARSE), 400, "INVALID_FILE"),
            (await post(f"{base}/extract", json={}, headers=PARSE), 400, "INVALID_FILE"),
            (
                await post(f"{base}/extract", files={"other": ("a", b"x")}, headers=PARSE),
                400,
                "INVALID_FILE",
            ),
            (await post(f"{base}/extract", files=large, headers=PARSE), 413, "FILE_TOO_LARGE"),
            (await post(f"{base}/extract/batch", data={"a": "b"}, headers=PARSE), 400, "INVALID_FILE"),
            (await post(f"{base}/extract/batch", files={"a": b"b"}, headers=PARSE), 400, "INVALID_FILE"),
            (await get(f"{base}/documents/doc_0", headers=PARSE), 404, "NOT_FOUND"),
            (await get(f"{base}/batches/batch_0", headers=PARSE), 404, "NOT_FOUND"),
            (await get(f"{base}/elsewhere"), 404, "NOT_FOUND"),
            (await world.client.delete("/docuparse/elsewhere"), 404, "NOT_FOUND"),
        ]
        await extract(world)
        cases.append((await extract(world), 402, "QUOTA_EXCEEDED"))

        for answer, status, code in cases:
            assert answer.status_code == status, answer.text
            assert answer.json()["success"] is False
            assert answer.json()["error"]["code"] == code
