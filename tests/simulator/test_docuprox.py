from __future__ import annotations

import base64
import csv
import io
import json
import uuid
import zipfile
from typing import Any

import pytest

from paperhook.simulator import WebhookTarget
from tests.simulator.world import HOOK, PDF, PNG, PROX, TEMPLATE, UNREADABLE, World, a_world, process_job

pytestmark = pytest.mark.anyio
BASE = "/docuprox/v1"


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


async def status(world: World, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (
        await world.client.get(f"{BASE}/job-status", params={"job_id": job_id}, headers=PROX)
    ).json()
    return found


async def statuses(world: World, job_id: str) -> list[str]:
    """Every state the job is seen in, asked once per second."""
    seen: list[str] = []
    for _ in range(20):
        found = (await status(world, job_id))["status"]
        if found not in seen[-1:]:
            seen.append(found)
        await world.simulator.advance(1)
    return seen


async def results(world: World, job_id: str, form: str = "json") -> Any:
    return await world.client.post(
        f"{BASE}/job-results", json={"job_id": job_id, "result_format": form}, headers=PROX
    )


async def test_a_form_submission_is_accepted_processed_and_pushed() -> None:
    async with a_world(annotations=False) as world:
        answer = await process_job(world, static_values=json.dumps({"company_name": "Acme Corp"}))
        await world.done()

        submitted, [event] = answer.json(), world.endpoint.events
        assert answer.status_code == 202
        assert set(submitted) == {"job_id", "template_id", "static_values"}
        assert str(uuid.UUID(submitted["job_id"])) == submitted["job_id"]
        assert submitted["static_values"] == {"company_name": "Acme Corp"}
        assert {name: event[name] for name in submitted} == submitted
        assert set(event) == {"job_id", "template_id", "static_values", "result"}
        assert (event["result"]["invoice_no"], event["result"]["total"]) == ("A-1", "1250.00")
        assert event["result"]["due_date"] is None
        assert await status(world, submitted["job_id"]) == {
            "job_id": submitted["job_id"],
            "template_id": TEMPLATE,
            "status": "SUCCESS",
        }


async def test_a_json_submission_carries_base64() -> None:
    async with a_world() as world:
        body = {
            "template_id": TEMPLATE,
            "actual_image": base64.b64encode(PNG).decode(),
            "static_values": {"a": 1},
        }
        answer = await world.client.post(f"{BASE}/process-job", json=body, headers=PROX)
        await world.done()

        assert (answer.status_code, answer.json()["static_values"]) == (202, {"a": 1})
        assert world.reader.filenames == ["upload.png"]
        assert world.endpoint.events[0]["static_values"] == {"a": 1}


async def test_a_put_carries_the_file_alone_and_static_values_in_a_header() -> None:
    async with a_world() as world:
        answer = await world.client.put(
            f"{BASE}/process-job",
            params={"t_id": TEMPLATE},
            content=PDF,
            headers={**PROX, "Content-Type": "application/octet-stream", "static_values": '{"ref": "7"}'},
        )

        assert (answer.status_code, answer.json()["static_values"]) == (202, {"ref": "7"})


async def test_a_document_goes_through_the_documented_states() -> None:
    async with a_world(processing_seconds=1) as world:
        job_id = (await process_job(world)).json()["job_id"]

        assert await statuses(world, job_id) == [
            "NEW",
            "PROCESSING",
            "PROCESSING IMAGE",
            "PROCESS IMAGE SUCCESS",
            "SUCCESS",
        ]


async def test_an_unreadable_document_fails_and_nothing_is_pushed() -> None:
    async with a_world(processing_seconds=1) as world:
        job_id = (await process_job(world, UNREADABLE)).json()["job_id"]

        seen = await statuses(world, job_id)
        answer = await results(world, job_id)

        assert seen[-2:] == ["PROCESS IMAGE FAILED", "FAILED"]
        assert world.endpoint.deliveries == []
        assert (answer.status_code, "error" in answer.json()) == (404, True)


async def test_every_file_at_the_root_of_a_zip_is_pushed_under_one_job() -> None:
    async with a_world(processing_seconds=1) as world:
        archive = zipped(**{"a.pdf": PDF, "b.png": PNG, "bad.png": UNREADABLE, "folder__c.pdf": PDF})
        job_id = (await process_job(world, archive, "batch.zip")).json()["job_id"]

        seen = await statuses(world, job_id)
        records = (await results(world, job_id)).json()

        assert seen[:3] == ["NEW", "UNZIPPING FILE", "UNZIP FILE SUCCESS"]
        assert seen[-1] == "SUCCESS"
        assert [event["job_id"] for event in world.endpoint.events] == [job_id, job_id]
        assert records == [event["result"] for event in world.endpoint.events]
        assert world.reader.filenames == ["a.pdf", "b.png", "bad.png"]
        assert (await status(world, job_id))["_paperhook"]["skipped"] == [
            "folder/c.pdf: not at the archive's root",
            "bad.png: no_text",
        ]


async def test_a_broken_zip_ends_in_its_own_state() -> None:
    async with a_world(processing_seconds=1) as world:
        job_id = (await process_job(world, zipped(a=PDF)[:-10], "batch.zip")).json()["job_id"]

        seen = await statuses(world, job_id)

        assert seen == ["NEW", "UNZIPPING FILE", "UNZIP FILE FAILED"]
        assert world.endpoint.deliveries == []


async def test_a_zip_of_unreadable_files_fails() -> None:
    async with a_world() as world:
        job_id = (await process_job(world, zipped(a=UNREADABLE), "batch.zip")).json()["job_id"]
        await world.done()

        assert (await status(world, job_id))["status"] == "FAILED"


async def test_results_are_records_in_json_and_rows_in_csv() -> None:
    async with a_world() as world:
        job_id = (await process_job(world)).json()["job_id"]
        early = await results(world, job_id)
        await world.done()

        [record] = (await results(world, job_id)).json()
        table = await results(world, job_id, "csv")
        [row] = list(csv.DictReader(io.StringIO(table.text)))

        assert early.status_code == 404
        assert table.headers["content-type"].startswith("text/csv")
        assert (record["vendor"], row["vendor"]) == ("ACME", "ACME")
        assert json.loads(row["line_items"])[0]["description"] == "Paper"
        assert "_paperhook" in record
        assert "_paperhook" not in row


async def test_results_are_gone_24_hours_after_completion() -> None:
    async with a_world(processing_seconds=0) as world:
        job_id = (await process_job(world)).json()["job_id"]
        await world.done()
        await world.simulator.advance(24 * 3600)
        last_moment = await results(world, job_id)
        await world.simulator.advance(1)

        gone = await results(world, job_id)

        assert (last_moment.status_code, gone.status_code) == (200, 404)
        assert (await status(world, job_id))["status"] == "SUCCESS"


async def test_the_fields_of_a_template_decide_the_result() -> None:
    async with a_world(docuprox_templates={TEMPLATE: ["Supplier Name", "grand_total", "color"]}) as world:
        await process_job(world)
        await world.done()

        result = world.endpoint.events[0]["result"]

        assert list(result) == ["Supplier Name", "grand_total", "color", "_paperhook"]
        assert (result["Supplier Name"], result["grand_total"], result["color"]) == ("ACME", "1250.00", None)
        assert set(result["_paperhook"]["fields"]) == {"Supplier Name", "grand_total"}


async def test_deliveries_carry_the_header_the_user_has_set() -> None:
    target = WebhookTarget(f"{HOOK}/x", "token", header_name="X-My-Header")
    async with a_world(webhooks={"docuprox": target}) as world:
        world.endpoint.statuses = [500, 204]
        await process_job(world)
        await world.done()

        assert [headers["x-my-header"] for headers, _ in world.endpoint.deliveries] == ["token", "token"]


async def test_without_a_secret_no_header_is_sent() -> None:
    async with a_world(secret=None) as world:
        await process_job(world)
        await world.done()

        assert "x-webhook-token" not in world.endpoint.deliveries[0][0]


async def test_synchronous_calls_answer_with_the_fields() -> None:
    async with a_world() as world:
        form = {"data": {"template_id": TEMPLATE}, "files": {"actual_image": ("a.pdf", PDF)}}
        posted = await world.client.post(f"{BASE}/process", headers=PROX, **form)
        put = await world.client.put(
            f"{BASE}/process?t_id={TEMPLATE}",
            content=PDF,
            headers={**PROX, "Content-Type": "application/octet-stream"},
        )

        assert posted.json()["vendor"] == put.json()["vendor"] == "ACME"
        assert world.endpoint.deliveries == []


@pytest.mark.parametrize("prompt", [{"total": "the total"}, '{"total": ""}', ["total"]])
async def test_the_agent_reads_what_the_payload_asks_for(prompt: object) -> None:
    async with a_world(annotations=False) as world:
        payload = {"prompt_json": prompt, "document_type": "invoice"}
        in_form = await world.client.post(
            f"{BASE}/process-agent",
            data={"payload": json.dumps(payload)},
            files={"actual_image": ("a.pdf", PDF)},
            headers=PROX,
        )
        in_json = await world.client.post(
            f"{BASE}/process-agent",
            json={"payload": payload, "actual_image": base64.b64encode(PDF).decode()},
            headers=PROX,
        )

        assert in_form.json() == in_json.json() == {"total": "1250.00"}


async def test_a_job_may_carry_a_payload_instead_of_a_template() -> None:
    async with a_world() as world:
        payload = {"prompt_json": '{"total": ""}', "static_values": {"ref": "1"}}
        answer = await process_job(world, template_id="", payload=json.dumps(payload))

        assert answer.json()["template_id"] is None
        assert answer.json()["static_values"] == {"ref": "1"}


async def test_the_bare_paths_and_the_path_form_of_the_node_client_work() -> None:
    async with a_world() as world:
        answer = await world.client.post(
            "/docuprox/process-job",
            data={"template_id": TEMPLATE},
            files={"actual_image": ("a.pdf", PDF)},
            headers={"X-AUTH": "local-docuprox-key"},
        )

        found = await world.client.get(f"/docuprox/job-status/{answer.json()['job_id']}", headers=PROX)

        assert found.json()["status"] == "NEW"


async def test_a_page_costs_a_credit_and_none_left_is_a_402() -> None:
    async with a_world(credits={"docuprox": 12}) as world:
        first = await process_job(world, PDF + b"12 pages")
        await world.done()
        second = await process_job(world)

        assert (first.status_code, second.status_code) == (202, 402)
        assert world.simulator.state()["docuprox"]["credits_used"] == 12


async def test_a_document_with_more_pages_than_credits_fails() -> None:
    async with a_world(credits={"docuprox": 11}) as world:
        job_id = (await process_job(world, PDF + b"12 pages")).json()["job_id"]
        await world.done()

        assert (await status(world, job_id))["status"] == "FAILED"


async def test_refusals_come_in_the_documented_envelope() -> None:
    unknown = "11111111-1111-4111-8111-111111111111"
    async with a_world(docuprox_unknown_templates=[unknown]) as world:
        image = base64.b64encode(PDF).decode()
        octets = {**PROX, "Content-Type": "application/octet-stream"}

        async def call(method: str, path: str, **given: Any) -> Any:
            return await world.client.request(method, f"{BASE}{path}", **{"headers": PROX, **given})

        def body(**members: Any) -> dict[str, Any]:
            return {"template_id": TEMPLATE, "actual_image": image, **members}

        cases = [
            (await call("POST", "/process-job", json=body(), headers={}), 401),
            (await call("POST", "/process-job", json=body(template_id="t-1")), 400),
            (await call("POST", "/process-job", json=body(template_id=None)), 400),
            (await call("POST", "/process-job", json=body(template_id=unknown)), 404),
            (
                await call("POST", "/process-job", json=body(actual_image=f"data:image/png;base64,{image}")),
                400,
            ),
            (await call("POST", "/process-job", json=body(actual_image=f"{image[:4]}*{image[4:]}")), 400),
            (await call("POST", "/process-job", json=body(actual_image="")), 400),
            (await call("POST", "/process-job", json=body(actual_image=7)), 400),
            (await call("POST", "/process-job", json=body(static_values="{}")), 400),
            (await call("POST", "/process-job", data={"template_id": TEMPLATE}, files={"x": b"y"}), 400),
            (await call("POST", "/process-job", content=b"not json"), 400),
            (await process_job(world, static_values="not json"), 400),
            (await process_job(world, static_values="[]"), 400),
            (await process_job(world, b"%PDF-" + bytes(51 * 1024 * 1024)), 400),
            (await call("PUT", f"/process-job?t_id={TEMPLATE}", content=PDF), 415),
            (await call("PUT", "/process-job", content=PDF, headers=octets), 400),
            (
                await call(
                    "POST", "/process", json=body(actual_image=base64.b64encode(zipped(a=PDF)).decode())
                ),
                400,
            ),
            (
                await call("POST", "/process", json=body(actual_image=base64.b64encode(UNREADABLE).decode())),
                400,
            ),
            (await call("POST", "/process-agent", json={"actual_image": image}), 400),
            (await call("POST", "/process-agent", json={"actual_image": image, "payload": {}}), 400),
            (await call("POST", "/process-agent", json={"actual_image": image, "payload": "[]"}), 400),
            (await call("GET", "/job-status"), 400),
            (await call("GET", "/job-status?job_id=none"), 404),
            (await call("POST", "/job-results", json={"job_id": "none"}), 404),
            (await call("POST", "/job-results", json={"job_id": 7}), 400),
            (await call("POST", "/job-results", json={"job_id": "x", "result_format": "xml"}), 400),
            (await call("GET", "/elsewhere"), 404),
        ]

        for number, (answer, expected) in enumerate(cases):
            assert answer.status_code == expected, (number, answer.text)
            assert set(answer.json()) == {"error", "message"}


async def test_every_answer_says_what_is_left_of_the_rate() -> None:
    async with a_world(rate_limits={"docuprox": 1}) as world:
        first = await world.client.get(f"{BASE}/job-status?job_id=x", headers=PROX)
        second = await world.client.get(f"{BASE}/job-status?job_id=x", headers=PROX)

        assert (first.status_code, first.headers["x-ratelimit-remaining"]) == (404, "0")
        assert (second.status_code, second.headers["retry-after"]) == (429, "60")
        assert second.headers["x-ratelimit-reset"] == "1800000060"
