"""Schemes by name: those that others publish, ready to verify and to sign."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ...core.provider import SignatureScheme
from ...errors import ConfigurationError
from .hmacs import Hmac, HmacPairs
from .standard import StandardWebhooks

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
