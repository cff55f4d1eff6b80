"""Many documents in calls of as many as the provider takes, with both clients."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paperhook.client import AsyncClient, Client, UploadOutcome
from paperhook.client.plans import regrouped
from paperhook.core.capabilities import Capabilities
from paperhook.core.exchange import FilePart, Multipart, Repeat
from paperhook.core.job import Batch, Job, JobStatus
from paperhook.core.provider import NOTHING
from paperhook.core.steps import Steps
from paperhook.errors import BadRequest, SubmissionUnknown, UnsupportedDocument
from paperhook.retrying import NO_RETRY
from paperhook.tracker import MemoryTracker, Planned
from tests import hostile
from tests.acme import Acme
from tests.hostile import Act, answer, serving

PNG = b"\x89PNG\r\n\x1a\n"
Many = Callable[..., list[UploadOutcome[Any]]]


class Batching(Acme):
    """Takes three documents in one call, and names the job of each by its file."""

    def upload_batch(
        self, documents: Any, *, key: str | None = None, metadata: Any = NOTHING
    ) -> Steps[Batch]:
        body = Multipart((), tuple(FilePart("files", each) for each in documents))
        said = (yield from self.call("POST", "/batches", body=body, repeat=Repeat.UNLESS_SENT)).json()
        jobs = [Job(id=job_id, provider=self.name, batch_id=said["id"]) for job_id in said["jobs"]]
        return Batch(id=said["id"], provider=self.name, jobs=tuple(jobs))


class KeyedBatching(Batching):
    """The same, had it honoured a key."""

    capabilities = replace(Acme.capabilities, idempotency_header="Idempotency-Key")

    def upload_batch(
        self, documents: Any, *, key: str | None = None, metadata: Any = NOTHING
    ) -> Steps[Batch]:
        body = Multipart((), tuple(FilePart("files", each) for each in documents))
        said = (yield from self.call("POST", "/batches", body=body, **self._keyed(key))).json()
        jobs = [Job(id=job_id, provider=self.name, batch_id=said["id"]) for job_id in said["jobs"]]
        return Batch(id=said["id"], provider=self.name, jobs=tuple(jobs))


def _sync(provider: Acme, sources: Any, *, tracker: Any = None, **options: Any) -> Any:
    with Client(provider, retry=NO_RETRY, tracker=tracker) as client:
        return list(client.upload_many(sources, in_batches=True, concurrency=1, **options))


def _async(provider: Acme, sources: Any, *, tracker: Any = None, **options: Any) -> Any:
    async def main() -> Any:
        async with AsyncClient(provider, retry=NO_RETRY, tracker=tracker) as client:
            outcomes = client.upload_many(sources, in_batches=True, concurrency=1, **options)
            return [each async for each in outcomes]

    return asyncio.run(main())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def upload_many(request: pytest.FixtureRequest) -> Many:
    return request.param


@pytest.fixture
def tracker() -> Iterator[MemoryTracker]:
    opened = MemoryTracker()
    yield opened
    opened.close()


def files(folder: Path, *names: str) -> list[Path]:
    paths = [folder / f"{name}.png" for name in names]
    for path in paths:
        path.write_bytes(PNG + path.name.encode())
    return paths


def names_in(seen: Any) -> list[str]:
    return [name.decode() for name in re.findall(rb'filename="([a-z]+)\.png"', seen.body)]


def accepted(id: str, *names: str) -> Act:
    return answer(200, {"id": id, "jobs": [f"d-{name}" for name in names]})


def test_calls_are_cut_to_what_the_provider_takes(upload_many: Many, tmp_path: Path):
    with serving(
        accepted("b1", *"abc"), accepted("b2", *"def"), answer(200, {"id": "d-g", "state": "waiting"})
    ) as server:
        outcomes = upload_many(Batching("key", base_url=server.url), files(tmp_path, *"abcdefg"))

    assert [names_in(seen) for seen in server.seen] == [["a", "b", "c"], ["d", "e", "f"], ["g"]]
    assert [(each.source.name[0], each.job.id, each.job.batch_id) for each in outcomes if each.job] == [
        *[(name, f"d-{name}", "b1") for name in "abc"],
        *[(name, f"d-{name}", "b2") for name in "def"],
        ("g", "d-g", None),
    ]


def test_one_that_cannot_be_sent_does_not_stop_the_others_of_its_call(upload_many: Many, tmp_path: Path):
    paths = files(tmp_path, *"abc")
    paths[0].write_bytes(b"")
    paths[2].unlink()
    with serving(accepted("b1", "b")) as server:
        outcomes = upload_many(Batching("key", base_url=server.url), paths)

    empty, sent, gone = outcomes
    assert isinstance(empty.error, UnsupportedDocument)
    assert empty.error.code == "empty_file"
    assert sent.job is not None
    assert sent.job.id == "d-b"
    assert isinstance(gone.error, UnsupportedDocument)
    assert gone.error.code == "unreadable"
    assert names_in(server.seen[0]) == ["b"]


def test_what_the_provider_refuses_is_refused_for_all_of_the_call(upload_many: Many, tmp_path: Path):
    with serving(answer(400, {"code": "no"}), accepted("b2", *"def")) as server:
        outcomes = upload_many(Batching("key", base_url=server.url), files(tmp_path, *"abcdef"))

    assert [type(each.error) for each in outcomes[:3]] == [BadRequest] * 3
    assert len({id(each.error) for each in outcomes[:3]}) == 3
    assert all(each.job is not None for each in outcomes[3:])


@pytest.mark.parametrize(
    "act", [hostile.reset, answer(200, {"id": "b1", "jobs": ["d-a"]})], ids=["lost", "unnamed"]
)
def test_where_nobody_knows_each_document_is_unknown(
    act: Act, upload_many: Many, tracker: MemoryTracker, tmp_path: Path
):
    paths = files(tmp_path, *"ab")
    with serving(act, accepted("b2", *"ab")) as server:
        provider = Batching("key", base_url=server.url)
        outcomes = upload_many(provider, paths, tracker=tracker)
        again = upload_many(provider, paths, tracker=tracker)

    for outcome, name in zip(outcomes, ("a.png", "b.png"), strict=True):
        assert isinstance(outcome.error, SubmissionUnknown)
        assert outcome.error.job is not None
        assert (outcome.error.job.filename, outcome.error.job.status) == (name, JobStatus.SUBMISSION_UNKNOWN)
    assert [type(each.error) for each in again] == [SubmissionUnknown] * 2
    assert len(server.seen) == 1, "nothing is repeated blindly"


def test_one_that_is_unknown_from_before_does_not_stop_the_others(
    upload_many: Many, tracker: MemoryTracker, tmp_path: Path
):
    first, *others = files(tmp_path, *"abc")
    one = [answer(200, {"id": f"d-{name}", "state": "waiting"}) for name in "bc"]
    with serving(hostile.reset, *one) as server:
        provider = Batching("key", base_url=server.url)
        upload_many(provider, [first], tracker=tracker)
        unknown, *sent = upload_many(provider, [first, *others], tracker=tracker)

    assert isinstance(unknown.error, SubmissionUnknown)
    assert [each.job and each.job.id for each in sent] == ["d-b", "d-c"]
    assert [names_in(seen) for seen in server.seen] == [["a"], ["b"], ["c"]]


def test_with_a_tracker_each_document_is_one_job_however_it_was_sent(
    upload_many: Many, tracker: MemoryTracker, tmp_path: Path
):
    paths = files(tmp_path, *"abcd")
    with serving(accepted("b1", *"abc"), answer(200, {"id": "d-d", "state": "waiting"})) as server:
        provider = Batching("key", base_url=server.url)
        upload_many(provider, paths, tracker=tracker)
        again = upload_many(provider, paths[::-1], tracker=tracker)

    assert [each.job and each.job.id for each in again] == ["d-d", "d-c", "d-b", "d-a"]
    assert len(server.seen) == 2
    assert tracker.planned().result() == ()


def test_where_there_is_no_such_call_they_go_one_by_one(upload_many: Many, tmp_path: Path):
    class Single(Batching):
        capabilities = Capabilities()

    waiting = [answer(200, {"id": f"d-{name}", "state": "waiting"}) for name in "ab"]
    with serving(*waiting) as server:
        outcomes = upload_many(Single("key", base_url=server.url), files(tmp_path, *"ab"))

    assert [each.job and each.job.id for each in outcomes] == ["d-a", "d-b"]
    assert {seen.target for seen in server.seen} == {"/documents"}
    assert json.dumps([each.job and each.job.batch_id for each in outcomes]) == "[null, null]"


# Going on with what was planned


def _resumed_sync(provider: Acme, tracker: MemoryTracker, **options: Any) -> Any:
    with Client(provider, retry=NO_RETRY, tracker=tracker) as client:
        return list(client.resume(concurrency=1, **options))


def _resumed_async(provider: Acme, tracker: MemoryTracker, **options: Any) -> Any:
    async def main() -> Any:
        async with AsyncClient(provider, retry=NO_RETRY, tracker=tracker) as client:
            return [each async for each in client.resume(concurrency=1, **options)]

    return asyncio.run(main())


@pytest.fixture(params=[_resumed_sync, _resumed_async], ids=["sync", "async"])
def resume(request: pytest.FixtureRequest) -> Callable[..., list[UploadOutcome[str]]]:
    return request.param


def test_batches_without_an_answer_are_resumed_as_they_were_with_their_keys(
    resume: Callable[..., Any], tracker: MemoryTracker, tmp_path: Path
):
    sent = [accepted("b1", *"abc"), hostile.reset, hostile.reset]
    again = [accepted("b2", *"def"), accepted("b3", *"gh")]
    with serving(*sent, *again) as server:
        provider = KeyedBatching("key", base_url=server.url)
        _sync(provider, files(tmp_path, *"abcdefgh"), tracker=tracker)
        outcomes = resume(provider, tracker)

    groups = [names_in(seen) for seen in server.seen]
    assert groups == [[*"abc"], [*"def"], [*"gh"], [*"def"], [*"gh"]]
    keys = [seen.headers["idempotency-key"] for seen in server.seen]
    assert keys[1:3] == keys[3:5]
    assert [each.job.batch_id for each in outcomes] == ["b2"] * 3 + ["b3"] * 2
    assert tracker.planned().result() == ()


@pytest.mark.parametrize(
    ("was_batched", "in_batches", "expected"),
    [
        (True, None, [[*"abc"], [*"d"]]),
        (True, True, [[*"abc"], [*"d"]]),
        (True, False, [[*"a"], [*"b"], [*"c"], [*"d"]]),
        (False, None, [[*"a"], [*"b"], [*"c"], [*"d"]]),
        (False, True, [[*"abc"], [*"d"]]),
    ],
)
def test_resuming_goes_in_batches_where_it_was_planned_so_or_asked(
    resume: Callable[..., Any],
    tracker: MemoryTracker,
    tmp_path: Path,
    was_batched: bool,
    in_batches: bool | None,
    expected: list[list[str]],
):
    refused = [answer(401)] * (2 if was_batched else 4)
    made = [
        accepted("b1", *names) if len(names) > 1 else answer(200, {"id": f"d-{names[0]}", "state": "waiting"})
        for names in expected
    ]
    with serving(*refused, *made) as server:
        provider = Batching("key", base_url=server.url)
        with Client(provider, retry=NO_RETRY, tracker=tracker) as client:
            list(client.upload_many(files(tmp_path, *"abcd"), in_batches=was_batched, concurrency=1))
        outcomes = resume(provider, tracker, in_batches=in_batches)

    assert [names_in(seen) for seen in server.seen[len(refused) :]] == expected
    assert [each.job and each.job.id for each in outcomes] == ["d-a", "d-b", "d-c", "d-d"]


def test_what_is_not_wanted_stays_planned(resume: Callable[..., Any], tracker: MemoryTracker, tmp_path: Path):
    def is_wanted(plan: Planned) -> bool:
        return Path(plan.path).stem in "bd"

    made = [answer(200, {"id": f"d-{name}", "state": "waiting"}) for name in "bd"]
    with serving(*[answer(401)] * 4, *made) as server:
        provider = Batching("key", base_url=server.url)
        with Client(provider, retry=NO_RETRY, tracker=tracker) as client:
            list(client.upload_many(files(tmp_path, *"abcd"), concurrency=1))
        resume(provider, tracker, only=is_wanted)

    assert [names_in(seen) for seen in server.seen[4:]] == [["b"], ["d"]]
    assert [Path(each.path).stem for each in tracker.planned().result()] == ["a", "c"]


def test_files_with_other_metadata_go_in_another_call():
    plans = [Planned(f"p{n}", "acme", "s", "", f"/{n}.png", {"run": n % 2}) for n in range(5)]

    groups = [[each.path for each in group] for group in regrouped(plans, size=2, in_batches=True)]

    assert groups == [["/0.png", "/2.png"], ["/4.png"], ["/1.png", "/3.png"]]


def test_what_was_planned_for_larger_calls_is_cut():
    plans = [Planned(f"p{n}", "acme", "s", "", f"/{n}.png", batch="b1") for n in range(3)]

    assert [len(group) for group in regrouped(plans, size=2, in_batches=None)] == [2, 1]
    assert [len(group) for group in regrouped(plans, size=0, in_batches=None)] == [1, 1, 1]


def test_where_no_document_can_be_sent_nothing_is() -> None:
    with serving() as server:
        outcomes = _sync(Batching("acme-key", base_url=server.url), [b"", b""])

    assert [type(each.error) for each in outcomes] == [UnsupportedDocument] * 2
    assert server.seen == []
