"""space-ocr: images go into a sheet, one job each; results come by signed webhook or by polling.

Sources, as the comments name them: "article" is the AP-automation article, "docs page" the vendor's documentation, "skill"
the vendor's published agent skill; what is said nowhere is marked assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from ..core import models
from ..core.answers import check_asked, is_replay, malformed, object_in, text_in
from ..core.document import Document
from ..core.exchange import FilePart, Multipart, Response, path_segment
from ..core.instants import instant
from ..core.pages import merge_pages, parts_of, whole_of
from ..core.provider import NOTHING, Capabilities
from ..core.rate import Rate
from ..core.status import JobStatus
from ..core.steps import Steps, rasterise
from ..errors import (
    BadRequest,
    ConfigurationError,
    ErrorKind,
    JobFailed,
    NotFound,
    UnsupportedDocument,
    WaitTimeout,
)
from .space_ocr_account import space_ocr_models
from .space_ocr_columns import INVOICE_COLUMNS, TEMPLATE_IDS, Column
from .space_ocr_endpoints import IMAGES, MAX_FILE_BYTES
from .space_ocr_events import SpaceOcrEvents

if TYPE_CHECKING:
    from ..core.job import Batch, Job
    from ..core.result import Result
    from .space_ocr_models import (
        Amount,
        Created,
        FlatFee,
        FreeScans,
        Health,
        Node,
        Row,
        Suggestion,
        View,
        WebhookDelivery,
        WebhookSettings,
    )

__all__ = [
    "INVOICE_COLUMNS",
    "TEMPLATE_IDS",
    "Amount",
    "Column",
    "Created",
    "FlatFee",
    "FreeScans",
    "Health",
    "Node",
    "Row",
    "SpaceOcr",
    "Suggestion",
    "View",
    "WebhookDelivery",
    "WebhookSettings",
]

#: Source: skill. Anything else is processing.
STATUS: Mapping[str, JobStatus] = {
    "pending": JobStatus.SUBMITTED,
    "processing": JobStatus.PROCESSING,
    "done": JobStatus.COMPLETED,
    "failed": JobStatus.FAILED_TERMINAL,
}

PDF = "application/pdf"
#: Parts of one upload (skill).
MAX_FILES = 20
#: Separates the documents in a batch's id, as `,` separates a document's pages.
BATCH_SEPARATOR = ";"


@dataclass(frozen=True)
class SpaceOcr(SpaceOcrEvents):
    """space-ocr at https://api.space-ocr.com.

    Args:
        sheet: Path of the sheet that uploads go into, such as `/ap/invoices`; its last part may be a unique key.
        columns: What a sheet that paperhook makes will extract: `Column`s, names, or names joined by commas.
        prompt: Extraction hint of a sheet that paperhook makes.
        create_missing_sheet: Make the sheet (and its folders) when an upload finds that it is missing.
        wait: Ask space-ocr to hold an upload's answer until it has read the images, for at most about 30 s.

    A PDF is sent as one image a page. Such a job's id is the pages' ids joined by commas.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        idempotency_header="Idempotency-Key",
        idempotency_seconds=24 * 3600.0,
        accepts=IMAGES | {PDF},
        rasterises=frozenset({PDF}),
        max_document_bytes=MAX_FILE_BYTES,
        max_batch_documents=MAX_FILES,
        # Docs page; the kind of window is nowhere said, and a sliding one is safe for both.
        rates=(Rate(60, 60.0), Rate(600, 60.0, per="account")),
        # Rows of a sheet do not name their jobs.
        lists_jobs=False,
        usual_seconds=10.0,
    )

    create_missing_sheet: bool = True
    wait: bool = False

    @override
    def upload_options(self) -> Mapping[str, Any]:
        return {"sheet": self.sheet}

    # Jobs

    @override
    def upload(
        self, document: Document, *, key: str | None = None, metadata: Mapping[str, Any] = NOTHING
    ) -> Steps[Job]:
        """Submit one document into the sheet; a PDF becomes one image and one job a page.

        Raises:
            ConfigurationError: If no sheet is configured.
            UnsupportedDocument: If a page is larger than 20 MiB.
        """
        batch = yield from self.upload_batch((document,), key=key, metadata=metadata)
        return batch.jobs[0]

    @override
    def upload_batch(
        self,
        documents: Sequence[Document],
        *,
        key: str | None = None,
        metadata: Mapping[str, Any] = NOTHING,
    ) -> Steps[Batch]:
        """Submit several documents, 20 images a request.

        A key covers all requests: the second and later ones send `key-2`, `key-3`, …, so a repeated call with the
        same documents makes no job twice. The wire has no batch: its id is made of the jobs'.
        """
        self._needed_sheet()
        pages: list[tuple[Document, ...]] = []
        for document in documents:
            pages += ((yield from self._pages_of(document)),)
        parts = yield from self._submit([page for each in pages for page in each], key)
        jobs: list[Job] = []
        for document, images in zip(documents, pages, strict=True):
            whole = whole_of(parts[: len(images)], filename=document.filename)
            jobs.append(whole.model_copy(update={"metadata": dict(metadata), "idempotency_key": key}))
            parts = parts[len(images) :]
        return self._batch(jobs)

    def _pages_of(self, document: Document) -> Steps[tuple[Document, ...]]:
        pages: tuple[Document, ...] = (document,)
        if document.content_type == PDF:
            pages = yield from rasterise(document)
        for page in pages:
            if page.size_bytes > MAX_FILE_BYTES:
                raise UnsupportedDocument(
                    f"{page.filename} has {page.size_bytes} bytes: {self.name} takes {MAX_FILE_BYTES} an image",
                    code="too_large",
                )
        if not pages:
            raise UnsupportedDocument(f"{document.filename} has no pages", code="unreadable")
        return pages

    def _submit(self, images: Sequence[Document], key: str | None) -> Steps[list[Job]]:
        jobs: list[Job] = []
        for number, start in enumerate(range(0, len(images), MAX_FILES), start=1):
            own_key = f"{key}-{number}" if key and number > 1 else key
            jobs += yield from self._post(images[start : start + MAX_FILES], own_key)
        return jobs

    def _post(self, images: Sequence[Document], key: str | None) -> Steps[list[Job]]:
        fields = [("path", self.sheet)]
        if self.wait:
            fields.append(("wait", "true"))
        body = Multipart(tuple(fields), tuple(FilePart("files", image) for image in images))
        try:
            response = yield from self._keyed("/upload", body, key)
        except (NotFound, BadRequest) as error:
            if not (self.create_missing_sheet and (yield from self._made_missing_sheet(error))):
                raise
            # The sheet was missing, so no job was made and the same key may be used again (4xx are not kept: assumed).
            response = yield from self._keyed("/upload", body, key)
        return self._jobs_in(response, [image.filename for image in images])

    def _made_missing_sheet(self, error: NotFound | BadRequest) -> Steps[bool]:
        """Make the sheet where an upload was refused because it is missing: whether with 404 or 400 is nowhere said."""
        if isinstance(error, NotFound):
            yield from self._make(self.sheet)
            return True
        return error.status == 400 and error.code != "invalid_image" and (yield from self.ensure_sheet())

    def _jobs_in(self, response: Response, names: Sequence[str]) -> list[Job]:
        answer = object_in(self.name, response)
        # With `wait` the same items come as `results`, with their result inside (skill).
        items = answer.get("results") or answer.get("jobs")
        if not isinstance(items, list) or len(items) != len(names):
            raise malformed(
                self.name, response, f"{len(names)} images were sent and the jobs are not as many"
            )
        jobs = [self._job(response, item, is_replay=is_replay(response)) for item in items]
        # That they come in the order of the images is nowhere said; where names tell images apart, they decide.
        by_name = {job.filename: job for job in jobs}
        return (
            [by_name[name] for name in names]
            if len(by_name) == len(names) and {*by_name} == {*names}
            else jobs
        )

    def _job(
        self, response: Response, answer: Any, *, known_id: str | None = None, is_replay: bool = False
    ) -> Job:
        job_id = text_in(answer.get("jobId")) if isinstance(answer, Mapping) else None
        if known_id is not None:
            check_asked(self.name, response, known_id, job_id)
            job_id = known_id
        if job_id is None:
            raise malformed(self.name, response, "jobId is missing")
        word = text_in(answer.get("status")) or ""
        status = STATUS.get(word, JobStatus.PROCESSING)
        error = self.read_error(answer) if status.is_failure else None
        if error is not None and error.kind is ErrorKind.RETRYABLE:
            status = JobStatus.FAILED_RETRYABLE
        return models.Job(
            id=job_id,
            provider=self.name,
            status=status,
            provider_status=word,
            document_id=text_in(answer.get("uniqueKey")),
            filename=text_in(answer.get("originalName")),
            error=error,
            # Milliseconds (assumed, as in the skill's sample of /health).
            created_at=instant(answer.get("createdAt")),
            is_replay=is_replay,
            raw=answer,
        )

    @override
    def status(self, job: Job) -> Steps[Job]:
        """Ask how a job stands; of several pages, those that are still read, up to the first that is not final."""
        parts: list[Job] = []
        is_open = False
        for part in parts_of(job):
            after = part if part.status.is_final or is_open else (yield from self._ask(part))
            is_open = is_open or not after.status.is_final
            parts.append(after)
        return whole_of(parts, filename=job.filename)

    def _ask(self, part: Job) -> Steps[Job]:
        if not part.id:
            raise ConfigurationError(f"{self.name}: the job has no id: upload it again with the same key")
        response = yield from self.call("GET", f"/jobs/{path_segment(part.id)}")
        after = self._job(response, object_in(self.name, response), known_id=part.id)
        return after.model_copy(update={"filename": part.filename, "is_replay": part.is_replay})

    @override
    def result(self, job: Job) -> Steps[Result]:
        """Give the result that a job's last answer holds, and ask only where it holds none.

        Raises:
            JobFailed: If the provider could not read a page.
            WaitTimeout: If it is not done yet.
        """
        pages: list[Result] = []
        for known in parts_of(job):
            part = known if self.has_result(known.raw) else (yield from self._ask(known))
            if part.status.is_failure:
                raise JobFailed(f"{self.name}: job {part.id} failed: {part.reason}", job=part)
            if not part.status.is_final:
                raise WaitTimeout(f"{self.name}: job {part.id} is still {part.status}: wait for it", job=part)
            pages.append(self.read_result(part.raw))
        return merge_pages(pages)

    @override
    def batch_status(self, batch: Batch) -> Steps[Batch]:
        """Ask how each job of a batch stands; a batch made of its id alone works as well."""
        known = batch.jobs or [
            models.Job.known(each, provider=self.name) for each in batch.id.split(BATCH_SEPARATOR)
        ]
        jobs: list[Job] = []
        for job in known:
            jobs += [job] if job.status.is_final else [(yield from self.status(job))]
        return self._batch(jobs)

    def _batch(self, jobs: Sequence[Job]) -> Batch:
        ended = [job for job in jobs if job.status.is_final]
        failed = sum(job.status.is_failure for job in ended)
        return models.Batch(
            id=BATCH_SEPARATOR.join(job.id for job in jobs),
            provider=self.name,
            status=JobStatus.COMPLETED if len(ended) == len(jobs) else JobStatus.PROCESSING,
            jobs=tuple(jobs),
            summary=models.BatchSummary(total=len(jobs), succeeded=len(ended) - failed, failed=failed),
        )


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        # What the endpoints answer is imported from here as well.
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(space_ocr_models, name)
