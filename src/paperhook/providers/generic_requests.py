"""How a declared provider is asked: uploads, questions about jobs, and results that a delivery only refers to."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote, urljoin

from typing_extensions import override

from ..core.answers import Problem, check_asked, is_replay, malformed, object_in
from ..core.document import Document
from ..core.event import Event
from ..core.exchange import (
    Base64Json,
    Body,
    FilePart,
    Multipart,
    RawBody,
    Repeat,
    Request,
    Response,
    path_segment,
)
from ..core.job import ErrorKind, Job, JobStatus
from ..core.provider import NOTHING, Provider
from ..core.result import Result
from ..core.steps import Steps, send
from ..errors import ApiError, ConfigurationError, JobFailed, WaitTimeout
from .declaration import Answer, Declaration, Endpoint, References, Upload
from .generic_events import EventReader
from .paths import find, find_text
from .references import check_reference

#: Where no base URL is declared or given; the name can never be resolved (RFC 2606).
NO_BASE_URL = "https://base-url-is-not-declared.invalid"
#: What is answered in place of a result, of which so many are followed.
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 3


class GenericRequests(Provider):
    """What `Generic` sends."""

    declaration: Declaration
    upload_fields: Mapping[str, str]
    _events: ClassVar[EventReader]

    @override
    def upload_options(self) -> Mapping[str, Any]:
        return self.upload_fields

    @override
    def request_headers(self) -> tuple[tuple[str, str], ...]:
        auth = self.declaration.auth
        if auth.kind == "bearer":
            return (("Authorization", f"{auth.prefix or 'Bearer '}{self.api_key}"),)
        if auth.kind == "header":
            return ((auth.name, auth.prefix + self.api_key),)
        if auth.kind == "basic":
            pair = self.api_key if ":" in self.api_key else f"{self.api_key}:"
            return (("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"),)
        return ()

    @override
    def request_query(self) -> str:
        auth = self.declaration.auth
        return f"{quote(auth.name)}={quote(self.api_key, safe='')}" if auth.kind == "query" else ""

    @override
    def problem(self, response: Response) -> Problem | None:
        if response.is_success:
            return None
        paths = self.declaration.problems
        try:
            body = response.json()
        except ValueError:
            body = None
        return Problem(code=find_text(body, paths.code) or "", message=find_text(body, paths.message) or "")

    @override
    def upload(
        self, document: Document, *, key: str | None = None, metadata: Mapping[str, Any] = NOTHING
    ) -> Steps[Job]:
        """Submit one document; `key` is sent where the declaration names a header for it."""
        endpoint = self.declaration.endpoints.upload
        if endpoint is None:
            raise self._missing("upload")
        header = self.capabilities.idempotency_header
        is_safe = header is not None and key is not None
        headers = ((header, key),) if header is not None and key is not None else ()
        response = yield from self.call(
            endpoint.method,
            self._path(endpoint.path),
            body=self._upload_body(endpoint, document, metadata),
            headers=headers,
            repeat=Repeat.ALWAYS if is_safe else Repeat.UNLESS_SENT,
        )
        answer = object_in(self.name, response)
        job_id = find_text(answer, endpoint.job_id)
        if job_id is None:
            raise malformed(self.name, response, f"{' or '.join(endpoint.job_id)} is missing")
        job = self._job(answer, endpoint, job_id)
        status = job.status if job.provider_status else JobStatus.SUBMITTED
        return job.model_copy(
            update={
                "filename": document.filename,
                "metadata": dict(metadata),
                "status": status,
                "is_replay": is_replay(response),
            }
        )

    @override
    def status(self, job: Job) -> Steps[Job]:
        """Ask how a job stands."""
        endpoint = self.declaration.endpoints.status
        if endpoint is None:
            raise self._missing("status")
        response = yield from self._ask(endpoint, job)
        answer = object_in(self.name, response)
        check_asked(self.name, response, job.id, find_text(answer, endpoint.job_id))
        return self._job(answer, endpoint, job.id)

    @override
    def result(self, job: Job) -> Steps[Result]:
        """Give the result that a job's last answer holds, and ask only where it holds none.

        Raises:
            JobFailed: If the document could not be read.
            WaitTimeout: If it is not done yet.
        """
        endpoints = self.declaration.endpoints
        if endpoints.result is not None:
            response = yield from self._ask(endpoints.result, job)
            return self._result_in(response, endpoints.result.result or ("$",))
        payload = self._polled_result(job)
        if payload is not None:
            return self.read_result(payload)
        after = yield from self.status(job)
        if after.status.is_failure:
            reason = after.error.code if after.error else after.provider_status
            raise JobFailed(f"{self.name}: job {job.id} failed: {reason}", job=after)
        payload = self._polled_result(after)
        if payload is None:
            raise WaitTimeout(f"{self.name}: job {job.id} is still {after.status}: wait for it", job=after)
        return self.read_result(payload)

    def fetch(self, event: Event) -> Steps[Result]:
        """Fetch the result that a completed event only refers to: `client.run(provider.fetch(event))`.

        A URL in the delivery is followed to the provider's own origin, or to the declared hosts without credentials, where these
        lead to public addresses; so is each redirect. Without a URL the result is asked for by the job's id.

        Raises:
            ConfigurationError: If the URL leads to a host that is not declared, or to an address.
            MalformedAnswer: If the answer is larger than declared, or not JSON.
        """
        references = self.declaration.references
        url = None if references is None else find_text(self._events.inside(event.raw), references.url)
        if references is None or url is None:
            return (yield from self.result(event.job))
        response = yield from self._referred(url, references)
        return self._result_in(response, references.result)

    def _referred(self, url: str, references: References) -> Steps[Response]:
        """Fetch what a delivery refers to; each redirect is checked as the first URL is."""
        left = MAX_REDIRECTS
        while True:
            is_own = check_reference(self.name, url, own=self.base_url, hosts=references.hosts)
            request = Request(
                "GET",
                url,
                self.request_headers() if is_own else (),
                is_foreign=not is_own,
                max_answer_bytes=references.max_bytes,
                # Such URLs are signed.
                has_secret_query=True,
            )
            response = yield from send(request, self._error_unless_redirected)
            if response.status not in _REDIRECTS:
                break
            if not left:
                raise malformed(
                    self.name, response, f"the result is behind more than {MAX_REDIRECTS} redirects"
                )
            try:
                left, url = left - 1, urljoin(url, response.headers.get("location", ""))
            except ValueError:
                # Its message quotes the URL.
                raise malformed(
                    self.name, response, "the result is behind a redirect to what is no URL"
                ) from None
        # A driver of one's own may not know the bound.
        if len(response.body) > references.max_bytes:
            raise malformed(self.name, response, f"the result has more than {references.max_bytes} bytes")
        return response

    def _error_unless_redirected(self, response: Response) -> ApiError | None:
        return None if response.status in _REDIRECTS else self.error_of(response)

    def _missing(self, what: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self.name}: the declaration has no endpoints.{what}: add it, or leave it to webhooks"
        )

    def _path(self, template: str, job_id: str = "") -> str:
        if self.base_url == NO_BASE_URL:
            raise ConfigurationError(f"{self.name}: no base URL is declared: pass base_url=")
        return template.replace("{job_id}", path_segment(job_id))

    def _ask(self, endpoint: Endpoint, job: Job) -> Steps[Response]:
        if not job.id:
            raise ConfigurationError(f"{self.name}: the job has no id, so it cannot be asked for")
        # Asking changes nothing, by whichever method.
        return (
            yield from self.call(endpoint.method, self._path(endpoint.path, job.id), repeat=Repeat.ALWAYS)
        )

    def _upload_body(self, endpoint: Upload, document: Document, metadata: Mapping[str, Any]) -> Body:
        fields: dict[str, Any] = {**endpoint.fields, **self.upload_fields}
        if endpoint.form == "raw":
            return RawBody(document, document.content_type)
        if endpoint.form == "json":
            if endpoint.metadata and metadata:
                fields[endpoint.metadata] = dict(metadata)
            return Base64Json(endpoint.file, document, fields)
        if endpoint.metadata and metadata:
            fields[endpoint.metadata] = json.dumps(dict(metadata), default=str)
        return Multipart(tuple(fields.items()), (FilePart(endpoint.file, document),))

    def _job(self, answer: Mapping[str, Any], paths: Answer, job_id: str) -> Job:
        word = find_text(answer, paths.status) or ""
        status = self.declaration.statuses.get(word, JobStatus.PROCESSING)
        error = None
        if status.is_failure:
            error = self._events.error(answer, paths.error_code, paths.error_message)
            if error.kind is ErrorKind.RETRYABLE:
                status = JobStatus.FAILED_RETRYABLE
        return Job(
            id=job_id,
            provider=self.name,
            status=status,
            provider_status=word,
            document_id=find_text(answer, paths.document_id),
            error=error,
            raw=answer,
        )

    def _polled_result(self, job: Job) -> Any:
        endpoint = self.declaration.endpoints.status
        if endpoint is None or not job.status.is_success:
            return None
        return find(job.raw, endpoint.result or ("$",))

    def _result_in(self, response: Response, paths: tuple[str, ...]) -> Result:
        try:
            value = response.json()
        except ValueError:
            value = None
        payload = find(value, paths)
        if payload is None:
            raise malformed(self.name, response, f"{' or '.join(paths)} is missing")
        return self.read_result(payload)
