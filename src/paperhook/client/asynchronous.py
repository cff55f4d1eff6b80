"""`AsyncClient`: the same operations, driven on an event loop."""

from __future__ import annotations

import contextlib
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from typing_extensions import override

from .. import operations
from ..core import models
from ..core.arguments import check_count, check_deadline, check_many, check_several, checked_size
from ..core.delivery import Envelope
from ..core.document import Document
from ..core.lazy import loaded
from ..core.steps import Await, Now, Pause, Progress, Send, Steps
from ..errors import DeadlineExceeded, PaperhookError
from ..sources import AsyncSource, open_async_document
from .base import ALL, DEFAULT_WAIT, BaseClient, ManyProgress
from .deadlines import OVER, begun, late_store, seconds_left
from .documents import closing_aside, opened_aside, rasterised
from .lanes import Lanes
from .loops import Loop, Task, running_loop
from .openings import AHEAD, Opened, Openings, one_of_many
from .outcomes import UploadOutcome, WaitOutcome, outcome_of
from .plans import Item
from .transport import AsyncHttpxClient, AsyncTransport
from .waits import Ending, News, next_round

if TYPE_CHECKING:
    from ..core.job import Batch, Job
    from ..core.result import Result
    from ..tracker import Planned

T = TypeVar("T")
A = TypeVar("A", bound=AsyncSource)


class AsyncClient(BaseClient[AsyncHttpxClient, AsyncTransport]):
    """An asynchronous client of one provider; tasks may share it. Arguments and methods as `Client`.

    It runs on asyncio and on trio. It may be used from several `asyncio.run` or `trio.run` calls in a row: connections
    belong to the loop that made them.
    """

    @override
    def _transport_over(self, http_client: AsyncHttpxClient | None) -> AsyncTransport:
        # Whoever awaits the first answer would have the event loop stand still while they are loaded.
        models.Job  # noqa: B018 - loaded now
        models.Result  # noqa: B018 - same
        loaded("paperhook.results.mapping", "read_result")
        return AsyncTransport(http_client)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancel what is under way and close the connections; calling twice is fine."""
        self._stopping.set()
        await self._transport.close()
        if self._own_tracker is not None:
            await running_loop().in_thread(self._own_tracker.close)

    async def upload(
        self,
        source: AsyncSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size_bytes: int | None = None,
        idempotency_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        again: bool = False,
        deadline: float | None = None,
        on_progress: Progress | None = None,
    ) -> Job:
        """Submit one document; see `Client.upload`. An async iterable of bytes is taken too, and kept before it is sent."""
        started = begun(deadline)
        document = await self._open(
            source,
            filename=filename,
            content_type=content_type,
            size_bytes=checked_size(size_bytes),
            deadline=deadline,
        )
        async with closing_aside(running_loop(), document, source):
            steps = self._upload_steps(document, idempotency_key, metadata, again, on_progress)
            return await self.run(steps, deadline=seconds_left(deadline, started))

    async def _open(
        self,
        source: AsyncSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size_bytes: int | None = None,
        deadline: float | None = None,
    ) -> Document:
        loop = running_loop()
        bound = loop.timeout(deadline)
        try:
            async with bound:
                if isinstance(source, AsyncIterable):
                    return await open_async_document(
                        source,
                        filename=filename,
                        content_type=content_type,
                        size_bytes=size_bytes,
                        is_hashed=self._wants_hash,
                        aside=loop.in_thread,
                    )
                open_it = partial(
                    self._opened,
                    source,
                    filename=filename,
                    content_type=content_type,
                    size_bytes=size_bytes,
                )
                return await opened_aside(loop, open_it, source)
        except TimeoutError as error:
            if not bound.expired():
                raise
            raise DeadlineExceeded(
                f"the document could not be read within {deadline:g} s", provider=self.provider.name
            ) from error

    async def status(self, job: Job | str, *, deadline: float | None = None) -> Job:
        """Ask how a job stands; see `Client.status`."""
        return await self.run(
            self._noted(operations.status(self.provider, self._job(job))), deadline=deadline
        )

    async def result(self, job: Job | str, *, deadline: float | None = None) -> Result:
        """Fetch the result of a completed job; see `Client.result`."""
        return await self.run(operations.result(self.provider, self._job(job)), deadline=deadline)

    async def wait(self, job: Job | str, *, deadline: float = DEFAULT_WAIT) -> Job:
        """Poll until a job is final; see `Client.wait`."""
        return await self.run(self._wait_steps(self._job(job), deadline), deadline=deadline)

    async def as_completed(
        self, jobs: Iterable[Job | str], *, concurrency: int = 8, deadline: float = DEFAULT_WAIT
    ) -> AsyncIterator[WaitOutcome]:
        """Wait for many jobs at once, without a task for each; see `Client.as_completed`."""
        check_count(concurrency, "concurrency")
        check_deadline(deadline)
        async with contextlib.aclosing(self._completed(jobs, concurrency, deadline)) as completed:
            async for _, outcome in completed:
                yield outcome

    async def wait_many(
        self, jobs: Iterable[Job | str], *, concurrency: int = 8, deadline: float = DEFAULT_WAIT
    ) -> tuple[WaitOutcome, ...]:
        """Wait for many jobs at once; see `Client.wait_many`."""
        check_count(concurrency, "concurrency")
        check_deadline(deadline)
        async with contextlib.aclosing(self._completed(jobs, concurrency, deadline)) as completed:
            outcomes = [each async for each in completed]
        return tuple([outcome for _, outcome in sorted(outcomes, key=itemgetter(0))])

    async def _completed(
        self, jobs: Iterable[Job | str], concurrency: int, deadline: float
    ) -> AsyncGenerator[tuple[int, WaitOutcome]]:
        loop = running_loop()
        end, looked_at = self._now() + deadline, 0.0
        rounds = self._rounds(jobs, concurrency, end)
        running: set[Task[Ending]] = set()
        heard: Sequence[Job] = ()
        news: News | None = None
        try:
            while (turn := next_round(rounds, news)) is not None:
                for ended in turn.ended:
                    yield ended
                for place, job, unmoved in turn.ask:
                    running.add(loop.start(self._asked(place, job, unmoved, end)))
                done = await self._rest(loop, running, turn.until - self._now())
                running.difference_update(done)
                if self._now() >= looked_at + operations.LOOK_SECONDS:
                    heard, looked_at = await self.run(self._ended_elsewhere()), self._now()
                news = News(self._now(), [each.result() for each in done], heard)
        finally:
            await loop.end(running)

    @staticmethod
    async def _rest(loop: Loop, running: Iterable[Task[Ending]], seconds: float) -> tuple[Task[Ending], ...]:
        """Wait until something has ended, or it is time to go on."""
        seconds = min(max(seconds, 0.0), operations.LOOK_SECONDS)
        if not running:
            await loop.sleep(seconds)
            return ()
        with contextlib.suppress(TimeoutError):
            async with loop.timeout(seconds):
                return await loop.first(running)
        return ()

    async def _asked(self, place: int, job: Job, unmoved: float, end: float) -> Ending:
        try:
            return place, await self.run(self._asking(job, unmoved), deadline=max(OVER, end - self._now()))
        except PaperhookError as error:
            return place, error

    async def upload_and_wait(
        self, source: AsyncSource, *, filename: str | None = None, deadline: float = DEFAULT_WAIT
    ) -> Result:
        """Submit one document, wait for it and fetch its result; see `Client.upload_and_wait`."""
        started = begun(deadline)
        document = await self._open(source, filename=filename, deadline=deadline)
        async with closing_aside(running_loop(), document, source):
            left = seconds_left(deadline, started)
            return await self.run(self._upload_and_wait_steps(document, left), deadline=left)

    def upload_many(
        self,
        sources: Iterable[A],
        *,
        concurrency: int = 8,
        metadata: Mapping[str, Any] | None = None,
        on_progress: ManyProgress[A] | None = None,
        in_batches: bool = False,
    ) -> AsyncIterator[UploadOutcome[A]]:
        """Submit many documents at once; see `Client.upload_many`."""
        check_many(concurrency, metadata, on_progress)
        groups = self._groups(sources, metadata, in_batches=in_batches)
        # An iterator may be slow, so it is asked only for what can begin.
        ahead = AHEAD if isinstance(sources, Sequence) else 0
        return self._many(groups, concurrency, ahead, on_progress)

    async def resume(
        self,
        *,
        concurrency: int = 8,
        on_progress: ManyProgress[str] | None = None,
        in_batches: bool | None = None,
        only: Callable[[Planned], bool] | None = None,
    ) -> AsyncIterator[UploadOutcome[str]]:
        """Submit the paths that earlier calls of `upload_many` did not finish; see `Client.resume`."""
        check_many(concurrency, None, on_progress)
        planned = await self.unfinished(limit=ALL)
        groups = self._groups_again(planned, only, in_batches=in_batches)
        async with contextlib.aclosing(self._many(groups, concurrency, AHEAD, on_progress)) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def unfinished(self, *, limit: int = 1000) -> tuple[Planned, ...]:
        """Give what `resume` would submit, oldest first; see `Client.unfinished`."""
        return await self.run(self._planned(limit))

    async def _many(
        self,
        groups: Iterator[Sequence[Item[A]]],
        concurrency: int,
        ahead: int,
        on_progress: ManyProgress[A] | None,
    ) -> AsyncGenerator[UploadOutcome[A]]:
        loop = running_loop()
        lanes = Lanes(loop, partial(self._upload_outcomes, on_progress=on_progress), most=concurrency)
        openings = Openings(loop, groups, self._opened, ahead=ahead, tell=lanes.tell)
        try:
            while True:
                for opened in openings.take(concurrency - lanes.count):
                    lanes.hand(opened)
                if not lanes.count and not openings.hops:
                    return
                for (group, _), outcomes in await lanes.take():
                    for item, outcome in zip(group, outcomes, strict=True):
                        yield outcome
                        self._taken(item, outcome)
        finally:
            await loop.end((*lanes.running, *openings.hops))

    async def _upload_outcomes(
        self, opened: Opened[A], *, on_progress: ManyProgress[A] | None
    ) -> list[UploadOutcome[A]]:
        items, documents = opened
        if documents:
            endings = await self._endings(items, documents, on_progress)
        else:
            async with contextlib.AsyncExitStack() as stack:
                documents = [await self._opened_alone(item, stack) for item in items]
                endings = await self._endings(items, documents, on_progress)
        return [outcome_of(item.source, ending) for item, ending in zip(items, endings, strict=True)]

    async def _opened_alone(
        self, item: Item[A], opened: contextlib.AsyncExitStack
    ) -> Document | PaperhookError:
        try:
            with one_of_many(item.source):
                document = await self._open(item.source)
        except PaperhookError as error:
            return error
        await opened.enter_async_context(closing_aside(running_loop(), document, item.source))
        return document

    async def _endings(
        self,
        items: Sequence[Item[A]],
        documents: Sequence[Document | PaperhookError],
        on_progress: ManyProgress[A] | None,
    ) -> Sequence[Job | PaperhookError]:
        if len(items) > 1:
            return await self.run(self._batched(items, documents))
        document = documents[0]
        if isinstance(document, PaperhookError):
            return [document]
        try:
            return [await self.run(self._item_steps(items[0], document, on_progress))]
        except PaperhookError as error:
            return [error]

    async def batch(
        self,
        sources: Iterable[AsyncSource],
        *,
        idempotency_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        again: bool = False,
        deadline: float | None = None,
    ) -> Batch:
        """Submit several documents in one call; see `Client.batch`."""
        started = begun(deadline)
        check_several(sources)
        documents: list[Document] = []
        loop = running_loop()
        async with contextlib.AsyncExitStack() as opened:
            for source in sources:
                documents.append(await self._open(source, deadline=seconds_left(deadline, started)))
                await opened.enter_async_context(closing_aside(loop, documents[-1], source))
            steps = self._batch_steps(documents, idempotency_key, metadata, again)
            return await self.run(steps, deadline=seconds_left(deadline, started))

    async def batch_status(self, batch: Batch, *, deadline: float | None = None) -> Batch:
        """Ask how a batch stands."""
        return await self.run(self.provider.batch_status(batch), deadline=deadline)

    async def jobs(self, *, since: datetime | None = None, limit: int = 100) -> tuple[Job, ...]:
        """List jobs, newest first; see `Client.jobs`."""
        return await self.run(self.provider.jobs(since=since, limit=limit))

    async def poll(self, job: Job | str, *, deadline: float | None = None) -> tuple[Envelope, ...]:
        """Ask what became of a job whose webhook did not come; see `Client.poll`."""
        return await self.run(operations.poll(self.provider, self._job(job)), deadline=deadline)

    async def reconcile(self, job: Job | str, *, deadline: float | None = None) -> Job:
        """Find out what became of an upload whose answer was lost; see `Client.reconcile`."""
        return await self.run(self._reconciling(self._job(job)), deadline=deadline)

    async def run(self, steps: Steps[T], *, deadline: float | None = None) -> T:
        """Run any operation; see `Client.run`."""
        loop, steps = running_loop(), self._persistent(steps, deadline)
        answer: Any = None
        failure: PaperhookError | None = None
        try:
            while True:
                try:
                    effect = steps.send(answer) if failure is None else steps.throw(failure)
                except StopIteration as done:
                    return cast("T", done.value)
                answer = failure = None
                try:
                    if isinstance(effect, Send):
                        answer = await self._transport.exchange(loop, effect, self._bound(effect))
                    elif isinstance(effect, Pause):
                        await loop.sleep(effect.seconds)
                    elif isinstance(effect, Now):
                        answer = self._now()
                    elif isinstance(effect, Await):
                        answer = await self._stored(loop, effect)
                    else:
                        answer = await loop.in_thread(partial(rasterised, effect.document))
                except PaperhookError as error:
                    failure = error
        finally:
            # Whoever was cut off learns of it now, not when the garbage is collected.
            steps.close()

    @staticmethod
    async def _stored(loop: Loop, effect: Await) -> Any:
        if effect.timeout is None:
            return await loop.answer(effect.future)
        bound = loop.timeout(effect.timeout)
        try:
            async with bound:
                return await loop.answer(effect.future)
        except TimeoutError as error:
            if not bound.expired():
                raise
            raise late_store() from error
