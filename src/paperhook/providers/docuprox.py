"""DocuProx: one upload is one job; its results are pushed, one delivery a document, and kept for 24 hours.

Sources, as the comments name them: "webhook page" is the vendor's Webhook Integration page, "API page" its API reference;
"Python SDK", "Node SDK", "MCP server", "n8n node" and "Salesforce package" are the vendor's own published clients; what is said
nowhere is marked assumed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, get_args
from urllib.parse import urlencode

from typing_extensions import override

from ..core import models
from ..core.answers import Problem, check_asked, malformed, object_in, text_in, until_reset
from ..core.document import Document
from ..core.exchange import Base64Json, Body, FilePart, JsonBody, Multipart, RawBody, Repeat, Response
from ..core.provider import NOTHING, Capabilities
from ..core.status import JobStatus
from ..core.steps import Steps
from ..errors import (
    ApiError,
    BadRequest,
    ConfigurationError,
    JobFailed,
    NotFound,
    RateLimited,
    ResultExpired,
    WaitTimeout,
)
from .docuprox_events import DocuProxEvents
from .docuprox_models import (
    ACCEPTS,
    MEMBER_DONE,
    MEMBER_FAILED,
    STATUS,
    AgentPrompt,
    as_json,
    is_single,
    is_uuid,
    normalised,
    object_in_text,
    records_in,
    without_data_url,
)

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.result import Result

__all__ = ["AgentPrompt", "DocuProx", "without_data_url"]

#: Seconds in which a key's requests are counted (API page).
WINDOW_SECONDS = 60.0

Form: TypeAlias = Literal["multipart", "json", "raw"]


@dataclass(frozen=True)
class DocuProx(DocuProxEvents):
    """DocuProx at https://api.docuprox.com/v1.

    Args:
        template_id: UUID of the template that uploads are read with; its webhook is set in the vendor's dashboard.
        static_values: Sent with every upload and echoed by the webhook; an upload's `metadata` is added to them.
        form: How documents are sent: a form, base64 in JSON, or the bytes alone.
        webhook_header: The custom header with the secret that the dashboard adds to deliveries.
        dedupe: What makes two deliveries of one job the same: `"result"`, equal results (two identical pages of an archive
            count once); `"job"`, any two (right where no archives are uploaded); or a function of yours.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        accepts=ACCEPTS,
        # A limit for each key over 60 s exists and its number is nowhere said (API page), so there are no `rates`.
        # Only successes are described, so a failure is found by polling or never (webhook page, by absence).
        pushes_failures=False,
        delivers_per_member=True,
        # Webhook page.
        retention_seconds=24 * 3600.0,
        # Assumed.
        usual_seconds=10.0,
        # MCP server.
        poll_seconds=3.0,
        # Assumed; see `probe`.
        probe_seconds=30.0,
    )

    # One of the vendor's clients leaves /v1 out; here it is part of the base, never of a path.
    base_url: str = "https://api.docuprox.com/v1"
    static_values: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, hash=False)
    form: Form = "multipart"

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        if self.template_id and not is_uuid(self.template_id):
            raise ConfigurationError(
                f"{self.name}: template_id is {self.template_id!r}: copy the template's UUID"
            )
        if self.form not in get_args(Form):
            raise ConfigurationError(
                f"{self.name}: form is {self.form!r}: write one of {', '.join(get_args(Form))}"
            )
        if not isinstance(self.static_values, Mapping):
            # From an environment variable.
            object.__setattr__(self, "static_values", object_in_text("static_values", self.static_values))
        as_json("static_values", dict(self.static_values))

    @override
    def upload_options(self) -> Mapping[str, Any]:
        return {"template_id": self.template_id, "static_values": dict(self.static_values)}

    # Requests

    @override
    def request_headers(self) -> tuple[tuple[str, str], ...]:
        return (("x-auth", self.api_key),)

    @override
    def problem(self, response: Response) -> Problem | None:
        """Read `{"error", "message"}` (Salesforce package); `error` is a phrase and no code, so the status decides.

        With a status of success (observed nowhere, and written so by other APIs) it is a refusal where there is nothing else:
        read as a record it would be a document without a value.
        """
        try:
            body = response.json()
        except ValueError:
            body = None
        body = body if isinstance(body, Mapping) else {}
        if response.is_success and not (text_in(body.get("error")) and body.keys() <= {"error", "message"}):
            return None
        phrases = (text_in(body.get(name)) for name in ("error", "message"))
        error_class = BadRequest if response.is_success else None
        return Problem(message=": ".join(phrase for phrase in phrases if phrase), error_class=error_class)

    @override
    def error_of(self, response: Response) -> ApiError | None:
        """Read the error, and from X-RateLimit-Reset when to try again (name assumed, the API page says only "headers")."""
        error = super().error_of(response)
        if isinstance(error, RateLimited) and error.retry_after is None:
            error.retry_after = until_reset(
                response.headers, now=response.received_at, longest=WINDOW_SECONDS
            )
        return error

    @override
    def upload(
        self, document: Document, *, key: str | None = None, metadata: Mapping[str, Any] = NOTHING
    ) -> Steps[Job]:
        """Submit one document or archive for the template (webhook page: `POST /process-job`).

        `key` is not sent, DocuProx takes none; `metadata` travels in `static_values` and comes back with the webhook.

        Raises:
            ConfigurationError: If there is no template, or `metadata` is no JSON.
        """
        response = yield from self._submit("/process-job", document, self._values(metadata))
        return self._submitted(response, document, metadata)

    def upload_with_prompt(
        self, document: Document, prompt: AgentPrompt, *, metadata: Mapping[str, Any] = NOTHING
    ) -> Steps[Job]:
        """Submit one document for a prompt instead of a template (MCP server: `POST /process-job`)."""
        # Here, and only here, the fields are JSON text inside the payload (MCP server).
        payload = prompt.payload(self._values(metadata), fields_as_text=True)
        response = yield from self._prompt("/process-job", document, payload)
        return self._submitted(response, document, metadata)

    def process(self, document: Document, *, metadata: Mapping[str, Any] = NOTHING) -> Steps[Result]:
        """Read one document while waiting (API page: `/process`); no webhook, no job, nothing to poll."""
        response = yield from self._submit("/process", document, self._values(metadata))
        return self._result_in(response)

    def process_agent(
        self, document: Document, prompt: AgentPrompt, *, metadata: Mapping[str, Any] = NOTHING
    ) -> Steps[Result]:
        """Read one document for a prompt while waiting (API page: `POST /process-agent`); failures are refunded."""
        response = yield from self._prompt("/process-agent", document, prompt.payload(self._values(metadata)))
        return self._result_in(response)

    @override
    def status(self, job: Job) -> Steps[Job]:
        """Ask how a job stands (`GET /job-status?job_id=…`; the Node SDK alone has it in the path).

        `PROCESS IMAGE FAILED` ends a job only where its file is known not to be an archive (assumed). A job that stays at
        `PROCESS IMAGE SUCCESS` may have results already: `probe` asks for them.
        """
        if not job.id:
            raise ConfigurationError(f"{self.name}: the job has no id, so it cannot be asked for")
        response = yield from self.call("GET", f"/job-status?{urlencode({'job_id': job.id})}")
        answer = object_in(self.name, response)
        check_asked(self.name, response, job.id, answer.get("job_id"))
        word = text_in(answer.get("status")) or ""
        status = STATUS.get(normalised(word), JobStatus.PROCESSING)
        if normalised(word) == MEMBER_FAILED and not is_single(job.filename):
            status = JobStatus.PROCESSING
        return models.Job(
            id=job.id,
            provider=self.name,
            status=status,
            provider_status=word,
            error=self.read_error(answer) if status.is_failure else None,
            raw=answer,
        )

    @override
    def probe(self, job: Job) -> Steps[Job]:
        """Ask for the results of a job that stays at `PROCESS IMAGE SUCCESS`, which the Salesforce package takes for the end.

        Of an archive this word is one member's, so only a file that is known to be none is probed (assumed).

        Returns:
            The job, completed where there is a result.
        """
        if normalised(job.provider_status) != MEMBER_DONE or not is_single(job.filename):
            return job
        body = JsonBody({"job_id": job.id, "result_format": "json"})
        try:
            response = yield from self.call("POST", "/job-results", body=body, repeat=Repeat.ALWAYS)
        except NotFound:
            return job
        is_there = any(self._records_in(response, job.id))
        return job.model_copy(update={"status": JobStatus.COMPLETED}) if is_there else job

    @override
    def result(self, job: Job) -> Steps[Result]:
        """Fetch the result of a job; of an archive with several documents, one `Result` with a table `documents`.

        Raises:
            JobFailed: If the document could not be read.
            WaitTimeout: If it is not done yet.
            ResultExpired: If it was done more than 24 hours ago.
        """
        return self._read_records((yield from self._records(job)))

    def results(self, job: Job) -> Steps[tuple[Result, ...]]:
        """Fetch the result of each document of a job, in the provider's order; errors as for `result`."""
        records = yield from self._records(job)
        return tuple(self.read_result(record) for record in records)

    def results_csv(self, job: Job) -> Steps[str]:
        """Fetch the results of a job as CSV (webhook page); errors as for `result`."""
        response = yield from self._job_results(job, "csv", (("Accept", "text/csv"),))
        return response.body.decode("utf-8-sig", "replace")

    def _records(self, job: Job) -> Steps[list[Mapping[str, Any]]]:
        response = yield from self._job_results(job, "json")
        return self._records_in(response, job.id)

    def _job_results(self, job: Job, form: str, headers: Sequence[tuple[str, str]] = ()) -> Steps[Response]:
        body = JsonBody({"job_id": job.id, "result_format": form})
        try:
            # A POST that only reads.
            return (
                yield from self.call("POST", "/job-results", body=body, headers=headers, repeat=Repeat.ALWAYS)
            )
        except NotFound as error:
            # Not finished, failed and expired look the same here (assumed, after the Salesforce package).
            now = job if job.status.is_final else (yield from self.status(job))
            raise self._no_result(now) from error

    def _no_result(self, job: Job) -> JobFailed | ResultExpired | WaitTimeout:
        if job.status.is_failure:
            return JobFailed(f"{self.name}: job {job.id} failed: {job.provider_status}", job=job)
        if not job.status.is_final:
            return WaitTimeout(f"{self.name}: job {job.id} is still {job.status}: wait for it", job=job)
        gone = job.model_copy(update={"status": JobStatus.EXPIRED})
        return ResultExpired(
            f"{self.name}: the result of job {job.id} is gone: it is kept for 24 hours", job=gone
        )

    def _submit(self, path: str, document: Document, values: Mapping[str, Any]) -> Steps[Response]:
        template_id = self._needed_template()
        headers: tuple[tuple[str, str], ...] = ()
        body: Body
        if self.form == "multipart":
            fields = [("template_id", template_id)]
            fields += [("static_values", as_json("static_values", values))] if values else []
            body = Multipart(tuple(fields), (FilePart("actual_image", document),))
        elif self.form == "json":
            given: dict[str, Any] = {"template_id": template_id}
            given |= {"static_values": dict(values)} if values else {}
            body = Base64Json("actual_image", document, given)
        else:
            path += f"?{urlencode({'t_id': template_id})}"
            # Salesforce package; ASCII with escapes, because a header holds nothing else.
            headers = (("static_values", as_json("static_values", values)),) if values else ()
            body = RawBody(document)
        # The PUT makes a job as well, so it may be repeated no more than the POST.
        method = "PUT" if self.form == "raw" else "POST"
        return (yield from self.call(method, path, body=body, headers=headers, repeat=Repeat.UNLESS_SENT))

    def _prompt(self, path: str, document: Document, payload: Mapping[str, Any]) -> Steps[Response]:
        """Send a document with an agent's instructions; the bytes alone have no place for them."""
        text = as_json("prompt", payload)
        fields: dict[str, Any] = {"template_id": self.template_id} if self.template_id else {}
        body: Body
        if self.form == "json":
            body = Base64Json("actual_image", document, {**fields, "payload": json.loads(text)})
        else:
            body = Multipart((*fields.items(), ("payload", text)), (FilePart("actual_image", document),))
        return (yield from self.call("POST", path, body=body))

    def _needed_template(self) -> str:
        if not self.template_id:
            raise ConfigurationError(
                f"{self.name} has no template: set {self.env_prefix}TEMPLATE_ID or template_id="
            )
        return self.template_id

    def _values(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        return {**self.static_values, **metadata}

    def _submitted(self, response: Response, document: Document, metadata: Mapping[str, Any]) -> Job:
        answer = object_in(self.name, response)
        job_id = text_in(answer.get("job_id"))
        if job_id is None:
            raise malformed(self.name, response, "job_id is missing")
        # The answer has no status (webhook page).
        return models.Job(
            id=job_id,
            provider=self.name,
            status=JobStatus.SUBMITTED,
            filename=document.filename,
            metadata=self._values(metadata),
            raw=answer,
        )

    # Results

    def _records_in(self, response: Response, asked: str = "") -> list[Mapping[str, Any]]:
        try:
            value = response.json()
        except ValueError:
            value = None
        if isinstance(value, Mapping) and "job_id" in value and "result" in value:
            if asked:
                check_asked(self.name, response, asked, value["job_id"])
            # In the form of a delivery (assumed): the record is what a delivery's result is, so that both have one key.
            value = value["result"]
        records = records_in(value)
        if records is None:
            raise malformed(self.name, response, "the result is neither an object nor a list of objects")
        return records

    def _result_in(self, response: Response) -> Result:
        return self._read_records(self._records_in(response))

    def _read_records(self, records: Sequence[Mapping[str, Any]]) -> Result:
        if len(records) == 1:
            return self.read_result(records[0])
        return models.Result(
            tables={"documents": [self.read_result(record).values() for record in records]},
            warnings=(f"result: {len(records)} documents in one job: results() gives each",),
            raw=list(records),
        )
