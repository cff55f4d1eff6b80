"""What both clients are made of: their options, and the operations that each of their methods runs."""

from __future__ import annotations

import copy
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar

from .. import operations
from ..core import models
from ..core.arguments import check_deadline, check_several, check_steps, check_upload
from ..core.document import Document
from ..core.provider import Provider
from ..core.steps import Progress, Send, Steps, answer_of
from ..errors import ConfigurationError, InboxError, PaperhookError
from ..retrying import Budget, RetryPolicy, persist
from ..sources import Source, document_to_send
from .batching import submit_together
from .bounds import Bound
from .limits import Limiter, RateLimiter, RetryBudget
from .options import check_options, check_turns, observers_of, tracker_of
from .outcomes import UploadOutcome
from .plans import Item, draft_of, is_finished, planned_items, regrouped
from .transport import AsyncHttpxClient, HttpxClient, Transport
from .waits import News, Round, rounds

# A client without a tracker and without observers loads neither; with its first use it loads what it needs of them.
if TYPE_CHECKING:
    from ..core.job import Batch, Job
    from ..core.result import Result
    from ..observe.details import Observer
    from ..tracker import Planned, Tracker

T = TypeVar("T")
H = TypeVar("H", HttpxClient, AsyncHttpxClient)
#: How a client talks to its provider.
W = TypeVar("W", bound=Transport[Any])

#: Takes the source, bytes sent and bytes in total.
ManyProgress: TypeAlias = Callable[[T, int, int | None], object]
#: How far back to look for ends that came by webhook: an event is stored a moment after it was received.
HEARD_SECONDS = 10.0
#: More than anybody plans at once.
ALL = 1_000_000_000

#: Seconds for each phase of one attempt: connecting, sending a chunk, waiting for a chunk.
DEFAULT_TIMEOUT = 30.0
#: Seconds that `wait` waits for a job by default.
DEFAULT_WAIT = 300.0


class BaseClient(Generic[H, W]):
    """What both clients are made of."""

    def __init__(
        self,
        provider: Provider,
        *,
        retry: RetryPolicy | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        namespace: str = "",
        tracker: str | Tracker | None = None,
        http_client: H | None = None,
        observe: Sequence[Observer] = (),
        limiter: Limiter | None = None,
        retry_budget: Budget | None = None,
    ) -> None:
        check_options(provider, retry, timeout, namespace, type(self).__name__)
        check_turns(limiter, retry_budget)
        self._observers = observers_of(observe)
        self.provider = provider
        self.tracker: Tracker | None = tracker_of(tracker)
        #: What was opened here is closed here.
        self._own_tracker = self.tracker if isinstance(tracker, str) else None
        self._retry = retry or RetryPolicy()
        self._timeout = timeout
        self._namespace = namespace
        self._limiter = limiter or RateLimiter()
        self._turns = self._limiter.turns(provider)
        self._budget = retry_budget or RetryBudget()
        self._transport = self._transport_over(http_client)
        # Set when nobody waits any more for what is under way.
        self._stopping = threading.Event()
        #: Uploads that threads of `upload_many` are at, in all copies of this client.
        self._uploading = set[Future[Any]]()
        # A clock that never jumps, anchored to the wall once.
        self._epoch = time.time() - time.monotonic()

    @classmethod
    def from_env(cls, provider: str, environ: Mapping[str, str] | None = None) -> Self:
        """Make a client from environment variables.

        Args:
            provider: `space-ocr`, `docuparse`, `docuprox` or `ocriva`.
            environ: Instead of `os.environ`.

        Raises:
            ConfigurationError: If the provider is unknown or a variable is missing.
        """
        from ..providers import provider_class

        return cls(provider_class(provider).from_env(environ))

    def with_options(
        self,
        *,
        provider: Provider | None = None,
        retry: RetryPolicy | None = None,
        timeout: float | None = None,
        namespace: str | None = None,
    ) -> Self:
        """Give a client with other options that shares the connections of this one.

        Raises:
            ConfigurationError: If one of them is of another type, the time-out is none, or the provider has no key.
        """
        other = copy.copy(self)
        other.provider = self.provider if provider is None else provider
        other._timeout = self._timeout if timeout is None else timeout  # noqa: SLF001 - a copy of this very class
        other._namespace = self._namespace if namespace is None else namespace  # noqa: SLF001 - same
        check_options(other.provider, retry, other._timeout, other._namespace, "with_options")  # noqa: SLF001 - same
        other._turns = self._limiter.turns(other.provider)  # noqa: SLF001 - same
        other._retry = retry or self._retry  # noqa: SLF001 - same
        return other

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.provider!r})"

    def _transport_over(self, http_client: H | None) -> W:
        raise NotImplementedError

    def _bound(self, effect: Send) -> Bound:
        return Bound(effect, self.provider.name, self._timeout, self._stopping)

    def _now(self) -> float:
        return self._epoch + time.monotonic()

    def _key(self, document: Document, metadata: Mapping[str, Any]) -> str:
        return operations.submission_key(
            document, self.provider, metadata=metadata, namespace=self._namespace
        )

    def _untracked_key(self, document: Document, metadata: Mapping[str, Any], *, again: bool) -> str | None:
        if not self._wants_hash:
            # Nobody honours it, and to derive one the whole document is read.
            operations.metadata_text(metadata)
            return self._name_for_listing()
        derived = self._key(document, metadata)
        return f"{derived}-{uuid.uuid4().hex}" if again else derived

    def _name_for_listing(self) -> str | None:
        """Give a key for one call to a provider that honours none; where it shows it in a listing, the job is found by it."""
        return f"ph-{uuid.uuid4().hex}" if self.provider.capabilities.lists_jobs else None

    @property
    def _wants_hash(self) -> bool:
        """Whether a document is known by its content before it is sent."""
        return self.tracker is not None or self.provider.capabilities.idempotency_header is not None

    def _opened(
        self,
        source: Source,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size_bytes: int | None = None,
        is_left: Callable[[], bool] = bool,
    ) -> Document:
        return document_to_send(
            source,
            filename=filename,
            content_type=content_type,
            size_bytes=size_bytes,
            is_hashed=self._wants_hash,
            is_left=is_left,
        )

    def _upload_steps(
        self,
        document: Document,
        key: str | None,
        metadata: Mapping[str, Any] | None,
        again: bool,
        on_progress: Progress | None,
    ) -> Steps[Job]:
        check_upload(key, metadata, on_progress)
        given = metadata or {}
        if self.tracker is not None:
            from ..tracker.journal import submit

            steps = submit(
                self.provider,
                self.tracker,
                document,
                identity=key or self._key(document, given),
                metadata=metadata,
                namespace=self._namespace,
                again=again,
            )
        else:
            key = key or self._untracked_key(document, given, again=again)
            steps = operations.upload(self.provider, document, key=key, metadata=metadata)
        if on_progress is not None:
            steps = operations.with_progress(steps, on_progress)
        if self._observers is None:
            return steps
        from ..observe.steps import submission

        return submission(steps, self._observers, self.provider.name)

    def _persistent(self, steps: Steps[T], deadline: float | None) -> Steps[T]:
        check_steps(steps)
        check_deadline(deadline, or_none=True)
        name = self.provider.name
        if self._observers is None:
            return persist(
                steps, self._retry, deadline=deadline, turns=self._turns, budget=self._budget, provider=name
            )
        from ..observe.steps import ToldBudget, requests_of

        budget = ToldBudget(self._budget, self._observers, name)
        steps = persist(
            steps, self._retry, deadline=deadline, turns=self._turns, budget=budget, provider=name
        )
        return requests_of(steps, self._observers, name)

    def _upload_and_wait_steps(self, document: Document, deadline: float) -> Steps[Result]:
        uploading = self._upload_steps(document, None, None, again=False, on_progress=None)
        return operations.upload_and_wait(
            self.provider, uploading, deadline=deadline, look=self._look, tell=self._tell_wait
        )

    @property
    def _look(self) -> operations.Look | None:
        if self.tracker is None:
            return None
        from ..tracker.journal import heard

        return partial(heard, self.tracker)

    @property
    def _tell_wait(self) -> operations.TellWait | None:
        if self._observers is None:
            return None
        from .watching import told

        return told(self._observers, self.provider.name)

    def _wait_steps(self, job: Job, deadline: float) -> Steps[Job]:
        steps = operations.wait(self.provider, job, deadline=deadline, look=self._look, tell=self._tell_wait)
        return self._noted(steps)

    def _rounds(
        self, jobs: Iterable[Job | str], concurrency: int, end: float
    ) -> Generator[Round, News, None]:
        check_several(jobs, "job")
        known = [self._job(job) for job in jobs]
        hears = self.tracker is not None
        now, tell = self._now(), self._tell_wait
        going = rounds(self.provider, known, concurrency=concurrency, end=end, now=now, hears=hears)
        if tell is None:
            return going
        from .watching import rounds_told

        return rounds_told(going, tell, now=now)

    def _asking(self, job: Job, unmoved: float) -> Steps[Job]:
        return self._noted(operations.ask(self.provider, job, unmoved=unmoved))

    def _ended_elsewhere(self) -> Steps[Sequence[Job]]:
        """Give the jobs whose end came into the inbox just now."""
        if self.tracker is None:
            return ()
        try:
            since = self._now() - HEARD_SECONDS
            return (yield from answer_of(self.tracker.ended(self.provider.name, since=since)))
        except InboxError:
            # The provider tells as well.
            return ()

    # Many

    def _groups(
        self, sources: Iterable[T], metadata: Mapping[str, Any] | None, *, in_batches: bool
    ) -> Iterator[Sequence[Item[T]]]:
        """Plan many, and give what goes in one call: as many as the provider takes, or one."""
        size = max(1, self.provider.capabilities.max_batch_documents) if in_batches else 1
        items = self._items(sources, metadata, size)
        return iter(lambda: tuple(islice(items, size)), ())

    def _items(
        self, sources: Iterable[T], metadata: Mapping[str, Any] | None, size: int
    ) -> Iterator[Item[T]]:
        check_several(sources)
        if self.tracker is None:
            return (Item(source, metadata) for source in sources)
        draft = draft_of(self.provider, self._namespace, now=self._now())
        return planned_items(self.tracker, draft, sources, metadata, size=size)

    def _groups_again(
        self, planned: Iterable[Planned], only: Callable[[Planned], bool] | None, *, in_batches: bool | None
    ) -> Iterator[Sequence[Item[str]]]:
        """Give what goes in one call of what was planned; each group is asked for when its turn comes."""
        size = self.provider.capabilities.max_batch_documents
        for group in regrouped(planned, size=size, in_batches=in_batches):
            items = [
                Item(each.path, each.metadata, each.plan_id) for each in group if only is None or only(each)
            ]
            if items:
                yield items

    def _item_steps(
        self, item: Item[T], document: Document, on_progress: ManyProgress[T] | None
    ) -> Steps[Job]:
        tell = None if on_progress is None else partial(on_progress, item.source)
        steps = self._upload_steps(document, None, item.metadata, again=False, on_progress=tell)
        return item.after_planning(steps)

    def _taken(self, item: Item[T], outcome: UploadOutcome[T]) -> None:
        """Forget a plan whose outcome the caller has dealt with: he has come for the next one."""
        if item.plan_id and self.tracker is not None and is_finished(outcome):
            # Nobody waits: where this is lost, the next call is given the same job.
            self.tracker.fulfil([item.plan_id])

    def _batched(
        self, items: Sequence[Item[Any]], opened: Sequence[Document | PaperhookError]
    ) -> Steps[list[Job | PaperhookError]]:
        first = items[0]

        def together(documents: Sequence[Document]) -> Steps[Batch]:
            return first.after_planning(self._batch_steps(documents, None, first.metadata, again=False))

        def alone(document: Document) -> Steps[Job]:
            return self._upload_steps(document, None, first.metadata, again=False, on_progress=None)

        return submit_together(self.provider, opened, together=together, alone=alone)

    def _planned(self, limit: int) -> Steps[tuple[Planned, ...]]:
        if self.tracker is None:
            raise ConfigurationError(
                "the client has no tracker, so nobody knows what is unfinished: "
                f"write {type(self).__name__}(provider, tracker='sqlite:///paperhook.db')"
            )
        draft = draft_of(self.provider, self._namespace, now=0.0)
        return answer_of(self.tracker.planned(draft.provider, scope=draft.scope, limit=limit))

    def _noted(self, steps: Steps[Job]) -> Steps[Job]:
        if self.tracker is None:
            return steps
        from ..tracker.journal import noted

        return noted(self.tracker, steps)

    def _reconciling(self, job: Job) -> Steps[Job]:
        from ..tracker.reconciling import reconcile

        return reconcile(self.provider, self.tracker, job)

    def _batch_steps(
        self,
        documents: Sequence[Document],
        key: str | None,
        metadata: Mapping[str, Any] | None,
        again: bool,
    ) -> Steps[Batch]:
        check_upload(key, metadata, None)
        if self.tracker is not None and self.provider.capabilities.max_batch_documents:
            from ..tracker.batches import submit_batch

            return submit_batch(
                self.provider,
                self.tracker,
                documents,
                key=key,
                metadata=metadata,
                namespace=self._namespace,
                again=again,
            )
        if key is None:
            key = (
                f"ph-{uuid.uuid4().hex}" if again else None if self._wants_hash else self._name_for_listing()
            )
        return operations.upload_batch(
            self.provider, documents, key=key, metadata=metadata, namespace=self._namespace
        )

    def _job(self, job: Job | str) -> Job:
        if isinstance(job, str):
            return models.Job.known(job, provider=self.provider.name)
        if not isinstance(job, models.Job):
            raise TypeError(f"a job is a Job or its id, not a {type(job).__name__}")
        if job.provider != self.provider.name:
            raise ConfigurationError(
                f"job {job.id} is {job.provider}'s, and this client asks {self.provider.name}: use a client of {job.provider}"
            )
        return job
