"""The account at space-ocr: what is left to spend, the one webhook, its deliveries, and what an error means.

Each is an operation for `client.run(space_ocr.amount())`. Sources: "docs page" is the vendor's documentation, "skill" the
vendor's published agent skill; what is said nowhere is marked assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from ..core import models
from ..core.answers import Problem, listed_in, model_of, object_in, text_in
from ..core.exchange import Base64Json, JsonBody, Multipart, Repeat, Response, path_segment
from ..core.lazy import LazyModule
from ..core.provider import Provider
from ..core.steps import Steps
from ..errors import (
    ApiError,
    AuthenticationFailed,
    BadRequest,
    ErrorKind,
    NotFound,
    OutOfCredits,
    PermissionDenied,
    RateLimited,
    ServerError,
)

if TYPE_CHECKING:
    from ..core.job import JobError
    from . import space_ocr_models as space_ocr_models  # noqa: PLC0414 - imported from here
    from .space_ocr_models import Amount, Health, WebhookDelivery, WebhookSettings
else:
    space_ocr_models = LazyModule(f"{__package__}.space_ocr_models")

#: The class and what it means for a failed job, by code. An unknown code is read by the HTTP status, and ends a job.
#: Sources: docs page and skill; `rate_limited`, `internal_error`, `engine_timeout` assumed; `invalid_image` a third-party client.
ERRORS: Mapping[str, tuple[type[ApiError], ErrorKind]] = {
    "invalid_request": (BadRequest, ErrorKind.TERMINAL),
    "validation_failed": (BadRequest, ErrorKind.TERMINAL),
    "bad_request": (BadRequest, ErrorKind.TERMINAL),
    "invalid_image": (BadRequest, ErrorKind.TERMINAL),
    # Nothing readable on the page: refunded, and never to be retried (skill).
    "no_text": (BadRequest, ErrorKind.TERMINAL),
    "invalid_api_key": (AuthenticationFailed, ErrorKind.TERMINAL),
    "key_inactive": (AuthenticationFailed, ErrorKind.TERMINAL),
    # Not to be retried but topped up (docs page, skill).
    "insufficient_balance": (OutOfCredits, ErrorKind.REVIEW),
    "forbidden": (PermissionDenied, ErrorKind.TERMINAL),
    "not_found": (NotFound, ErrorKind.TERMINAL),
    "rate_limited": (RateLimited, ErrorKind.RETRYABLE),
    "internal_error": (ServerError, ErrorKind.RETRYABLE),
    # Refunded. With automatic fields it also means "no document", which no retry heals; the retry policy bounds it.
    "ocr_engine_error": (ServerError, ErrorKind.RETRYABLE),
    "engine_timeout": (ServerError, ErrorKind.RETRYABLE),
}


@dataclass(frozen=True)
class SpaceOcrAccount(Provider):
    """What `SpaceOcr` can do without a document."""

    name: ClassVar[str] = "space-ocr"
    env_prefix: ClassVar[str] = "SPACE_OCR_"

    base_url: str = "https://api.space-ocr.com"

    def health(self) -> Steps[Health]:
        """Ask whether the service is up; needs no valid key."""
        response = yield from self.call("GET", "/health")
        return model_of(self.name, response, space_ocr_models.Health, object_in(self.name, response))

    def amount(self) -> Steps[Amount]:
        """Ask how many scans are left."""
        response = yield from self.call("GET", "/amount")
        return model_of(self.name, response, space_ocr_models.Amount, object_in(self.name, response))

    def webhook(self) -> Steps[WebhookSettings]:
        """Read the one webhook of the space."""
        response = yield from self.call("GET", "/webhook")
        return model_of(self.name, response, space_ocr_models.WebhookSettings, object_in(self.name, response))

    def set_webhook(self, url: str) -> Steps[WebhookSettings]:
        """Register the one webhook of the space, in place of another; the answer holds its secret."""
        # Each call makes a new secret (assumed), so a repeated one would leave us with the wrong one.
        response = yield from self.call(
            "PUT", "/webhook", body=JsonBody({"url": url}), repeat=Repeat.UNLESS_SENT
        )
        return model_of(self.name, response, space_ocr_models.WebhookSettings, object_in(self.name, response))

    def delete_webhook(self) -> Steps[None]:
        """Remove the webhook of the space."""
        yield from self.call("DELETE", "/webhook")

    def test_webhook(self) -> Steps[None]:
        """Ask for a test event."""
        yield from self.call("POST", "/webhook/test")

    def deliveries(self) -> Steps[tuple[WebhookDelivery, ...]]:
        """Read the delivery log."""
        response = yield from self.call("GET", "/webhooks/deliveries")
        listed = listed_in(self.name, response)
        return tuple(model_of(self.name, response, space_ocr_models.WebhookDelivery, each) for each in listed)

    def delivery(self, id: str) -> Steps[WebhookDelivery]:
        """Read one entry of the delivery log."""
        response = yield from self.call("GET", f"/webhooks/deliveries/{path_segment(id)}")
        return model_of(self.name, response, space_ocr_models.WebhookDelivery, object_in(self.name, response))

    def redeliver(self, id: str) -> Steps[None]:
        """Ask for a delivery to be sent again (POST is assumed)."""
        yield from self.call("POST", f"/webhooks/deliveries/{path_segment(id)}/redeliver")

    # The wire

    @override
    def problem(self, response: Response) -> Problem | None:
        """Read `{"error": {code, message, requestId}, "details"?}`; details stand beside the error (docs page)."""
        if response.is_success:
            return None
        try:
            answer = response.json()
        except ValueError:
            return Problem()
        error = answer.get("error") if isinstance(answer, Mapping) else None
        if not isinstance(error, Mapping):
            return Problem()
        code = text_in(error.get("code")) or ""
        return Problem(
            code=code,
            message=str(error.get("message") or "") + _shortfall(answer.get("details")),
            request_id=text_in(error.get("requestId")),
            error_class=ERRORS[code][0] if code in ERRORS else None,
        )

    @override
    def read_error(self, payload: Any) -> JobError:
        error = payload.get("error") if isinstance(payload, Mapping) else None
        if not isinstance(error, Mapping):
            error = {"message": error or ""}
        code = text_in(error.get("code")) or "unknown"
        kind = ERRORS[code][1] if code in ERRORS else ErrorKind.TERMINAL
        return models.JobError(code=code, message=str(error.get("message") or ""), kind=kind)

    def _keyed(self, path: str, body: JsonBody | Multipart | Base64Json, key: str | None) -> Steps[Response]:
        if key is None:
            return (yield from self.call("POST", path, body=body))
        # Named for /create and /upload (docs page) and /ocr/fields (skill).
        return (
            yield from self.call(
                "POST", path, body=body, headers=(("Idempotency-Key", key),), repeat=Repeat.ALWAYS
            )
        )


def _shortfall(details: Any) -> str:
    """Say how many scans are missing (402 on /upload; docs page)."""
    if not isinstance(details, Mapping) or "requested" not in details:
        return ""
    return f" ({details['requested']} requested, {details.get('processable')} processable)"
