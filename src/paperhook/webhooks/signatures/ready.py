"""Schemes by name: those that others publish, ready to verify and to sign."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType

from ...core.delivery import Delivery
from ...core.headers import Headers
from ...core.provider import SignatureScheme
from ...core.secret import Secret
from ...errors import ConfigurationError
from .hmacs import Hmac, HmacPairs
from .parts import single_value
from .standard import StandardWebhooks
from .unusual import Custom

_VERYFI = "x-veryfi-signature"


def _veryfi_signature(delivery: Delivery, secret: Secret) -> bytes:
    """Sign what Python prints of `data`, and not the bytes; the older body has no `data`, and is signed whole.

    Source: Veryfi documentation repository, asynchronous processing; Veryfi PHP SDK, verify_signature; read 2026-11-21.
    """
    body = delivery.json_object()
    printed = str(body.get("data", body)).encode()
    return b64encode(hmac.digest(secret.key, printed, "sha256"))


def _is_veryfis(delivery: Delivery, secret: Secret, _now: float | None) -> bool:
    given = single_value(delivery, _VERYFI)
    return hmac.compare_digest(_veryfi_signature(delivery, secret), given)


def _sign_as_veryfi(body: bytes, secret: Secret, _now: float | None) -> dict[str, str]:
    return {_VERYFI: _veryfi_signature(Delivery(Headers(), body), secret).decode()}


#: A name to its scheme.
#: Sources: standardwebhooks.com, docs.svix.com/receiving/verifying-payloads/how-manual, docs.stripe.com/webhooks/signature,
#: docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries, api.slack.com/authentication/verifying-requests-from-slack,
#: developers.line.biz/en/docs/messaging-api/verify-webhook-signature,
#: shopify.dev/docs/apps/build/webhooks/subscribe/https, docs.mindee.com/integrations/webhooks.
READY: Mapping[str, SignatureScheme] = MappingProxyType(
    {
        "standard-webhooks": StandardWebhooks(),
        "svix": StandardWebhooks("svix"),
        "stripe": HmacPairs(header="Stripe-Signature"),
        "github": Hmac(header="X-Hub-Signature-256", prefix="sha256="),
        "slack": Hmac(
            header="X-Slack-Signature",
            prefix="v0=",
            content="v0:{timestamp}:{body}",
            timestamp_header="X-Slack-Request-Timestamp",
        ),
        "line": Hmac(header="X-Line-Signature", output="base64"),
        "shopify": Hmac(header="X-Shopify-Hmac-SHA256", output="base64"),
        "mindee": Hmac(header="X-Signature"),
        # The first platform, and the packages for it; source: mindee-api-python, examples of LocalResponse.
        "mindee-v1": Hmac(header="X-Mindee-Hmac-Signature"),
        # `event` is not covered: whoever recorded a delivery can send it again as another event of the same document.
        "veryfi": Custom(_is_veryfis, _sign_as_veryfi, _VERYFI),
    }
)


def ready(name: str) -> SignatureScheme:
    """Give a scheme by its name.

    Raises:
        ConfigurationError: If there is none of that name.
    """
    if name not in READY:
        raise ConfigurationError(f"scheme {name!r} is unknown: choose one of {', '.join(READY)}")
    return READY[name]
