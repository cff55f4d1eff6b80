from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from typing import Any

import pytest

from tests.simulator.world import (
    PDF,
    PNG,
    SECRET,
    SPACE,
    UNREADABLE,
    World,
    a_world,
    assert_busy,
    make_sheet,
    until,
    upload_images,
)

pytestmark = pytest.mark.anyio


def receive_as_the_article_does(body: bytes, headers: dict[str, str], secret: str) -> int:
    """What the AP-automation article's receiver answers, written again, with the raw body it means to have."""
    signature = headers.get("x-spaceocr-signature")
    if not signature:
        return 400
    digest = hmac.new(secret.encode(), body, "sha256").digest()
    return 200 if hmac.compare_digest(digest, bytes.fromhex(signature)) else 400


async def job(world: World, job_id: str) -> dict[str, Any]:
    answer = await world.client.get(f"/space-ocr/jobs/{job_id}", headers=SPACE)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_one_upload_makes_a_job_per_image_that_moves_through_the_states() -> None:
    async with a_world(processing_seconds=1) as world:
        await make_sheet(world)
        answer = (await upload_images(world, PNG, PNG)).json()

        statuses = []
        for _ in range(3):
            statuses.append((await job(world, answer["jobs"][0]["jobId"]))["status"])
            await world.simulator.advance(1)

        assert answer["path"] == "/ap"
        assert [one["originalName"] for one in answer["jobs"]] == ["0.png", "1.png"]
        assert [one["status"] for one in answer["jobs"]] == ["pending", "pending"]
        assert statuses == ["pending", "processing", "done"]


async def test_values_are_as_printed_with_boxes_beside_them_in_both_nestings() -> None:
    async with a_world() as world:
        await make_sheet(world)
        job_id = (await upload_images(world, PNG)).json()["jobs"][0]["jobId"]
        await world.done()

        polled = (await job(world, job_id))["result"]
        pushed = world.endpoint.events[0]["data"]["result"]

        assert (polled["currency"], polled["invoice_date"]) == ("USD", "May 1, 2026")
        assert polled["total"] == pushed["values"]["total"] == "1,250.00"
        assert pushed["name"] == "0.png"
        assert polled["due_date"] == ""
        assert "due_date" not in polled["field_bboxes"]
        box = polled["field_bboxes"]["invoice_number"]
        assert box == pushed["field_bboxes"]["invoice_number"]
        assert box["bbox"] == {"xmin": 100, "ymin": 200, "xmax": 300, "ymax": 220}
        assert box["vertices"] == [
            {"x": 100, "y": 200},
            {"x": 300, "y": 200},
            {"x": 300, "y": 220},
            {"x": 100, "y": 220},
        ]
        assert (box["match_ratio"], box["text_verified"], box["bbox_source"]) == (0.8, False, "token_id")
        assert polled["line_items"][0]["amount"] == "1,200.00"
        assert set(polled["line_items"][0]["field_bboxes"]) == {
            "description",
            "quantity",
            "unit_price",
            "amount",
        }
        assert pushed["_paperhook"]["fields"]["total"]["confidence"] == 0.9


async def test_the_columns_of_the_sheet_decide_what_is_read() -> None:
    async with a_world() as world:
        columns = [
            "Supplier",
            {"name": "Rechnung", "type": "string"},
            {"name": "positions", "type": "array", "children": [{"name": "qty"}, {"name": "color"}]},
            {"name": "stamps", "type": "array"},
        ]
        await make_sheet(world, columns=columns)
        await upload_images(world, PNG)
        await world.done()

        values = world.endpoint.events[0]["data"]["result"]["values"]

        assert values["Supplier"] == "ACME"
        assert values["Rechnung"] == ""
        assert [(row["qty"], row["color"]) for row in values["positions"]] == [("2", "")]
        assert values["stamps"] == []


async def test_the_receiver_of_the_article_accepts_a_delivery() -> None:
    async with a_world() as world:
        await make_sheet(world)
        await upload_images(world, PNG)
        await world.done()

        [(headers, body)] = world.endpoint.deliveries

        assert receive_as_the_article_does(body, headers, SECRET) == 200
        assert receive_as_the_article_does(body + b" ", headers, SECRET) == 400
        assert headers["x-spaceocr-event"] == world.endpoint.events[0]["event"] == "ocr.completed"


@pytest.mark.parametrize("content", [UNREADABLE, PNG + b"blank"])
async def test_a_picture_without_text_fails_and_is_refunded(content: bytes) -> None:
    async with a_world() as world:
        await make_sheet(world)
        job_id = (await upload_images(world, content)).json()["jobs"][0]["jobId"]
        await world.done()

        failed = await job(world, job_id)
        [event] = world.endpoint.events
        amount = (await world.client.get("/space-ocr/amount", headers=SPACE)).json()

        assert (failed["status"], failed["error"]["code"]) == ("failed", "no_text")
        assert event["event"] == "ocr.failed"
        assert (event["data"]["name"], event["data"]["error"]["code"]) == ("0.png", "no_text")
        assert event["data"]["error"]["message"] == "no readable text"
        assert amount["free"]["used"] == 0


async def test_a_bug_in_the_reader_fails_one_job_without_its_text() -> None:
    async with a_world() as world:
        await make_sheet(world)
        job_id = (await upload_images(world, PNG + b"broken")).json()["jobs"][0]["jobId"]
        await world.done()

        error = (await job(world, job_id))["error"]

        assert error == {"code": "ocr_engine_error", "message": "the document could not be processed"}


async def test_a_pdf_is_refused_with_the_whole_upload() -> None:
    async with a_world() as world:
        await make_sheet(world)

        answer = await upload_images(world, PNG, PDF)

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_image")
        assert world.simulator.state()["space-ocr"]["jobs"] == 0


async def test_an_idempotency_key_replays_the_answer_and_makes_no_second_job() -> None:
    async with a_world() as world:
        await make_sheet(world)
        first = await upload_images(world, PNG, **{"Idempotency-Key": "k1"})
        again = await upload_images(world, PNG, **{"Idempotency-Key": "k1"})
        other = await upload_images(world, PNG, **{"Idempotency-Key": "k2"})

        assert again.content == first.content
        assert again.headers["x-idempotent-replay"] == "true"
        assert "x-idempotent-replay" not in first.headers
        assert other.json()["jobs"][0]["jobId"] != first.json()["jobs"][0]["jobId"]
        assert world.simulator.state()["space-ocr"]["jobs"] == 2


async def test_uploads_that_come_while_the_first_under_their_key_is_running_make_no_second_job() -> None:
    async with a_world(auto=True) as world:
        await make_sheet(world)
        sent = {
            "data": {"path": "/ap", "wait": "true"},
            "files": {"files": ("a.png", PNG)},
            "headers": {**SPACE, "Idempotency-Key": "same"},
        }

        answers = await asyncio.gather(*(world.client.post("/space-ocr/upload", **sent) for _ in range(5)))

        assert len({answer.content for answer in answers}) == 1
        assert world.simulator.state()["space-ocr"]["jobs"] == 1


async def test_a_key_is_forgotten_after_24_hours() -> None:
    async with a_world() as world:
        await make_sheet(world)
        first = await upload_images(world, PNG, **{"Idempotency-Key": "k1"})
        await world.simulator.advance(24 * 3600 + 1)

        later = await upload_images(world, PNG, **{"Idempotency-Key": "k1"})

        assert later.json() != first.json()


async def test_a_refused_upload_may_be_sent_again_under_its_key() -> None:
    async with a_world() as world:
        refused = await upload_images(world, PNG, **{"Idempotency-Key": "k1"})
        await make_sheet(world)

        accepted = await upload_images(world, PNG, **{"Idempotency-Key": "k1"})

        assert (refused.status_code, accepted.status_code) == (404, 200)


async def test_wait_returns_results_when_they_are_there() -> None:
    async with a_world(auto=True) as world:
        await make_sheet(world)

        answer = await world.client.post(
            "/space-ocr/upload",
            data={"path": "/ap", "wait": "true"},
            files=[("files", ("a.png", PNG)), ("files", ("b.png", UNREADABLE))],
            headers=SPACE,
        )

        done, failed = answer.json()["results"]
        assert (done["status"], done["result"]["vendor"]) == ("done", "ACME")
        assert failed["status"] == "failed"
        assert "result" not in failed


async def test_wait_gives_up_after_thirty_seconds() -> None:
    async with a_world(auto=True, processing_seconds=100) as world:
        await make_sheet(world)

        answer = await world.client.post(
            "/space-ocr/upload",
            data={"path": "/ap", "wait": "true"},
            files=[("files", ("a.png", PNG))],
            headers=SPACE,
        )

        [item] = answer.json()["results"]
        assert item["status"] == "pending"
        assert "result" not in item


async def test_refusals_come_in_the_documented_envelope() -> None:
    async with a_world(rate_limits=False) as world:
        await make_sheet(world)
        await world.client.post(
            "/space-ocr/create", json={"path": "/", "type": "folder", "name": "f"}, headers=SPACE
        )

        async def call(method: str, path: str, **given: Any) -> Any:
            return await world.client.request(method, f"/space-ocr{path}", **{"headers": SPACE, **given})

        def create(**members: Any) -> dict[str, Any]:
            return {"path": "/", "type": "sheet", "name": "x", **members}

        cases = [
            (await call("GET", "/amount", headers={}), 401, "invalid_api_key"),
            (
                await call("GET", "/amount", headers={"Authorization": "Basic spocr_local"}),
                401,
                "invalid_api_key",
            ),
            (await call("GET", "/elsewhere"), 404, "not_found"),
            (await call("GET", "/jobs/job_0"), 404, "not_found"),
            (await call("POST", "/upload", data={"path": "/ap"}), 400, "invalid_request"),
            (await call("POST", "/upload", files={"other": ("a.png", PNG)}), 400, "validation_failed"),
            (
                await call("POST", "/upload", data={"path": "/f"}, files={"files": ("a.png", PNG)}),
                400,
                "validation_failed",
            ),
            (await call("POST", "/upload", files=[("files", ("a.png", PNG))] * 21), 400, "invalid_request"),
            (
                await call(
                    "POST",
                    "/upload",
                    data={"path": "/ap"},
                    files={"files": ("a.png", PNG + bytes(20 * 1024 * 1024))},
                ),
                400,
                "validation_failed",
            ),
            (await call("POST", "/create", json=create(name="ap")), 400, "bad_request"),
            (await call("POST", "/create", json=create(name="a/b")), 400, "validation_failed"),
            (await call("POST", "/create", json=create(name=" ")), 400, "validation_failed"),
            (await call("POST", "/create", json=create(type="file")), 400, "validation_failed"),
            (await call("POST", "/create", json=create(path="/ap")), 400, "validation_failed"),
            (await call("POST", "/create", json=create(path="/none")), 404, "not_found"),
            (await call("POST", "/create", json=create(columns="a")), 400, "invalid_request"),
            (await call("POST", "/create", json=create(columns=[1])), 400, "invalid_request"),
            (await call("POST", "/create", json=create(columns=[{"name": ""}])), 400, "invalid_request"),
            (await call("POST", "/create", json=[]), 400, "invalid_request"),
            (await call("POST", "/create", content=b"{"), 400, "invalid_request"),
            (await call("GET", "/view?path=%2Fap"), 400, "validation_failed"),
            (await call("GET", "/view?path=/none"), 404, "not_found"),
            (await call("GET", "/view?path=/none/none"), 404, "not_found"),
            (await call("GET", "/view?path=/ap&where=total"), 400, "validation_failed"),
            (await call("GET", "/view?path=/ap&limit=x"), 400, "validation_failed"),
            (await call("GET", "/space?path=/&depth=11"), 400, "validation_failed"),
            (await call("POST", "/remove", json={"path": "/"}), 400, "validation_failed"),
            (await call("POST", "/remove", json={"path": "/ap", "rowKey": "k"}), 404, "not_found"),
            (await call("POST", "/edit", json={"path": "/ap", "rowKey": "k"}), 404, "not_found"),
            (await call("PUT", "/webhook", json={"url": "ftp://x"}), 400, "validation_failed"),
            (await call("GET", "/webhooks/deliveries/dlv_0"), 404, "not_found"),
            (await call("POST", "/webhooks/deliveries/dlv_0/redeliver"), 404, "not_found"),
        ]

        for answer, status, code in cases:
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.request.url
            assert answer.json()["error"]["requestId"] == answer.headers["x-request-id"]
            assert answer.json()["error"]["requestId"].startswith("req_")


async def test_too_few_scans_refuse_the_whole_upload() -> None:
    async with a_world(credits={"space-ocr": 1}) as world:
        await make_sheet(world)

        answer = await upload_images(world, PNG, PNG)
        amount = (await world.client.get("/space-ocr/amount", headers=SPACE)).json()

        assert answer.status_code == 402
        assert answer.json()["error"]["code"] == "insufficient_balance"
        assert (answer.json()["details"]["requested"], answer.json()["details"]["processable"]) == (2, 1)
        assert (amount["free"]["remaining"], amount["balance"], amount["currency"]) == (1, 0, "scans")


async def test_health_needs_no_key() -> None:
    async with a_world() as world:
        answer = await world.client.get("/space-ocr/health")

        assert answer.json() == {"status": "ok", "version": "2026-01-01", "time": 1_800_000_000_000}
        assert answer.headers["x-request-id"].startswith("req_")


async def test_an_account_has_ten_times_the_rate_of_a_key() -> None:
    keys = tuple(f"spocr_{n}" for n in range(11))
    async with a_world(api_keys={"space-ocr": keys}, rate_limits={"space-ocr": 2}) as world:
        statuses = []
        for key in keys:
            for _ in range(3):
                answer = await world.client.get(
                    "/space-ocr/amount", headers={"Authorization": f"Bearer {key}"}
                )
                statuses.append(answer.status_code)

        assert statuses[:21] == [200, 200, 429] * 6 + [200, 200, 429]
        assert statuses[-3:] == [429, 429, 429]
        assert answer.headers["retry-after"] == "60"
        assert answer.json()["error"]["code"] == "rate_limited"


class TestView:
    async def test_a_sheet_lists_rows_with_values_and_boxes(self) -> None:
        async with a_world() as world:
            await make_sheet(world)
            await upload_images(world, PNG, UNREADABLE)
            await world.done()

            view = (await world.client.get("/space-ocr/view?path=/ap", headers=SPACE)).json()

            assert (view["type"], view["name"], view["total"], view["matched"]) == ("sheet", "ap", 2, 2)
            assert view["nextOffset"] is None
            assert [row["ocrStatus"] for row in view["rows"]] == ["done", "failed"]
            assert view["rows"][0]["values"]["total"] == "1,250.00"
            assert "total" in view["rows"][0]["values"]["field_bboxes"]
            assert {"name": "total", "type": "string"} in view["columns"]

    @pytest.mark.parametrize(
        ("query", "matched"),
        [
            ("where=ocrStatus=failed", 1),
            ("where=ocrStatus!=failed", 2),
            ("where=total>1000", 2),
            ("where=total>=1,250.00", 2),
            ("where=total<1000", 0),
            ("where=total<=1250", 2),
            ("where=vendor~cm", 2),
            ("where=total=1250", 2),
            ("where=vendor=ACME&where=name=0.png", 1),
            ("where=color=red", 0),
            ("where=line_items=x", 0),
        ],
    )
    async def test_conditions_select_rows(self, query: str, matched: int) -> None:
        async with a_world() as world:
            await make_sheet(world)
            await upload_images(world, PNG, PNG, UNREADABLE)
            await world.done()

            view = (await world.client.get(f"/space-ocr/view?path=/ap&{query}", headers=SPACE)).json()

            assert view["matched"] == matched

    async def test_rows_are_sorted_cut_and_stripped_of_boxes(self) -> None:
        async with a_world() as world:
            await make_sheet(world)
            await upload_images(world, PNG, PNG, PNG)
            await world.done()

            view = (
                await world.client.get(
                    "/space-ocr/view?path=/ap&sort=-name&select=vendor,total,line_items&limit=2&boxes=0",
                    headers=SPACE,
                )
            ).json()
            rest = (
                await world.client.get(
                    "/space-ocr/view?path=/ap&sort=ocrStatus&sort=name:desc&limit=2&offset=2", headers=SPACE
                )
            ).json()

            assert [row["name"] for row in view["rows"]] == ["2.png", "1.png"]
            row = view["rows"][0]["values"]
            assert (row["vendor"], row["total"], set(row)) == (
                "ACME",
                "1,250.00",
                {"vendor", "total", "line_items"},
            )
            assert set(row["line_items"][0]) == {"description", "quantity", "unit_price", "amount"}
            assert (view["nextOffset"], rest["nextOffset"]) == (2, None)
            assert [row["name"] for row in rest["rows"]] == ["0.png"]

    async def test_folders_memos_pictures_and_unique_keys_can_be_viewed(self) -> None:
        async with a_world() as world:
            made = await world.client.post(
                "/space-ocr/create", json={"path": "/", "type": "folder", "name": "ap"}, headers=SPACE
            )
            await make_sheet(world, "june", path="/ap")
            await world.client.post(
                "/space-ocr/create",
                json={"path": "/ap", "type": "memo", "name": "note", "text": "hello"},
                headers=SPACE,
            )
            row_key = (await upload_images(world, PNG, path="/ap/june")).json()["jobs"][0]["uniqueKey"]
            await world.done()

            async def view(path: str) -> Any:
                return (await world.client.get(f"/space-ocr/view?path={path}", headers=SPACE)).json()

            folder, by_key, memo = (
                await view("/ap"),
                await view(made.json()["uniqueKey"]),
                await view("/ap/note"),
            )
            picture, root = await view(f"/ap/june/{row_key}"), await view("/")

            assert folder == by_key
            assert [child["name"] for child in folder["children"]] == ["june", "note"]
            assert (memo["type"], memo["text"]) == ("memo", "hello")
            assert (picture["type"], picture["name"], picture["values"]["vendor"]) == (
                "image",
                "0.png",
                "ACME",
            )
            assert [child["path"] for child in root["children"]] == ["/ap"]

    async def test_the_space_is_listed_to_the_depth_that_is_asked_for(self) -> None:
        async with a_world() as world:
            await world.client.post(
                "/space-ocr/create", json={"path": "/", "type": "folder", "name": "ap"}, headers=SPACE
            )
            await make_sheet(world, "june", path="/ap")

            shallow = (await world.client.get("/space-ocr/space?path=/", headers=SPACE)).json()
            deep = (await world.client.get("/space-ocr/space?path=/&depth=2", headers=SPACE)).json()

            assert [entry["path"] for entry in shallow] == ["/ap"]
            assert [entry["path"] for entry in deep] == ["/ap", "/ap/june"]
            assert deep[1]["type"] == "sheet"


async def test_cells_memos_rows_and_nodes_can_be_changed_and_removed() -> None:
    async with a_world() as world:
        await make_sheet(world)
        await world.client.post(
            "/space-ocr/create", json={"path": "/", "type": "memo", "name": "note"}, headers=SPACE
        )
        row_key = (await upload_images(world, PNG)).json()["jobs"][0]["uniqueKey"]
        await world.done()

        async def post(endpoint: str, **members: Any) -> Any:
            return await world.client.post(f"/space-ocr{endpoint}", json=members, headers=SPACE)

        async def view(path: str) -> Any:
            return (await world.client.get(f"/space-ocr/view?path={path}", headers=SPACE)).json()

        edited = await post("/edit", path="/ap", rowKey=row_key, column="vendor", value="Acme Ltd")
        refused = await post("/edit", path="/ap", rowKey=row_key, column="color", value="red")
        await post("/edit", path="/note", text="bye")
        vendor = (await view("/ap"))["rows"][0]["values"]["vendor"]
        memo = (await view("/note"))["text"]
        row_removed = await post("/remove", path="/ap", rowKey=row_key)
        rows = (await view("/ap"))["rows"]
        sheet_removed = await post("/remove", path="/ap")
        gone = await world.client.get("/space-ocr/view?path=/ap", headers=SPACE)

        assert (edited.json()["ok"], refused.status_code) == (True, 400)
        assert (vendor, memo, rows) == ("Acme Ltd", "bye", [])
        assert row_removed.json()["ok"]
        assert sheet_removed.json() == {"ok": True, "path": "/ap"}
        assert gone.status_code == 404


class TestSynchronous:
    async def read(self, world: World, endpoint: str = "fields", **members: Any) -> Any:
        body = {"image": base64.b64encode(PNG).decode(), "imageType": "base64", **members}
        return await world.client.post(f"/space-ocr/ocr/{endpoint}", json=body, headers=SPACE)

    async def test_named_fields_are_read(self) -> None:
        async with a_world() as world:
            answer = (await self.read(world, fields=[{"name": "total", "type": "string"}])).json()

            assert answer["status"] == "success"
            assert answer["data"]["total"] == "1,250.00"
            assert set(answer["data"]["field_bboxes"]) == {"total"}

    async def test_a_template_and_the_deprecated_names_work(self) -> None:
        async with a_world() as world:
            answer = await self.read(world, template_id="receipt", languageHints=["en"])
            card = await self.read(world, templateId="business_card")

            assert answer.json()["data"]["merchant"] == "ACME"
            assert card.json()["data"]["email"] == ""

    async def test_auto_fields_give_what_the_picture_has(self) -> None:
        async with a_world() as world:
            data = (await self.read(world, autoFields=True)).json()["data"]

            assert data["vendor"] == "ACME"
            assert data["line_items"][0]["description"] == "Paper"
            assert "due_date" not in data

    async def test_markdown_and_suggestions_are_served(self) -> None:
        async with a_world() as world:
            markdown = (await self.read(world, "markdown")).json()
            suggested = (await self.read(world, "suggest_fields")).json()

            assert markdown["data"]["values"]["markdown"] == "ACME Total 1,250.00"
            assert {"name": "vendor", "type": "string"} in suggested["data"]["fields"]

    async def test_refusals(self) -> None:
        async with a_world() as world:
            blank = base64.b64encode(PNG + b"blank").decode()
            unreadable = base64.b64encode(UNREADABLE).decode()
            cases = [
                (await self.read(world), 400, "validation_failed"),
                (await self.read(world, fields=["a"], autoFields=True), 400, "validation_failed"),
                (await self.read(world, templateId="none"), 400, "validation_failed"),
                (
                    await self.read(world, autoFields=True, image="http://x/y", imageType="url"),
                    400,
                    "invalid_image",
                ),
                (await self.read(world, autoFields=True, image="%%%"), 400, "invalid_image"),
                (await self.read(world, autoFields=True, image="aGk="), 400, "invalid_image"),
                (await self.read(world, autoFields=True, image=None), 400, "validation_failed"),
                (await self.read(world, autoFields=True, imageType="file"), 400, "validation_failed"),
                (await self.read(world, autoFields=True, image=blank), 502, "ocr_engine_error"),
                (await self.read(world, autoFields=True, image=unreadable), 502, "ocr_engine_error"),
            ]

            for answer, status, code in cases:
                assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
            assert world.simulator.state()["space-ocr"]["credits_used"] == 0


class TestWebhook:
    async def test_the_one_webhook_is_registered_shown_tested_and_deleted(self) -> None:
        async with a_world(webhooks={}) as world:
            url = "http://app.test/other"
            no_target = await world.client.post("/space-ocr/webhook/test", headers=SPACE)
            nothing = (await world.client.get("/space-ocr/webhook", headers=SPACE)).json()
            made = (await world.client.put("/space-ocr/webhook", json={"url": url}, headers=SPACE)).json()
            shown = (await world.client.get("/space-ocr/webhook", headers=SPACE)).json()
            await world.client.post("/space-ocr/webhook/test", headers=SPACE)
            await world.done()
            [(headers, body)] = world.endpoint.deliveries
            await world.client.delete("/space-ocr/webhook", headers=SPACE)
            deleted = (await world.client.get("/space-ocr/webhook", headers=SPACE)).json()

            expected = hmac.new(made["secret"].encode(), body, hashlib.sha256).hexdigest()
            assert no_target.status_code == 404
            assert (nothing["enabled"], made["enabled"], deleted["enabled"]) == (False, True, False)
            assert shown == {"url": url, "enabled": True}
            assert headers["x-spaceocr-signature"] == expected
            assert world.endpoint.events[0]["event"] == "webhook.test"

    async def test_deliveries_are_logged_and_can_be_sent_again(self) -> None:
        async with a_world() as world:
            world.endpoint.statuses = [500] * 5
            await make_sheet(world)
            await upload_images(world, PNG)
            await world.done()

            [logged] = (await world.client.get("/space-ocr/webhooks/deliveries", headers=SPACE)).json()[
                "deliveries"
            ]
            one = await world.client.get(f"/space-ocr/webhooks/deliveries/{logged['id']}", headers=SPACE)
            await world.client.post(f"/space-ocr/webhooks/deliveries/{logged['id']}/redeliver", headers=SPACE)
            await world.done()
            [after] = (await world.client.get("/space-ocr/webhooks/deliveries", headers=SPACE)).json()[
                "deliveries"
            ]

            assert (logged["status"], len(logged["attempts"])) == ("failed", 5)
            assert logged["attempts"][0]["status"] == 500
            assert one.json()["payload"] == world.endpoint.events[0]
            assert (after["status"], len(after["attempts"])) == ("delivered", 6)
            assert len({body for _, body in world.endpoint.deliveries}) == 1


async def test_a_sheet_in_a_folder_is_found_and_removed_by_its_key() -> None:
    async with a_world() as world:
        for name in ("a", "b"):
            await world.client.post(
                "/space-ocr/create", json={"path": "/", "type": "folder", "name": name}, headers=SPACE
            )
        made = await world.client.post(
            "/space-ocr/create", json={"path": "/b", "type": "sheet", "name": "june"}, headers=SPACE
        )
        key = made.json()["uniqueKey"]
        uploaded = await upload_images(world, PNG, path=key)

        removed = await world.client.post("/space-ocr/remove", json={"path": f"/{key}"}, headers=SPACE)
        left = await world.client.get("/space-ocr/space?path=/&depth=3", headers=SPACE)

        assert uploaded.json()["path"] == "/b/june"
        assert removed.json()["path"] == "/b/june"
        assert [entry["path"] for entry in left.json()] == ["/a", "/b"]


async def test_folders_cannot_be_nested_without_end() -> None:
    async with a_world(rate_limits=False) as world:
        path, answer = "/", None
        for _ in range(60):
            answer = await world.client.post(
                "/space-ocr/create", json={"path": path, "type": "folder", "name": "f"}, headers=SPACE
            )
            if answer.status_code != 201:
                break
            path = answer.json()["path"]

        assert answer is not None
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation_failed")
        assert path.count("/") == 50


async def test_waiting_for_images_of_which_one_is_done_already_ends_with_the_last() -> None:
    async with a_world(auto=True) as world:
        await make_sheet(world)
        first = (await upload_images(world, PNG)).json()["jobs"][0]["jobId"]

        answer = await world.client.post(
            "/space-ocr/upload",
            data={"path": "/ap", "wait": "true"},
            files=[("files", (f"{n}.png", PNG)) for n in range(3)],
            headers=SPACE,
        )

        assert [item["status"] for item in answer.json()["results"]] == ["done"] * 3
        assert (await job(world, first))["status"] == "done"


async def test_one_delivery_among_several_can_be_looked_at() -> None:
    async with a_world() as world:
        await make_sheet(world)
        await upload_images(world, PNG, UNREADABLE)
        await world.done()
        log = (await world.client.get("/space-ocr/webhooks/deliveries", headers=SPACE)).json()["deliveries"]

        found = [
            (await world.client.get(f"/space-ocr/webhooks/deliveries/{one['id']}", headers=SPACE)).json()
            for one in log
        ]

        assert {one["payload"]["event"] for one in found} == {"ocr.completed", "ocr.failed"}


async def test_a_wait_that_ended_leaves_no_timer_behind() -> None:
    async with a_world(auto=True) as world:
        await make_sheet(world)

        await world.client.post(
            "/space-ocr/upload",
            data={"path": "/ap", "wait": "true"},
            files={"files": ("a.png", PNG)},
            headers=SPACE,
        )
        await world.done()

        assert world.clock.time() - 1_800_000_000 < 1


async def test_a_client_that_stops_waiting_does_not_confuse_the_clock() -> None:
    async with a_world(processing_seconds=1) as world:
        await make_sheet(world)
        waiting = asyncio.create_task(
            world.client.post(
                "/space-ocr/upload",
                data={"path": "/ap", "wait": "true"},
                files={"files": ("a.png", PNG)},
                headers=SPACE,
            )
        )
        await until(lambda: world.clock.next_due is not None)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        world.reader.gate.clear()
        world.clock.wake_next()
        await until(lambda: bool(world.reader.filenames))

        await assert_busy(world)
        world.reader.gate.set()
        await world.done()

        assert world.endpoint.events[0]["event"] == "ocr.completed"


async def test_a_cell_is_named_by_index_or_by_key() -> None:
    async with a_world() as world:
        await make_sheet(world, columns=["vendor", "total"])
        await upload_images(world, PNG, PNG)
        await world.done()

        async def edit(**members: Any) -> Any:
            return await world.client.post("/space-ocr/edit", json={"path": "/ap", **members}, headers=SPACE)

        by_index = (await edit(row=1, column=1, value="7")).json()
        beyond = await edit(row=2, column=1, value="7")
        no_column = await edit(row=0, column=2, value="7")

        assert (by_index["patched"]["column"], by_index["patched"]["value"]) == ("total", "7")
        assert (beyond.status_code, no_column.status_code) == (404, 400)
