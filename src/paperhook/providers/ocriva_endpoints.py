"""Every endpoint of Ocriva beside uploads: projects, templates, the history, batches, the older ways in.

Each is an operation for `client.run(ocriva.templates())`. Sources are named by the last path part of pages under
ocriva.com/en/documents-specification/; what is said nowhere is marked assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, urlencode

from typing_extensions import override

from ..core.answers import Problem, count_in, list_in, listed_in, malformed, model_of, object_in
from ..core.exchange import JsonBody, Multipart, Repeat, Request, Response, path_segment
from ..core.lazy import LazyModule
from ..core.provider import Provider
from ..core.steps import Steps, send
from ..errors import ApiError, ConfigurationError, OutOfCredits, RateLimited

if TYPE_CHECKING:
    from . import ocriva_models as ocriva_models  # noqa: PLC0414 - imported from here
    from .ocriva_models import BatchRecord, HistoryPage, HistoryRecord, Login, Project, Stats, Template
else:
    ocriva_models = LazyModule(f"{__package__}.ocriva_models")

#: Requests a minute share one clock-minute window (retry-rate-limiting).
WINDOW_SECONDS = 60.0
#: Records a page (the default is 10; the maximum is not stated).
PAGE_RECORDS = 100
HISTORY = "/openapi/processing-history"


@dataclass(frozen=True)
class OcrivaEndpoints(Provider):
    """What `Ocriva` can do beside uploading and receiving."""

    name: ClassVar[str] = "ocriva"
    env_prefix: ClassVar[str] = "OCRIVA_"

    base_url: str = "https://api.ocriva.com/v1"
    project_id: str = ""
    template_id: str = ""
    bearer: bool = False

    def _needed_project(self) -> str:
        if not self.project_id:
            raise ConfigurationError(
                f"{self.name} wants the project of every upload, even with a project's own key: write "
                f"Ocriva(..., project_id=...) or set {self.env_prefix}PROJECT_ID; client.run(provider.projects()) lists them"
            )
        return self.project_id

    # Projects and templates

    def projects(self) -> Steps[tuple[Project, ...]]:
        """List the projects that the key may use."""
        response = yield from self.call("GET", "/openapi/projects")
        return tuple(
            model_of(self.name, response, ocriva_models.Project, each)
            for each in list_in(self.name, response)
        )

    def templates(self) -> Steps[tuple[Template, ...]]:
        """List the project's templates."""
        response = yield from self.call("GET", "/openapi/templates" + self._query({}))
        return tuple(
            model_of(self.name, response, ocriva_models.Template, each)
            for each in list_in(self.name, response)
        )

    def template(self, id: str) -> Steps[Template]:
        """Read one template (path assumed)."""
        response = yield from self.call("GET", f"/openapi/templates/{path_segment(id)}")
        return model_of(self.name, response, ocriva_models.Template, object_in(self.name, response))

    def create_template(
        self, name: str, *, schema: Any, description: str, instructions: str = ""
    ) -> Steps[Template]:
        """Make a template in the project.

        Args:
            schema: What to extract, as JSON.
            description: Required by Ocriva.
        """
        members = {
            "name": name,
            "description": description,
            "templateSchema": schema,
            "projectId": self._needed_project(),
            **({"instructions": instructions} if instructions else {}),
        }
        response = yield from self.call("POST", "/openapi/templates", body=JsonBody(members))
        return model_of(self.name, response, ocriva_models.Template, object_in(self.name, response))

    def update_template(
        self,
        id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        schema: Any = None,
        instructions: str | None = None,
    ) -> Steps[Template]:
        """Change what is given of a template (that it exists: open-api-templates; path and method assumed).

        Which method is nowhere said: PATCH, and PUT where that one is not there.
        """
        given = {
            "name": name,
            "description": description,
            "templateSchema": schema,
            "instructions": instructions,
        }
        members = {member: value for member, value in given.items() if value is not None}
        path, body = f"/openapi/templates/{path_segment(id)}", JsonBody(members)
        try:
            response = yield from self.call("PATCH", path, body=body)
        except ApiError as error:
            # A router without the method answers 404 or 405, and a template that is not there 404 to both.
            if error.status not in (404, 405):
                raise
            response = yield from self.call("PUT", path, body=body)
        return model_of(self.name, response, ocriva_models.Template, object_in(self.name, response))

    def delete_template(self, id: str) -> Steps[None]:
        """Delete a template (that it exists: open-api-templates; path assumed)."""
        yield from self.call("DELETE", f"/openapi/templates/{path_segment(id)}")

    # The history

    def history(
        self,
        *,
        page: int = 1,
        limit: int = 10,
        status: str = "",
        template_id: str = "",
        from_date: date | None = None,
        to_date: date | None = None,
        search: str = "",
        batch_id: str = "",
    ) -> Steps[HistoryPage]:
        """Read one page of the processing history.

        Args:
            page: From 1.
            status: `pending`, `queued`, `in_progress`, `completed` or `failed`.
        """
        filters = {
            "status": status,
            "templateId": template_id,
            "fromDate": from_date.isoformat() if from_date else "",
            "toDate": to_date.isoformat() if to_date else "",
            "search": search,
            "batchId": batch_id,
        }
        response, records, paging = yield from self._page(page, filters, limit=limit)
        return model_of(self.name, response, ocriva_models.HistoryPage, {**paging, "records": records})

    def _page(
        self, number: int, filters: Mapping[str, str], *, limit: int = PAGE_RECORDS
    ) -> Steps[tuple[Response, list[Any], dict[str, Any]]]:
        """Ask for one page: the answer, its records as they came, and where it stands among the pages."""
        query = self._query({"page": str(number), "limit": str(limit), **filters})
        response = yield from self.call("GET", HISTORY + query)
        answer = object_in(self.name, response)
        records = answer.get("data")
        if not isinstance(records, list):
            raise malformed(self.name, response, "data is not a list")
        # The names of the paging members are not documented: at the top, or under one of these (assumed).
        paging = dict(answer)
        for name in ("meta", "pagination"):
            paging |= answer[name] if isinstance(answer.get(name), dict) else {}
        totals = {name: paging[name] for name in ("total", "totalPages") if count_in(paging.get(name))}
        return response, records, {"page": number, **totals}

    def record(self, id: str) -> Steps[HistoryRecord]:
        """Read one record of the history by its own id (path assumed)."""
        response, found = yield from self._record(id)
        return model_of(self.name, response, ocriva_models.HistoryRecord, found)

    def _record(self, id: str) -> Steps[tuple[Response, dict[str, Any]]]:
        """Ask for one record: the answer, and the record as it came, by itself or where a page has its list (assumed)."""
        response = yield from self.call("GET", f"{HISTORY}/{path_segment(id)}")
        answer = object_in(self.name, response)
        inner = answer.get("data")
        return response, inner if isinstance(inner, dict) and "id" not in answer else answer

    def stats(self) -> Steps[Stats]:
        """Read the figures of the project's history (path assumed)."""
        response = yield from self.call("GET", f"{HISTORY}/stats{self._query({})}")
        return model_of(self.name, response, ocriva_models.Stats, object_in(self.name, response))

    def export(self, id: str, *, format: str = "json") -> Steps[bytes]:
        """Download the result of a history record (path assumed); only `json` is known as a format."""
        response = yield from self.call(
            "GET", f"{HISTORY}/{path_segment(id)}/export?{urlencode({'format': format})}"
        )
        return response.body

    def batches(self) -> Steps[tuple[BatchRecord, ...]]:
        """List the project's batches: an array, or an object that holds one (assumed)."""
        response = yield from self.call("GET", "/openapi/batch" + self._query({}))
        found = listed_in(self.name, response)
        return tuple(model_of(self.name, response, ocriva_models.BatchRecord, each) for each in found)

    def batch(self, id: str) -> Steps[BatchRecord]:
        """Read one batch (path assumed)."""
        response = yield from self.call("GET", f"/openapi/batch/{path_segment(id)}")
        return model_of(self.name, response, ocriva_models.BatchRecord, object_in(self.name, response))

    # The older ways in

    def login(self) -> Steps[Login]:
        """Exchange the key for an access token (open-api-overview); keys work without it."""
        body = JsonBody({"token": self.api_key})
        # Nothing is made that could be made twice.
        response = yield from self.call("POST", "/openapi/auth/login", body=body, repeat=Repeat.ALWAYS)
        return model_of(self.name, response, ocriva_models.Login, object_in(self.name, response))

    def refresh(self) -> Steps[Login]:
        """Renew an access token on the internal surface (named in security-compliance; body and reply assumed)."""
        response = yield from self._internal("/auth/refresh", None)
        return model_of(self.name, response, ocriva_models.Login, object_in(self.name, response))

    def _internal(self, path: str, body: Multipart | None) -> Steps[Response]:
        # Outside /v1, and by Bearer only (api-reference).
        url = self.base_url.removesuffix("/v1") + path
        headers = replace(self, bearer=True).request_headers()
        return (yield from send(Request("POST", url, headers, body, Repeat.UNLESS_SENT), self.error_of))

    # The wire

    @override
    def request_headers(self) -> tuple[tuple[str, str], ...]:
        return super().request_headers() if self.bearer else (("X-API-Key", self.api_key),)

    @override
    def problem(self, response: Response) -> Problem | None:
        """Read `{"statusCode", "message", "error"}`: no codes, and `message` may be a list (error-reference)."""
        if response.is_success:
            return None
        try:
            answer = response.json()
        except ValueError:
            answer = None
        given = answer.get("message") if isinstance(answer, Mapping) else ""
        message = "; ".join(map(str, given)) if isinstance(given, list) else str(given or "")
        if response.status == 401:
            # Another project's id is answered like a wrong key (open-api-overview): never rotate or lock because of it.
            message = f"the key is wrong, or projectId {self.project_id!r} is not a project of it: {message}"
        # Used-up credits are a 402 or a 400, never a 429 (retry-rate-limiting); the word in the sentence is assumed.
        is_credit = response.status == 400 and "credit" in message.lower()
        return Problem(message=message, error_class=OutOfCredits if is_credit else None)

    @override
    def error_of(self, response: Response) -> ApiError | None:
        error = super().error_of(response)
        if isinstance(error, RateLimited) and error.retry_after is None:
            error.retry_after = _until_reset(response)
        return error

    def _query(self, options: Mapping[str, str]) -> str:
        given = {"projectId": self.project_id, **options}
        text = urlencode({name: value for name, value in given.items() if value}, quote_via=quote)
        return f"?{text}" if text else ""


def _until_reset(response: Response) -> float | None:
    """Read X-RateLimit-Reset, in unix seconds, as seconds from now; never longer than the window."""
    text = response.headers.get("x-ratelimit-reset", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        return None
    return min(max(0.0, float(text) - response.received_at), WINDOW_SECONDS)
