"""What happens to a test whose server is not there."""

from __future__ import annotations

import pytest
from _pytest.outcomes import Failed, Skipped

from .brokers import do_without


def test_without_a_server_a_test_is_skipped_and_says_why() -> None:
    with pytest.raises(Skipped, match=r"no rabbitmq answers.*PAPERHOOK_TEST_RABBITMQ"):
        do_without("rabbitmq", "no rabbitmq answers", is_ci=False, without=())


def test_in_ci_it_fails_and_says_what_to_do() -> None:
    with pytest.raises(Failed, match=r"PAPERHOOK_TEST_RABBITMQ, or set PAPERHOOK_TESTS_WITHOUT=rabbitmq"):
        do_without("rabbitmq", "no rabbitmq answers", is_ci=True, without=("redis",))


def test_in_ci_one_may_say_to_do_without_it() -> None:
    with pytest.raises(Skipped):
        do_without("rabbitmq", "no rabbitmq answers", is_ci=True, without=("redis", "rabbitmq"))
