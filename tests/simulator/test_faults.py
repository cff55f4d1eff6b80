from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from paperhook.errors import ConfigurationError
from paperhook.simulator import Fault, FaultPlan
from paperhook.simulator.faults import Faults
from tests.simulator.world import (
    ACME,
    PARSE,
    SECRET,
    UNREADABLE,
    World,
    a_world,
    assert_busy,
    extract,
    make_sheet,
    process_job,
    until,
    upload_images,
)

pytestmark = pytest.mark.anyio


def is_genuine(headers: dict[str, str], body: bytes) -> bool:
    return (
        headers["x-docuparse-signature"]
        == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    )


def told(world: World) -> list[str]:
    """The document ids in the order they arrived."""
    return [event["document_id"] for event in world.endpoint.events]


async def test_a_duplicate_is_the_same_delivery_twice() -> None:
    async with a_world(faults=FaultPlan.parse("duplicate=1x")) as world:
        await extract(world)
        await extract(world)
        await world.done()

        bodies = [body for _, body in world.endpoint.deliveries]
        assert (len(bodies), len(set(bodies))) == (3, 2)
        assert world.simulator.state()["docuparse"]["deliveries_acknowledged"] == 2


async def test_a_failing_duplicate_does_not_undo_the_acknowledgement() -> None:
    async with a_world(faults=FaultPlan.parse("duplicate=1x")) as world:
        world.endpoint.statuses = [200, 500, 500, 500, 500, 500]
        await extract(world)
        await world.done()

        counts = world.simulator.state()["docuparse"]
        assert (counts["deliveries_attempts"], counts["deliveries_acknowledged"]) == (6, 1)


async def test_a_dropped_event_is_never_sent() -> None:
    async with a_world(faults=FaultPlan.parse("docuparse:drop=1x")) as world:
        document_id = (await extract(world)).json()["document_id"]
        await extract(world)
        await world.done()

        counts = world.simulator.state()["docuparse"]
        polled = await world.client.get(f"/docuparse/api/v1/documents/{document_id}", headers=PARSE)
        assert document_id not in told(world)
        assert (counts["deliveries_events"], counts["deliveries_dropped"]) == (2, 1)
        assert polled.json()["status"] == "completed"


async def test_a_stale_delivery_is_the_same_bytes_an_hour_later() -> None:
    async with a_world(faults=FaultPlan.parse("stale=1x"), retry_scale=1.0) as world:
        await extract(world)
        await world.simulator.advance(3599)
        before = len(world.endpoint.deliveries)
        await world.simulator.advance(2)

        first, again = world.endpoint.deliveries
        assert before == 1
        assert first == again
        assert world.simulator.state()["docuparse"]["deliveries_acknowledged"] == 1


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_restart_loses_the_answer_and_the_provider_tries_again(is_told: bool) -> None:
    restarts: list[int] = []

    async def restart() -> None:
        restarts.append(len(world.endpoint.deliveries))

    plan = FaultPlan.parse("restart=1x")
    async with a_world(faults=plan, restart=restart if is_told else None) as world:
        await extract(world)
        await world.done()

        first, again = world.endpoint.deliveries
        assert first == again
        assert restarts == ([1] if is_told else [])
        assert world.simulator.state()["docuparse"]["deliveries_acknowledged"] == 1


async def test_a_delayed_event_arrives_after_its_time() -> None:
    plan = FaultPlan((Fault("delay", count=1, seconds=30),))
    async with a_world(faults=plan, processing_seconds=0) as world:
        first = (await extract(world)).json()["document_id"]
        await world.simulator.advance(0)
        second = (await extract(world)).json()["document_id"]
        await world.simulator.advance(29)
        before = told(world)
        await world.simulator.advance(1)

        assert (before, told(world)) == ([second], [second, first])


async def test_a_reordered_event_comes_after_the_next_one() -> None:
    plan = FaultPlan((Fault("reorder", count=1, seconds=60),))
    async with a_world(faults=plan, processing_seconds=1) as world:
        first = (await extract(world)).json()["document_id"]
        await world.simulator.advance(5)
        second = (await extract(world)).json()["document_id"]
        await world.simulator.advance(2)

        assert told(world) == [second, first]
        world.reader.gate.clear()
        await extract(world)
        await until(lambda: world.clock.next_due is not None)
        world.clock.wake_next()
        await until(lambda: len(world.reader.filenames) == 3)
        await assert_busy(world)
        world.reader.gate.set()


async def test_a_reordered_event_without_a_next_one_comes_all_the_same() -> None:
    plan = FaultPlan((Fault("reorder", count=1, seconds=60),))
    async with a_world(faults=plan, processing_seconds=0) as world:
        first = (await extract(world)).json()["document_id"]
        await world.simulator.advance(59)
        before = told(world)
        await world.simulator.advance(1)

        assert (before, told(world)) == ([], [first])


async def test_a_tampered_body_parses_but_its_signature_is_wrong_and_the_retry_is_right() -> None:
    async with a_world(faults=FaultPlan.parse("tamper=1x")) as world:
        world.endpoint.statuses = [401]
        await extract(world)
        await world.done()

        [(headers, body), (headers_again, body_again)] = world.endpoint.deliveries
        assert json.loads(body) != json.loads(body_again)
        assert (is_genuine(headers, body), is_genuine(headers_again, body_again)) == (False, True)


async def test_a_wrong_signature_leaves_the_body_alone() -> None:
    async with a_world(faults=FaultPlan.parse("wrong_signature=1x")) as world:
        world.endpoint.statuses = [401]
        await extract(world)
        await world.done()

        [(headers, body), (headers_again, body_again)] = world.endpoint.deliveries
        assert body == body_again
        assert (is_genuine(headers, body), is_genuine(headers_again, body_again)) == (False, True)


async def test_a_body_without_digits_is_tampered_with_as_well() -> None:
    from paperhook.simulator.deliveries import tampered

    assert tampered(b"{}") == b"{} "
    assert tampered(b'{"a": 19}') == b'{"a": 10}'


async def test_throttled_and_unavailable_requests_are_not_carried_out() -> None:
    plan = FaultPlan(
        (
            Fault("throttle", provider="docuparse", count=1, seconds=7),
            Fault("unavailable", provider="docuparse", count=1, status=502),
        )
    )
    async with a_world(faults=plan) as world:
        throttled, broken, accepted = [await extract(world) for _ in range(3)]

        assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "7")
        assert (broken.status_code, broken.json()["error"]["code"]) == (502, "INTERNAL_ERROR")
        assert accepted.status_code == 202
        assert world.simulator.state()["docuparse"]["jobs"] == 1


async def test_a_fault_can_be_bound_to_a_path() -> None:
    plan = FaultPlan((Fault("unavailable", path="/documents/"),))
    async with a_world(faults=plan) as world:
        accepted = await extract(world)
        polled = await world.client.get("/docuparse/api/v1/documents/x", headers=PARSE)

        assert (accepted.status_code, polled.status_code) == (202, 503)


async def test_after_a_reset_the_job_exists_and_the_client_has_no_answer() -> None:
    async with a_world(faults=FaultPlan.parse("reset=1x")) as world:
        with pytest.raises(httpx.RemoteProtocolError):
            await extract(world)
        await world.done()

        assert world.simulator.state()["docuparse"]["jobs"] == 1
        assert len(world.endpoint.deliveries) == 1


async def test_a_reset_strikes_only_where_jobs_are_made() -> None:
    async with a_world(faults=FaultPlan.parse("reset")) as world:
        polled = await world.client.get("/docuparse/api/v1/documents/x", headers=PARSE)
        refused = await world.client.post("/docuparse/api/v1/extract", headers=PARSE)

        assert (polled.status_code, refused.status_code) == (404, 400)


async def test_after_a_reset_the_same_key_replays_what_was_made() -> None:
    async with a_world(faults=FaultPlan.parse("space-ocr:reset=1x")) as world:
        await make_sheet(world)
        with pytest.raises(httpx.RemoteProtocolError):
            await upload_images(world, b"\x89PNG\r\n\x1a\n", **{"Idempotency-Key": "k"})

        again = await upload_images(world, b"\x89PNG\r\n\x1a\n", **{"Idempotency-Key": "k"})

        assert again.headers["x-idempotent-replay"] == "true"
        assert world.simulator.state()["space-ocr"]["jobs"] == 1


async def test_the_same_seed_commits_the_same_faults() -> None:
    def struck(seed: int) -> list[bool]:
        faults = Faults(FaultPlan.parse("drop=0.5", seed=seed))
        return [faults.strike(["drop"], "docuparse") is not None for _ in range(64)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 16 < sum(struck(1)) < 48


async def test_another_provider_is_left_alone() -> None:
    async with a_world(faults=FaultPlan.parse("ocriva:drop")) as world:
        await process_job(world)
        await world.done()

        assert len(world.endpoint.deliveries) == 1


async def test_a_plan_survives_its_journey_through_json() -> None:
    plan = FaultPlan((Fault("delay", seconds=3), Fault.parse("space-ocr:reset=2x")), seed=5)

    assert FaultPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    assert FaultPlan.from_json({"faults": ["drop=0.25"]}) == FaultPlan((Fault("drop", probability=0.25),))


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"seed": "1"},
        {"faults": {}},
        {"faults": [7]},
        {"faults": ["explode"]},
        {"faults": ["drop=-1"]},
        {"faults": [{"kind": "explode"}]},
        {"faults": [{"kind": "drop", "often": 1}]},
        {"faults": [{"kind": "drop", "probability": 1.5}]},
        {"faults": [{"kind": "drop", "probability": "1"}]},
        {"faults": [{"kind": "drop", "count": -1}]},
        {"faults": [{"kind": "delay", "seconds": -1}]},
        {"faults": [{"kind": "unavailable", "status": 200}]},
        {"faults": [{"kind": ["drop"]}]},
        {"faults": [{"kind": "drop", "provider": "nobody"}]},
        {"faults": [{"kind": "drop", "path": 7}]},
    ],
)
async def test_a_plan_that_cannot_be_meant_is_refused(value: Any) -> None:
    with pytest.raises(ConfigurationError):
        FaultPlan.from_json(value)


async def test_unreadable_documents_are_told_apart_from_faults() -> None:
    async with a_world() as world:
        await extract(world, UNREADABLE)
        await extract(world)
        await world.done()

        counts = world.simulator.state()["docuparse"]
        assert (counts["read"], counts["unreadable"]) == (1, 1)
        assert ACME.fields["total"].value == "1250.00"
