"""Our HMAC against the one of the standard library, and what may be done with it."""

from __future__ import annotations

import copy
import hmac
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.core.secret import Secret
from paperhook.webhooks.signatures import Hmac
from paperhook.webhooks.signatures.macs import COPY_BYTES, Mac, encoded

#: Below, at and above one block of each hash.
KEYS = st.binary(min_size=1, max_size=300)


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
@given(key=KEYS, parts=st.lists(st.binary(max_size=200), min_size=1, max_size=5))
def test_it_is_the_hmac_of_the_standard_library(digest: Any, key: bytes, parts: list[bytes]) -> None:
    mac, content = Mac(key, digest), b"".join(parts)
    expected = hmac.digest(key, content, digest)

    assert mac.over(content) == expected
    assert mac.over_parts(parts, len(content)) == expected
    assert mac.over_parts(parts, COPY_BYTES + 1) == expected
    # What it keeps was not used up.
    assert mac.over(content) == expected


def test_a_digest_is_written_in_lower_case_hex_or_padded_base64() -> None:
    assert encoded(b"\xab\xcd", "hex") == b"abcd"
    assert encoded(b"\xab\xcd", "base64") == b"q80="


def test_a_secret_that_has_signed_can_go_to_another_process() -> None:
    secret, scheme = Secret("a-secret-of-16-bytes"), Hmac(header="S")
    headers = scheme.sign(b"{}", secret)

    for other in (pickle.loads(pickle.dumps(secret)), copy.deepcopy(secret)):
        assert scheme.sign(b"{}", other) == headers
    assert "a-secret" not in repr(secret.derived)
