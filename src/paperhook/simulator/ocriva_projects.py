"""Who may see what at Ocriva: keys and access tokens, projects and their templates.

Source: the documentation pages named beside each fact, read 2026-11; the rest is marked assumed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from paperhook.simulator.bodies import Answer, json_body, json_bytes
from paperhook.simulator.ocriva_records import ORGANIZATION, Template, iso
from paperhook.simulator.ocriva_results import DEFAULT_SCHEMA
from paperhook.simulator.store import Shelf
from paperhook.simulator.wire import Refusal, Services, Wire, bearer

DEFAULT_TEMPLATE = "68db00000000000000000001"
"""Id of the template that is there from the start."""
LOGIN_SECONDS = 3600
"""Assumed life of an access token."""


class OcrivaProjects(Wire):
    """What the Ocriva wire keeps apart by project."""

    name = "ocriva"

    def __init__(self, services: Services) -> None:
        """Serve with these services."""
        super().__init__(services)
        now = self.now()
        self._started_at = now
        self._templates: Shelf[Template] = Shelf()
        self._logins: Shelf[tuple[str, float]] = Shelf()
        default = Template(
            DEFAULT_TEMPLATE, "Invoice", "Invoice fields", DEFAULT_SCHEMA, self._projects[0], now, now
        )
        self._templates.put(default.id, default)

    def credential(self, request: Request) -> str:
        """Read `X-API-Key`, else `Authorization: Bearer` with a key or an access token."""
        key = request.headers.get("x-api-key") or bearer(request)
        login = self._logins.get(key)
        return login[0] if login is not None and login[1] > self.now() else key

    async def login(self, request: Request) -> Response:
        """Answer `POST /openapi/auth/login`."""
        asked = await json_body(request, max_bytes=64 * 1024)
        key = asked.get("token")
        if not isinstance(key, str) or key not in self.settings.api_keys[self.name]:
            raise Refusal(401, "", "Invalid token")
        return self._logged_in(key)

    async def refresh(self, request: Request) -> Response:
        """Answer `POST /auth/refresh` (named only; body and reply are assumed)."""
        return self._logged_in(self.credential(request))

    async def projects(self, request: Request) -> Response:
        """Answer `GET /openapi/projects`; source: open-api-projects page."""
        created = iso(self._started_at)
        own = self.settings.ocriva_project_keys.get(self.credential(request))
        return Answer(
            [
                {
                    "id": project,
                    "name": project,
                    "description": "",
                    "organizationId": ORGANIZATION,
                    "isActive": True,
                    "createdAt": created,
                    "updatedAt": created,
                }
                for project in self._projects
                if own in (None, project)
            ]
        )

    async def templates(self, request: Request) -> Response:
        """Answer `GET /openapi/templates`."""
        project = self.project_of(request, request.query_params.get("projectId"))
        return Answer([template.to_json() for template in self._templates if template.project_id == project])

    async def template(self, request: Request) -> Response:
        """Answer `GET /openapi/templates/{id}`."""
        return Answer(self.template_of(request, request.path_params["id"]).to_json())

    async def create_template(self, request: Request) -> Response:
        """Answer `POST /openapi/templates`."""
        asked = await json_body(request, max_bytes=1024 * 1024)
        require(asked, "name", "description", "templateSchema", "projectId")
        project = self.project_of(request, str(asked["projectId"]))
        now = self.now()
        template = Template(
            hex_id(),
            str(asked["name"]),
            str(asked["description"]),
            asked["templateSchema"],
            project,
            now,
            now,
        )
        self._templates.put(template.id, template)
        self.notify("template.created", project, {"templateId": template.id, "name": template.name})
        return Answer(template.to_json(), status_code=201)

    async def update_template(self, request: Request) -> Response:
        """Answer `PUT` and `PATCH /openapi/templates/{id}` (assumed path; that there is an update is documented)."""
        template = self.template_of(request, request.path_params["id"])
        asked = await json_body(request, max_bytes=1024 * 1024)
        template.name = str(asked.get("name", template.name))
        template.description = str(asked.get("description", template.description))
        template.schema = asked.get("templateSchema", template.schema)
        template.updated_at = self.now()
        self.notify(
            "template.updated", template.project_id, {"templateId": template.id, "name": template.name}
        )
        return Answer(template.to_json())

    async def delete_template(self, request: Request) -> Response:
        """Answer `DELETE /openapi/templates/{id}` (assumed path; that there is a deletion is documented)."""
        template = self.template_of(request, request.path_params["id"])
        self._templates.remove(template.id)
        self.notify(
            "template.deleted", template.project_id, {"templateId": template.id, "name": template.name}
        )
        return Response(status_code=204)

    def notify(self, event: str, project: str, payload: Mapping[str, object]) -> None:
        """Send an event of a project to the webhook, where there is one."""
        now = self.now()
        body = {
            "eventType": event,
            "eventId": f"evt_{int(now * 1000)}_{secrets.token_hex(3)}",
            "timestamp": iso(now),
            "organizationId": ORGANIZATION,
            "projectId": project,
            "payload": payload,
        }
        self.webhook(event, json_bytes(body), {"X-Webhook-Event": event})

    def _logged_in(self, key: str) -> Response:
        token = f"jwt_{secrets.token_urlsafe(24)}"
        self._logins.put(token, (key, self.now() + LOGIN_SECONDS))
        project = self.settings.ocriva_project_keys.get(key)
        scope = "organization" if project is None else "project"
        token_info = {"organizationId": ORGANIZATION, "projectId": project, "scope": scope}
        return Answer({"accessToken": token, "expiresIn": LOGIN_SECONDS, "tokenInfo": token_info})

    @property
    def _projects(self) -> tuple[str, ...]:
        return self.settings.ocriva_projects

    def may_see(self, request: Request, project: str) -> bool:
        """Tell whether a request's key is one of the project or of the organization."""
        return self.settings.ocriva_project_keys.get(self.credential(request), project) == project

    def project_of(self, request: Request, named: str | None) -> str:
        """Check the named project; a project token implies its own, a foreign one is a 401 (open-api-overview page)."""
        project = named or self.settings.ocriva_project_keys.get(self.credential(request))
        if project is None:
            raise Refusal(
                400, "", "validation failed", details={"messages": ["projectId should not be empty"]}
            )
        if project not in self._projects or not self.may_see(request, project):
            raise Refusal(401, "", "The token does not belong to this project")
        return project

    def template_of(self, request: Request, identifier: str) -> Template:
        """Find a template that the request may see."""
        template = self._templates.get(identifier)
        if template is None or not self.may_see(request, template.project_id):
            raise Refusal(404, "", "Template not found")
        return template


def require(asked: Mapping[str, object], *names: str) -> None:
    """Refuse a request in which a member is missing or empty, naming all of them."""
    missing = [f"{name} should not be empty" for name in names if asked.get(name) in (None, "")]
    if missing:
        raise Refusal(400, "", "validation failed", details={"messages": missing})


def hex_id() -> str:
    """Make an id of the form the documentation's examples have: 24 hex digits."""
    return secrets.token_hex(12)
