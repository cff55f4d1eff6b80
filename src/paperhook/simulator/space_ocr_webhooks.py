"""The one webhook of a space, and the log of its deliveries.

Source: the vendor's published agent skill; members of the answers are assumed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from paperhook.errors import ConfigurationError
from paperhook.simulator.bodies import Answer, json_body, json_bytes
from paperhook.simulator.deliveries import Delivery, WebhookTarget
from paperhook.simulator.space_ocr_requests import integer
from paperhook.simulator.wire import Refusal, Wire

API_VERSION = "2026-01-01"


class SpaceOcrWebhooks(Wire):
    """What the space-ocr wire pushes."""

    name = "space-ocr"

    async def show_webhook(self, request: Request) -> Response:
        """Answer `GET /webhook`; the secret is shown at creation only (assumed)."""
        target = self.services.targets.get(self.name)
        return Answer({"url": target.url if target else None, "enabled": target is not None})

    async def set_webhook(self, request: Request) -> Response:
        """Answer `PUT /webhook`: register the one webhook and make its secret."""
        asked = await json_body(request, max_bytes=64 * 1024)
        try:
            target = WebhookTarget(str(asked.get("url")), f"whsec_{secrets.token_hex(24)}")
        except ConfigurationError as error:
            raise Refusal(400, "validation_failed", str(error)) from None
        self.services.targets[self.name] = target
        return Answer({"url": target.url, "secret": target.secret, "enabled": True})

    async def delete_webhook(self, request: Request) -> Response:
        """Answer `DELETE /webhook`."""
        self.services.targets.pop(self.name, None)
        return Answer({"ok": True})

    async def test_webhook(self, request: Request) -> Response:
        """Answer `POST /webhook/test`: fire a test event."""
        if self.name not in self.services.targets:
            raise Refusal(404, "not_found", "no webhook is registered")
        self.notify("webhook.test", {"message": "Webhook test"})
        return Answer({"ok": True})

    async def deliveries(self, request: Request) -> Response:
        """Answer `GET /webhooks/deliveries`, newest first (members assumed)."""
        log = self.services.deliveries.log(self.name)[: integer(request, "limit", 100)]
        return Answer({"deliveries": [_delivery_json(delivery) for delivery in log]})

    async def delivery(self, request: Request) -> Response:
        """Answer `GET /webhooks/deliveries/{id}`, with the body that was sent."""
        delivery = self._delivery(request)
        return Answer({**_delivery_json(delivery), "payload": json.loads(delivery.body)})

    async def redeliver(self, request: Request) -> Response:
        """Answer `POST /webhooks/deliveries/{id}/redeliver`."""
        delivery = self._delivery(request)
        self.services.deliveries.again(delivery)
        return Answer({"ok": True, "id": delivery.id})

    def notify(self, event: str, content: Mapping[str, object]) -> None:
        """Send an event to the webhook, where there is one."""
        identifier = f"evt_{secrets.token_hex(8)}"
        body = {
            "id": identifier,
            "event": event,
            "apiVersion": API_VERSION,
            "createdAt": int(self.now() * 1000),
            "data": content,
        }
        headers = {"X-Spaceocr-Event": event, "X-Spaceocr-Delivery": identifier}
        self.webhook(event, json_bytes(body), headers)

    def _delivery(self, request: Request) -> Delivery:
        wanted = request.path_params["id"]
        for delivery in self.services.deliveries.log(self.name):
            if delivery.id == wanted:
                return delivery
        raise Refusal(404, "not_found", "no such delivery")


def _delivery_json(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "event": delivery.event,
        "url": delivery.target.url,
        "status": delivery.state,
        "createdAt": int(delivery.created_at * 1000),
        "attempts": [
            {
                "at": int(attempt.at * 1000),
                "status": attempt.status,
                "error": attempt.error,
                "ms": round(attempt.seconds * 1000),
            }
            for attempt in delivery.attempts
        ],
    }
