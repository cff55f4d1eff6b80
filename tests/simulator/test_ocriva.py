from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

import pytest

from paperhook.simulator import WebhookTarget
from tests.simulator.world import HOOK, OCRIVA, PDF, PNG, SECRET, UNREADABLE, World, a_world, upload_ocriva

pytestmark = pytest.mark.anyio
BASE = "/ocriva/v1/openapi"
PROJECT = {"projectId": "proj_local"}


def receive_as_the_overview_says(body: bytes, header: str, secret: str) -> bool:
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"sha256={expected}", header)


async def get(world: World, path: str, **query: Any) -> Any:
    return await world.client.get(f"{BASE}{path}", params=query, headers=OCRIVA)


async def upload_batch(world: World, *contents: bytes, **fields: str) -> Any:
    return await world.client.post(
        f"{BASE}/batch/upload",
        data={**PROJECT, **fields},
        files=[("files", (f"{n}.pdf", content)) for n, content in enumerate(contents)],
        headers=OCRIVA,
    )


async def test_an_upload_is_answered_with_201_and_found_in_the_history() -> None:
    async with a_world(processing_seconds=1) as world:
        answer = await upload_ocriva(world, metadata='{"ref": "7"}')
        seen = []
        for _ in range(4):
            seen.append((await get(world, f"/processing-history/{answer.json()['id']}")).json()["status"])
            await world.simulator.advance(1)
        record = (await get(world, f"/processing-history/{answer.json()['id']}")).json()

        assert (answer.status_code, answer.json()["status"]) == (201, "uploaded")
        assert seen == ["pending", "queued", "in_progress", "completed"]
        assert record["fileSize"] == answer.json()["fileSize"] == str(len(PDF))
        assert record["metadata"] == {"ref": "7"}
        assert record["uploadId"] != record["id"]
        assert (record["extractedData"]["totalAmount"], record["extractedData"]["invoiceNumber"]) == (
            1250.0,
            "A-1",
        )
        assert 0 < record["confidence"] < 1
        assert record["processingTime"] == 3000


async def test_history_ids_can_differ_from_upload_ids() -> None:
    async with a_world(ocriva_history_id_is_upload_id=False) as world:
        reply_id = (await upload_ocriva(world)).json()["id"]

        direct = await get(world, f"/processing-history/{reply_id}")
        [listed] = (await get(world, "/processing-history", **PROJECT)).json()["data"]

        assert direct.status_code == 404
        assert listed["uploadId"] == reply_id
        assert (await get(world, f"/processing-history/{listed['id']}")).status_code == 200


async def test_events_follow_the_life_of_a_document() -> None:
    async with a_world() as world:
        upload = (await upload_ocriva(world)).json()
        await world.done()

        uploaded, processed = world.endpoint.events
        assert (uploaded["eventType"], processed["eventType"]) == ("document.uploaded", "document.processed")
        assert (uploaded["payload"]["fileSize"], uploaded["payload"]["status"]) == (len(PDF), "uploaded")
        assert set(processed) == {
            "eventType",
            "eventId",
            "timestamp",
            "organizationId",
            "projectId",
            "payload",
        }
        assert re.fullmatch(r"evt_\d{13}_[0-9a-z]{6}", processed["eventId"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", processed["timestamp"])
        payload = processed["payload"]
        assert set(payload) == {
            "id",
            "fileName",
            "status",
            "extractedData",
            "confidence",
            "processingTime",
            "processedAt",
        }
        assert (payload["id"], payload["status"]) == (upload["id"], "completed")
        assert payload["extractedData"]["lineItems"][0] == {
            "description": "Paper",
            "quantity": 2,
            "unitPrice": 600.0,
            "amount": 1200.0,
        }
        assert payload["extractedData"]["_paperhook"]["fields"]["totalAmount"]["box"] == [100, 200, 300, 220]


async def test_deliveries_are_signed_when_a_secret_is_set() -> None:
    async with a_world() as world:
        await upload_ocriva(world)
        await world.done()

        for headers, body in world.endpoint.deliveries:
            assert receive_as_the_overview_says(body, headers["x-webhook-signature"], SECRET)
            assert headers["x-webhook-event"] == json.loads(body)["eventType"]
            assert headers["content-type"] == "application/json"


async def test_deliveries_are_unsigned_without_a_secret() -> None:
    async with a_world(secret=None) as world:
        await upload_ocriva(world)
        await world.done()

        assert all("x-webhook-signature" not in headers for headers, _ in world.endpoint.deliveries)


async def test_an_event_is_lost_after_three_attempts() -> None:
    target = WebhookTarget(HOOK, SECRET, events=frozenset({"document.processed"}))
    async with a_world(webhooks={"ocriva": target}) as world:
        world.endpoint.statuses = [500] * 9
        await upload_ocriva(world)
        await world.done()

        counts = world.simulator.state()["ocriva"]

        assert (counts["deliveries_events"], counts["deliveries_attempts"], counts["deliveries_failed"]) == (
            1,
            3,
            1,
        )


async def test_an_unreadable_document_fails_with_its_reason() -> None:
    async with a_world() as world:
        upload = (await upload_ocriva(world, UNREADABLE)).json()
        await world.done()

        record = (await get(world, f"/processing-history/{upload['id']}")).json()
        event = world.endpoint.events[-1]

        assert (record["status"], record["errorMessage"]) == ("failed", "no readable text")
        assert (event["eventType"], event["payload"]["error"]) == ("document.failed", "no readable text")
        assert world.simulator.state()["ocriva"]["credits_used"] == 0


async def test_a_batch_counts_its_files_until_all_have_ended() -> None:
    async with a_world() as world:
        born = await upload_batch(world, PDF, UNREADABLE, name="June")
        await world.done()

        batch = (await get(world, f"/batch/{born.json()['id']}")).json()
        listed = (await get(world, "/batch", **PROJECT)).json()
        members = (await get(world, "/processing-history", batchId=batch["id"], **PROJECT)).json()
        types = [event["eventType"] for event in world.endpoint.events]
        over = world.endpoint.events[types.index("batch.completed")]["payload"]

        assert (born.status_code, born.json()["status"], born.json()["name"]) == (201, "processing", "June")
        assert (batch["totalFiles"], batch["completedFiles"], batch["failedFiles"]) == (2, 1, 1)
        assert (batch["progress"], batch["status"]) == (100, "completed")
        assert listed["data"] == [batch]
        assert {record["id"] for record in members["data"]} == set(batch["uploadIds"])
        assert sorted(types) == [
            "batch.completed",
            "batch.uploaded",
            "document.failed",
            "document.processed",
            "document.uploaded",
            "document.uploaded",
        ]
        assert (over["completedFiles"], over["failedFiles"]) == (1, 1)


async def test_a_batch_in_which_all_failed_has_failed() -> None:
    async with a_world() as world:
        born = (await upload_batch(world, UNREADABLE)).json()
        await world.done()

        assert (await get(world, f"/batch/{born['id']}")).json()["status"] == "failed"
        assert re.fullmatch(r"Batch \d{4}-\d\d-\d\d", born["name"])


async def test_an_upload_can_join_a_batch() -> None:
    async with a_world() as world:
        batch = (await upload_batch(world, PNG)).json()

        joined = await upload_ocriva(world, batchId=batch["id"])
        unknown = await upload_ocriva(world, batchId="none")

        assert joined.json()["batchId"] == batch["id"]
        assert unknown.status_code == 404
        assert (await get(world, f"/batch/{batch['id']}")).json()["totalFiles"] == 2


async def test_templates_decide_the_names_and_their_life_is_pushed() -> None:
    async with a_world() as world:
        schema = {"fields": [{"name": "supplier"}, {"name": "gross_amount"}, {"name": "color"}]}
        body = {"name": "Mine", "description": "d", "templateSchema": schema, **PROJECT}
        made = (await world.client.post(f"{BASE}/templates", json=body, headers=OCRIVA)).json()
        upload = (await upload_ocriva(world, templateId=made["templateId"])).json()
        await world.done()
        record = (await get(world, f"/processing-history/{upload['id']}")).json()
        path = f"{BASE}/templates/{made['templateId']}"
        changed = await world.client.patch(path, json={"name": "Ours"}, headers=OCRIVA)
        listed = (await get(world, "/templates", **PROJECT)).json()
        deleted = await world.client.delete(path, headers=OCRIVA)
        gone = await world.client.get(path, headers=OCRIVA)
        await world.done()

        data = record["extractedData"]
        assert (data["supplier"], data["gross_amount"], data["color"]) == ("ACME", 1250.0, None)
        assert changed.json()["name"] == "Ours"
        assert [template["name"] for template in listed] == ["Invoice", "Ours"]
        assert (deleted.status_code, gone.status_code) == (204, 404)
        types = [event["eventType"] for event in world.endpoint.events]
        assert [word for word in types if word.startswith("template.")] == [
            "template.created",
            "template.updated",
            "template.deleted",
        ]


@pytest.mark.parametrize("schema", [["vendor"], {"vendor": "string"}, {"properties": {"vendor": {}}}])
async def test_a_schema_may_have_any_of_the_usual_forms(schema: object) -> None:
    async with a_world(annotations=False) as world:
        body = {"name": "n", "description": "d", "templateSchema": schema, **PROJECT}
        made = (await world.client.post(f"{BASE}/templates", json=body, headers=OCRIVA)).json()
        upload = (await upload_ocriva(world, templateId=made["templateId"])).json()
        await world.done()

        record = (await get(world, f"/processing-history/{upload['id']}")).json()

        assert record["extractedData"] == {"vendor": "ACME"}


async def test_the_history_is_filtered_paged_counted_and_exported() -> None:
    async with a_world() as world:
        first = (await upload_ocriva(world, fileName="march.pdf")).json()
        await world.done()
        await upload_ocriva(world, fileName="april.pdf")

        async def found(**query: Any) -> list[str]:
            answer = (await get(world, "/processing-history", **PROJECT, **query)).json()
            return [record["fileName"] for record in answer["data"]]

        paging = (await get(world, "/processing-history", limit=1, page=2, **PROJECT)).json()
        stats = (await get(world, "/processing-history/stats", **PROJECT)).json()
        export = await get(world, f"/processing-history/{first['id']}/export", format="json")

        assert await found() == ["april.pdf", "march.pdf"]
        assert await found(status="completed") == ["march.pdf"]
        assert await found(search="APRIL") == ["april.pdf"]
        assert await found(templateId="none") == []
        assert await found(fromDate="2027-01-15", toDate="2027-01-15") == ["april.pdf", "march.pdf"]
        assert await found(fromDate="2027-01-16") == []
        assert await found(toDate="2027-01-14") == []
        assert [record["fileName"] for record in paging["data"]] == ["march.pdf"]
        assert (paging["total"], paging["page"], paging["limit"], paging["totalPages"]) == (2, 2, 1, 2)
        assert (stats["total"], stats["completed"], stats["pending"]) == (2, 1, 1)
        assert export.json()["vendor"] == "ACME"


async def test_a_key_can_be_exchanged_for_an_access_token_that_expires() -> None:
    async with a_world() as world:
        login = await world.client.post(f"{BASE}/auth/login", json={"token": "ocr_local"})
        bearer = {"Authorization": f"Bearer {login.json()['accessToken']}"}
        fresh = await world.client.get(f"{BASE}/projects", headers=bearer)
        renewed = await world.client.post("/ocriva/auth/refresh", headers=bearer)
        await world.simulator.advance(3600)
        stale = await world.client.get(f"{BASE}/projects", headers=bearer)
        wrong = await world.client.post(f"{BASE}/auth/login", json={"token": "ocr_wrong"})

        assert (login.status_code, login.json()["expiresIn"]) == (200, 3600)
        assert login.json()["tokenInfo"]["scope"] == "organization"
        assert fresh.json()[0]["id"] == "proj_local"
        assert renewed.json()["accessToken"] != login.json()["accessToken"]
        assert (stale.status_code, wrong.status_code) == (401, 401)


async def test_a_project_token_sees_its_own_project_only() -> None:
    options: dict[str, Any] = {
        "api_keys": {"ocriva": ["ocr_local", "ocr_project"]},
        "ocriva_projects": ["proj_local", "proj_other"],
        "ocriva_project_keys": {"ocr_project": "proj_other"},
    }
    async with a_world(**options) as world:
        own = {"X-API-Key": "ocr_project"}
        upload = (await upload_ocriva(world)).json()
        batch = (await upload_batch(world, PDF)).json()
        projects = (await world.client.get(f"{BASE}/projects", headers=own)).json()
        implied = await world.client.get(f"{BASE}/processing-history", headers=own)
        foreign = await world.client.get(f"{BASE}/processing-history", params=PROJECT, headers=own)
        record = await world.client.get(f"{BASE}/processing-history/{upload['id']}", headers=own)
        other_batch = await world.client.get(f"{BASE}/batch/{batch['id']}", headers=own)

        assert [project["id"] for project in projects] == ["proj_other"]
        assert (implied.status_code, implied.json()["data"]) == (200, [])
        assert (foreign.status_code, record.status_code, other_batch.status_code) == (401, 404, 404)


async def test_the_internal_paths_need_less() -> None:
    async with a_world() as world:
        one = await world.client.post(
            "/ocriva/upload/org_local/file", data=PROJECT, files={"file": ("a.png", PNG)}, headers=OCRIVA
        )
        many = await world.client.post(
            "/ocriva/batch/org_local/upload", data=PROJECT, files={"files": ("a.bin", b"?")}, headers=OCRIVA
        )

        assert (one.status_code, one.json()["fileName"], one.json()["mimeType"]) == (
            201,
            "a.png",
            "image/png",
        )
        assert many.status_code == 201


async def test_refusals_come_in_the_documented_envelope() -> None:
    async with a_world(rate_limits=False) as world:

        async def template(**members: Any) -> Any:
            return await world.client.post(f"{BASE}/templates", json=members, headers=OCRIVA)

        pending = (await upload_ocriva(world)).json()["id"]
        cases = [
            (await world.client.get(f"{BASE}/projects"), 401, str),
            (await get(world, "/processing-history", projectId="proj_foreign"), 401, str),
            (await get(world, "/processing-history"), 400, list),
            (await get(world, "/processing-history", page="0", **PROJECT), 400, list),
            (await get(world, "/processing-history", limit="x", **PROJECT), 400, list),
            (await get(world, "/processing-history/none"), 404, str),
            (await get(world, f"/processing-history/{pending}/export"), 409, str),
            (await get(world, f"/processing-history/{pending}/export", format="xml"), 400, str),
            (await get(world, "/batch/none"), 404, str),
            (await get(world, "/templates/none"), 404, str),
            (await get(world, "/elsewhere"), 404, str),
            (await template(name="n"), 400, list),
            (await upload_ocriva(world, fileName="", projectId=""), 400, list),
            (await upload_ocriva(world, fileSize="1"), 400, list),
            (await upload_ocriva(world, b""), 400, list),
            (await upload_ocriva(world, fileType="zip"), 400, list),
            (await upload_ocriva(world, fileType="image"), 400, list),
            (await upload_ocriva(world, projectId="proj_foreign"), 401, str),
            (await upload_ocriva(world, templateId="none"), 404, str),
            (await upload_ocriva(world, metadata="[]"), 400, str),
            (await upload_ocriva(world, bytes(21 * 1024 * 1024)), 413, str),
            (await upload_batch(world, *([PDF] * 51)), 400, str),
            (await world.client.post(f"{BASE}/upload", files={"x": b"y"}, headers=OCRIVA), 400, list),
        ]

        for number, (answer, status, kind) in enumerate(cases):
            error = answer.json()
            assert answer.status_code == error["statusCode"] == status, (number, answer.text)
            assert isinstance(error["message"], kind), (number, answer.text)
            assert error["error"] == ("Payload Too Large" if status == 413 else answer.reason_phrase)


async def test_used_up_credits_are_a_402() -> None:
    async with a_world(credits={"ocriva": 1}) as world:
        first, second = await upload_ocriva(world), await upload_ocriva(world)

        assert (first.status_code, second.status_code) == (201, 402)


async def test_the_rate_is_counted_per_clock_minute_and_told_on_every_answer() -> None:
    async with a_world(rate_limits={"ocriva": 2}) as world:
        await world.simulator.advance(50)
        answers = [await get(world, "/projects") for _ in range(3)]
        await world.simulator.advance(10)
        after = await get(world, "/projects")

        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
        assert {answer.headers["x-ratelimit-reset"] for answer in answers} == {"1800000060"}
        assert answers[2].headers["retry-after"] == "10"
        assert answers[2].json()["message"] == "too many requests"
        assert after.headers["x-ratelimit-remaining"] == "1"
