"""Why a delivery is refused, in words that say what to change: for people at a terminal, never for the sender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from ...core.delivery import Delivery
from ...core.provider import SignatureScheme
from ...core.secret import Secret
from ...errors import BadSignature, ConfigurationError, DeliveryRejected, StaleDelivery, Unsigned
from .mistakes import bodies, schemes_like, secrets_like, signature_headers
from .ready import READY

#: What may be hashed while looking for a reason: a body is hashed once for each combination of mistakes.
MAX_HASHED_BYTES = 256 * 1024 * 1024

_STALE = "the signature is right: was an old delivery sent again, or is one of the clocks wrong?"
_UNEXPLAINED = "no known mistake explains it: the secret is not the one that signed, or the body is not the bytes that were sent"


def explain(
    scheme: SignatureScheme,
    delivery: Delivery,
    secrets: Sequence[Secret],
    *,
    now: float | None = None,
    others: Sequence[Secret] = (),
    schemes: Mapping[str, SignatureScheme] = READY,
) -> tuple[str, ...]:
    """Say why a delivery is not authentic.

    Other secrets and other schemes are tried, then mistakes, the fewest at once first: a body that was parsed and written
    again, a secret with white space, a key that is not decoded, a signature that is written otherwise. It is slow, so it
    has no place in a receiver.

    Args:
        scheme: How the delivery should be signed.
        delivery: As it was kept.
        secrets: The configured ones. One whose value is bytes may have white space at an end, which is then told.
        now: Seconds since the epoch.
        others: Secrets of other endpoints, which may have been mixed up; their names are told.
        schemes: Others that may have signed it, by name.

    Returns:
        Sentences without a full stop, the refusal or its cause first; no secret, no digest, nothing of the body. Empty
        where the delivery is authentic.
    """
    try:
        scheme.verify(delivery, secrets, now=now)
    except StaleDelivery as error:
        return (str(error), _STALE)
    except (DeliveryRejected, ConfigurationError) as error:
        refusal = error
    else:
        return ()
    return (
        _by_another_secret(scheme, delivery, others, now)
        or _by_another_scheme(scheme, delivery, [*secrets, *others], now, schemes)
        or _by_mistakes(scheme, delivery, secrets, now)
        or (str(refusal), *_hints(scheme, delivery, refusal))
    )


def _matches(
    scheme: SignatureScheme, delivery: Delivery, secret: Secret, now: float | None
) -> tuple[str, ...] | None:
    """Tell whether a delivery is authentic so; what else is wrong with it comes along."""
    try:
        scheme.verify(delivery, [secret], now=now)
    except StaleDelivery as error:
        return (str(error),)
    except (DeliveryRejected, ConfigurationError):
        return None
    return ()


def _by_mistakes(
    scheme: SignatureScheme, delivery: Delivery, secrets: Sequence[Secret], now: float | None
) -> tuple[str, ...]:
    meant = [attempt for secret in secrets for attempt in secrets_like(secret)]
    combined = product(bodies(delivery), meant, schemes_like(scheme, delivery))
    left = MAX_HASHED_BYTES
    for body, secret, other in sorted(combined, key=lambda each: sum(len(one.words) for one in each)):
        left -= len(body.value) + 1
        if left < 0:
            break
        touched = Delivery(delivery.headers, body.value, delivery.method)
        also = _matches(other.value, touched, secret.value, now)
        if also is not None:
            return (*secret.words, *other.words, *body.words, *also)
    return ()


def _by_another_secret(
    scheme: SignatureScheme, delivery: Delivery, others: Sequence[Secret], now: float | None
) -> tuple[str, ...]:
    for secret in others:
        also = _matches(scheme, delivery, secret, now)
        if also is not None:
            return (f"the secret is the wrong one: {secret.name} matches", *also)
    return ()


def _by_another_scheme(
    scheme: SignatureScheme,
    delivery: Delivery,
    secrets: Sequence[Secret],
    now: float | None,
    schemes: Mapping[str, SignatureScheme],
) -> tuple[str, ...]:
    for name, other in schemes.items():
        for secret in secrets:
            also = None if other == scheme else _matches(other, delivery, secret, now)
            if also is not None:
                return (
                    f"the delivery is signed as {name} signs, under webhook secret {secret.name!r}",
                    *also,
                )
    return ()


def _hints(
    scheme: SignatureScheme, delivery: Delivery, refusal: DeliveryRejected | ConfigurationError
) -> tuple[str, ...]:
    if isinstance(refusal, Unsigned):
        found = [
            name for name in signature_headers(delivery) if name != getattr(scheme, "header", "").lower()
        ]
        return (f"{', '.join(found)} is there: is the delivery another provider's?",) if found else ()
    if not isinstance(refusal, BadSignature):
        return ()
    if " none of the " not in str(refusal):
        # It says itself what is wrong.
        return ()
    changed = [each.words[0] for each in schemes_like(scheme, delivery) if each.words]
    return (*[words for words in changed[:1] if " holds " in words], _UNEXPLAINED)
