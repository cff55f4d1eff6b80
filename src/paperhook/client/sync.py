"""`Client`: operations driven in the caller's thread."""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from datetime import datetime
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from typing_extensions import override

from .. import operations
from ..core.arguments import check_count, check_deadline, check_many, check_several, checked_size
from ..core.delivery import Envelope
from ..core.document import Document
from ..core.steps import Await, Now, Pause, Progress, Send, Steps
from ..errors import ConfigurationError, PaperhookError
from ..sources import Source
from .base import ALL, DEFAULT_WAIT, BaseClient, ManyProgress
from .deadlines import OVER, begun, seconds_left, stored, waitable
from .documents import closing, rasterised
from .openings import one_of_many
from .outcomes import UploadOutcome, WaitOutcome, outcome_of
from .plans import Item
from .senders import Senders
from .transport import HttpxClient, SyncTransport
from .waits import News, next_round

if TYPE_CHECKING:
    from ..core.job import Batch, Job
    from ..core.result import Result
    from ..tracker import Planned

T = TypeVar("T")
#: What many documents are given as: an outcome holds its source with that type.
S = TypeVar("S", bound=Source)
#: Seconds that `close` gives uploads which nobody waits for any more; a chunk or an answer ends them.
CLOSING_SECONDS = 1.0


class Client(BaseClient[HttpxClient, SyncTransport]):
    """A synchronous client of one provider; threads may share it.

    Args:
        provider: Such as `DocuParse.from_env()`.
        retry: When to try again; by default 4 attempts with growing, jittered pauses.
        timeout: Seconds for each phase of one attempt.
        namespace: Part of every idempotency key; keeps applications that share an account apart.
        tracker: Remembers what was submitted, so that the same document is one job also after a crash:
            `sqlite:///paperhook.db`, which may be the inbox's file, `memory:`, or a tracker of your own, which you close.
        observe: Who is told of requests and submissions, see `paperhook.observe`.
        http_client: Your own `httpx.Client`, for proxies or certificates; you close it.
        limiter: Holds the provider's documented rate; pass one `RateLimiter` to several clients of the same key or account,
            or `Unlimited()` to be limited by nobody.
        retry_budget: How many retries all calls share; by default 100, and one more each second.

    Raises:
        ConfigurationError: If the provider has no API key or the timeout is not above 0.
    """

    @override
    def _transport_over(self, http_client: HttpxClient | None) -> SyncTransport:
        return SyncTransport(http_client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; calling twice is fine."""
        self._stopping.set()
        # Whoever left a loop of `upload_many` left uploads under way. Without their ends in the journal, the next upload of
        # these documents would wait until it is sure that nobody sends them.
        wait_for(list(self._uploading), CLOSING_SECONDS)
        self._transport.close()
        if self._own_tracker is not None:
            self._own_tracker.close()

    def upload(
        self,
        source: Source,
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
        """Submit one document.

        Args:
            source: A path, bytes, a binary file, or an iterable of bytes.
            filename: By default the path's own name.
            content_type: By default told from the first bytes.
            size_bytes: How many bytes an iterable yields, where you know it. One of more than 1 MiB is then sent while it is
                read, unless its hash is wanted: nothing is kept, and no attempt that sent some of it is made again.
            idempotency_key: By default derived from content, provider and options, where somebody takes one.
            metadata: Your own reference, sent where the provider carries one.
            again: Make a new job for a document that was sent before.
            deadline: Seconds for all of it, retries included.
            on_progress: Takes the bytes of the request's body that are sent and their total. It begins with 0, also when
                the body is sent again.

        Raises:
            UnsupportedDocument: If it cannot be read, has not `size_bytes`, or the provider is known to refuse it.
            SubmissionUnknown: If it may have arrived and the provider honours no key.
            ApiError: If the provider refused it.
            TransportError: If nothing was sent.
        """
        started = begun(deadline)
        document = self._opened(
            source, filename=filename, content_type=content_type, size_bytes=checked_size(size_bytes)
        )
        with closing(document, source):
            steps = self._upload_steps(document, idempotency_key, metadata, again, on_progress)
            return self.run(steps, deadline=seconds_left(deadline, started))

    def status(self, job: Job | str, *, deadline: float | None = None) -> Job:
        """Ask how a job stands.

        Raises:
            NotFound: If the provider does not know it.
        """
        return self.run(self._noted(operations.status(self.provider, self._job(job))), deadline=deadline)

    def result(self, job: Job | str, *, deadline: float | None = None) -> Result:
        """Fetch the result of a completed job.

        Raises:
            JobFailed: If the job is known to have failed.
            ResultExpired: If the provider no longer keeps it.
        """
        return self.run(operations.result(self.provider, self._job(job)), deadline=deadline)

    def wait(self, job: Job | str, *, deadline: float = DEFAULT_WAIT) -> Job:
        """Poll until a job is final, quickly at first, then slower.

        Returns:
            The job, completed or failed; look at `job.status`.

        Raises:
            WaitTimeout: If it is not final within `deadline` seconds; the error carries the job.
        """
        return self.run(self._wait_steps(self._job(job), deadline), deadline=deadline)

    def as_completed(
        self, jobs: Iterable[Job | str], *, concurrency: int = 8, deadline: float = DEFAULT_WAIT
    ) -> Iterator[WaitOutcome]:
        """Wait for many jobs at once; outcomes come as they end, in any order.

        They are polled at the provider's rate by at most `concurrency` threads, however many they are; with a tracker that
        shares its store with an inbox, a webhook ends them too, whichever comes first.

        Args:
            deadline: Seconds for all of them; those that are not final then have a `WaitTimeout`.

        Yields:
            The job, completed or failed, or as last seen with the error that ended the waiting for it.
        """
        check_count(concurrency, "concurrency")
        check_deadline(deadline)
        return (outcome for _, outcome in self._completed(jobs, concurrency, deadline))

    def wait_many(
        self, jobs: Iterable[Job | str], *, concurrency: int = 8, deadline: float = DEFAULT_WAIT
    ) -> tuple[WaitOutcome, ...]:
        """Wait for many jobs at once; gives an outcome for each, in their order. Arguments as for `as_completed`."""
        check_count(concurrency, "concurrency")
        check_deadline(deadline)
        return tuple(
            [
                outcome
                for _, outcome in sorted(self._completed(jobs, concurrency, deadline), key=itemgetter(0))
            ]
        )

    def _completed(
        self, jobs: Iterable[Job | str], concurrency: int, deadline: float
    ) -> Iterator[tuple[int, WaitOutcome]]:
        end, looked_at = self._now() + deadline, 0.0
        rounds = self._rounds(jobs, concurrency, end)
        asker = copy.copy(self)
        asker._stopping = threading.Event()  # noqa: SLF001 - a copy of this very class
        pool = ThreadPoolExecutor(concurrency, thread_name_prefix="paperhook-wait")
        running: dict[Future[Job | PaperhookError], int] = {}
        heard: Sequence[Job] = ()
        news: News | None = None
        try:
            while (turn := next_round(rounds, news)) is not None:
                yield from turn.ended
                for place, job, unmoved in turn.ask:
                    running[pool.submit(asker._asked, job, unmoved, end)] = place  # noqa: SLF001 - same
                self._rest(running, turn.until - self._now())
                endings = [(running.pop(each), each.result()) for each in list(running) if each.done()]
                if self._now() >= looked_at + operations.LOOK_SECONDS:
                    heard, looked_at = self.run(self._ended_elsewhere()), self._now()
                news = News(self._now(), endings, heard)
        finally:
            asker._stopping.set()  # noqa: SLF001 - same
            pool.shutdown(wait=False, cancel_futures=True)

    def _rest(self, running: Iterable[Future[Any]], seconds: float) -> None:
        """Wait until something has ended, or it is time to go on."""
        seconds = min(max(seconds, 0.0), operations.LOOK_SECONDS)
        if running:
            wait_for(running, timeout=seconds, return_when=FIRST_COMPLETED)
        elif self._stopping.wait(seconds):
            raise ConfigurationError("the client is closed: make a new one")

    def _asked(self, job: Job, unmoved: float, end: float) -> Job | PaperhookError:
        try:
            return self.run(self._asking(job, unmoved), deadline=max(OVER, end - self._now()))
        except PaperhookError as error:
            return error

    def upload_and_wait(
        self, source: Source, *, filename: str | None = None, deadline: float = DEFAULT_WAIT
    ) -> Result:
        """Submit one document, wait for it and fetch its result.

        Raises:
            JobFailed: If the provider could not read it.
            WaitTimeout: If it takes longer than `deadline` seconds; the error carries the job.
            DeadlineExceeded: If there is no job by then.
        """
        started = begun(deadline)
        document = self._opened(source, filename=filename)
        with closing(document, source):
            left = seconds_left(deadline, started)
            return self.run(self._upload_and_wait_steps(document, left), deadline=left)

    def upload_many(
        self,
        sources: Iterable[S],
        *,
        concurrency: int = 8,
        metadata: Mapping[str, Any] | None = None,
        on_progress: ManyProgress[S] | None = None,
        in_batches: bool = False,
    ) -> Iterator[UploadOutcome[S]]:
        """Submit many documents at once; outcomes come as they end, in any order.

        With a tracker, paths are planned before they are sent, and `resume` goes on with what was not finished.

        Args:
            sources: Read as needed, so it may be endless; a list is planned as a whole.
            concurrency: How many are under way at once.
            metadata: For each of them.
            on_progress: Takes the source, and what `on_progress` of `upload` takes; called by the thread that sends it.
            in_batches: Send as many documents in one call as the provider takes, where it has such a call; `job.batch_id`
                tells which. `concurrency` is then that of the calls, and `on_progress` is told of none.

        Yields:
            A job or an error for each source.
        """
        check_many(concurrency, metadata, on_progress)
        # Whoever ends finds the next of a sequence waiting; an iterator may be slow, so it is asked only for what can begin.
        ahead = concurrency if isinstance(sources, Sequence) else 0
        return self._many(
            self._groups(sources, metadata, in_batches=in_batches),
            concurrency,
            ahead,
            on_progress,
        )

    def resume(
        self,
        *,
        concurrency: int = 8,
        on_progress: ManyProgress[str] | None = None,
        in_batches: bool | None = None,
        only: Callable[[Planned], bool] | None = None,
    ) -> Iterator[UploadOutcome[str]]:
        """Submit the paths that earlier calls of `upload_many` were given and did not finish, in any process.

        What has a job by now is given as it is. Arguments and outcomes as for `upload_many`; a source is an absolute path.

        Args:
            in_batches: By default what was planned in batches goes in the same ones, and the rest one by one; True puts
                the rest into batches as well, and False sends each by itself.
            only: Asked about each file when its turn comes; what it refuses stays planned.

        Raises:
            ConfigurationError: If the client has no tracker.
        """
        check_many(concurrency, None, on_progress)
        planned = self.unfinished(limit=ALL)
        groups = self._groups_again(planned, only, in_batches=in_batches)
        return self._many(groups, concurrency, concurrency, on_progress)

    def unfinished(self, *, limit: int = 1000) -> tuple[Planned, ...]:
        """Give what `resume` would submit, oldest first: planned with the same provider, options and namespace.

        Raises:
            ConfigurationError: If the client has no tracker.
        """
        return self.run(self._planned(limit))

    def _many(
        self,
        groups: Iterator[Sequence[Item[S]]],
        concurrency: int,
        ahead: int,
        on_progress: ManyProgress[S] | None,
    ) -> Iterator[UploadOutcome[S]]:
        uploader = copy.copy(self)
        uploader._stopping = threading.Event()  # noqa: SLF001 - a copy of this very class
        send = partial(uploader._upload_outcomes, on_progress=on_progress)  # noqa: SLF001 - same
        senders = Senders(send, most=concurrency, under_way=self._uploading)
        try:
            while True:
                for group in islice(groups, concurrency + ahead - senders.count):
                    senders.hand(group)
                if not senders.count:
                    return
                group, outcomes = senders.take()
                for item, outcome in zip(group, outcomes, strict=True):
                    yield outcome
                    self._taken(item, outcome)
        finally:
            # Whoever leaves the loop early does not wait: what is under way ends with its chunk or its answer.
            uploader._stopping.set()  # noqa: SLF001 - same
            senders.close()

    def _upload_outcomes(
        self, items: Sequence[Item[S]], on_progress: ManyProgress[S] | None
    ) -> list[UploadOutcome[S]]:
        if len(items) == 1:
            return [self._upload_outcome(items[0], on_progress)]
        documents: list[Document | PaperhookError] = []
        with contextlib.ExitStack() as opened:
            for item in items:
                try:
                    with one_of_many(item.source):
                        document = self._opened(item.source)
                    opened.enter_context(closing(document, item.source))
                    documents.append(document)
                except PaperhookError as error:
                    documents.append(error)
            endings = self.run(self._batched(items, documents))
        return [outcome_of(item.source, ending) for item, ending in zip(items, endings, strict=True)]

    def _upload_outcome(self, item: Item[S], on_progress: ManyProgress[S] | None) -> UploadOutcome[S]:
        try:
            with one_of_many(item.source):
                document = self._opened(item.source)
            with closing(document, item.source):
                return UploadOutcome(item.source, job=self.run(self._item_steps(item, document, on_progress)))
        except PaperhookError as error:
            return UploadOutcome(item.source, error=error)

    def batch(
        self,
        sources: Iterable[Source],
        *,
        idempotency_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        again: bool = False,
        deadline: float | None = None,
    ) -> Batch:
        """Submit several documents in one call, where the provider has one.

        With a tracker each is written down before the first byte leaves, and what has a job already is not sent again.

        Args:
            idempotency_key: Of the whole call; by default made of the documents' own.
            again: Make new jobs for documents that were sent before.

        Raises:
            ConfigurationError: If the provider has no batches.
            UnsupportedDocument: If one of them is refused or there are too many; nothing was sent.
        """
        started = begun(deadline)
        check_several(sources)
        documents: list[Document] = []
        with contextlib.ExitStack() as opened:
            for source in sources:
                documents.append(self._opened(source))
                opened.enter_context(closing(documents[-1], source))
            steps = self._batch_steps(documents, idempotency_key, metadata, again)
            return self.run(steps, deadline=seconds_left(deadline, started))

    def batch_status(self, batch: Batch, *, deadline: float | None = None) -> Batch:
        """Ask how a batch stands."""
        return self.run(self.provider.batch_status(batch), deadline=deadline)

    def jobs(self, *, since: datetime | None = None, limit: int = 100) -> tuple[Job, ...]:
        """List jobs, newest first, where the provider can.

        Raises:
            ConfigurationError: If it cannot.
        """
        return self.run(self.provider.jobs(since=since, limit=limit))

    def poll(self, job: Job | str, *, deadline: float | None = None) -> tuple[Envelope, ...]:
        """Ask what became of a job whose webhook did not come; hand the answer to `hooks.put_polled`."""
        return self.run(operations.poll(self.provider, self._job(job)), deadline=deadline)

    def reconcile(self, job: Job | str, *, deadline: float | None = None) -> Job:
        """Find out what became of an upload whose answer was lost, without sending anything again.

        Returns:
            The provider's job; or the handle with status `validated` where the provider certainly has none: then upload
            it again.

        Raises:
            SubmissionUnknown: If it cannot be settled, or not yet; the message says what to do.
        """
        return self.run(self._reconciling(self._job(job)), deadline=deadline)

    def run(self, steps: Steps[T], *, deadline: float | None = None) -> T:
        """Run any operation, such as `client.run(ocriva.templates())`.

        Args:
            steps: What a provider's method returned.
            deadline: Seconds for all of it, retries included.
        """
        steps = self._persistent(steps, deadline)
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
                        wire = self._transport
                        exchange = wire.exchange if effect.timeout is None else wire.exchange_within
                        answer = exchange(effect, self._bound(effect))
                    elif isinstance(effect, Pause):
                        if self._stopping.wait(waitable(effect.seconds)):
                            raise ConfigurationError("the client is closed: make a new one")
                    elif isinstance(effect, Now):
                        answer = self._now()
                    elif isinstance(effect, Await):
                        answer = stored(effect)
                    else:
                        answer = rasterised(effect.document)
                except PaperhookError as error:
                    failure = error
        finally:
            # Whoever was cut off learns of it now, not when the garbage is collected.
            steps.close()
