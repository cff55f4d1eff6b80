"""Other people's libraries sign, and our schemes verify; ours sign, and theirs verify."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime

import pytest
import standardwebhooks
import stripe
import svix.webhooks
from hypothesis import given, settings
from hypothesis import strategies as st

from paperhook.core.delivery import Delivery
from paperhook.core.headers import Headers
from paperhook.core.secret import Secret
from paperhook.webhooks.signatures import HmacPairs, StandardWebhooks

NOW = 1_760_000_000
SECRET = Secret("whsec_" + base64.b64encode(bytes(range(24))).decode(), name="june")
STRIPE = HmacPairs(header="Stripe-Signature")
BODIES = st.text(st.characters(exclude_categories=["Cs"]))

FAMILIES = {
    "webhook": standardwebhooks.Webhook(str(SECRET.value)),
    "svix": svix.webhooks.Webhook(str(SECRET.value)),
}


@pytest.mark.parametrize("family", FAMILIES)
@given(body=BODIES, mark=st.integers(0))
@settings(max_examples=50, deadline=None)
def test_what_the_packages_of_standard_webhooks_sign_verifies(family: str, body: str, mark: int) -> None:
    signature = FAMILIES[family].sign(f"msg_{mark}", datetime.fromtimestamp(NOW, UTC), body)
    headers = {
        f"{family}-id": f"msg_{mark}",
        f"{family}-timestamp": str(NOW),
        f"{family}-signature": signature,
    }

    name = StandardWebhooks(family).verify(  # type: ignore[arg-type] # the two words
        Delivery(Headers(headers), body.encode()), [SECRET], now=NOW
    )

    assert name == "june"


@pytest.mark.parametrize("family", FAMILIES)
def test_what_we_sign_is_accepted_by_the_packages_of_standard_webhooks(family: str) -> None:
    headers = StandardWebhooks(family).sign(b'{"a":1}', SECRET, now=time.time())  # type: ignore[arg-type] # same

    FAMILIES[family].verify('{"a":1}', headers)


@given(body=BODIES)
@settings(max_examples=50, deadline=None)
def test_what_the_package_of_stripe_signs_verifies(body: str) -> None:
    signature = stripe.WebhookSignature._compute_signature(f"{NOW}.{body}", str(SECRET.value))
    headers = {"Stripe-Signature": f"t={NOW},v1={'0' * 64},v1={signature},v0=old"}

    assert STRIPE.verify(Delivery(Headers(headers), body.encode()), [SECRET], now=NOW) == "june"


def test_what_we_sign_is_accepted_by_the_package_of_stripe() -> None:
    headers = STRIPE.sign(b'{"a":1}', SECRET, now=time.time())

    assert stripe.WebhookSignature.verify_header(
        '{"a":1}', headers["Stripe-Signature"], str(SECRET.value), tolerance=300
    )
