"""What is kept of an exception."""

from __future__ import annotations

from paperhook.errors import GiveUp, PaperhookError, ResultInvalid
from paperhook.worker.failures import describe

SECRET = "IBAN DE89 3704 0044 0532 0130 00"


def caught(error: BaseException, cause: BaseException | None = None) -> BaseException:
    def deep(depth: int) -> None:
        if depth:
            deep(depth - 1)
        raise error from cause

    try:
        deep(30)
    except BaseException as raised:
        return raised
    raise AssertionError


def test_the_type_and_the_place_are_kept_and_the_message_is_not():
    text = describe(caught(ValueError(SECRET)))

    assert text.splitlines()[0] == "ValueError"
    assert "test_failures.py:" in text
    assert text.splitlines()[-1].endswith("caught.<locals>.deep")
    assert SECRET not in text


def test_a_type_of_a_library_is_named_in_full():
    class OddError(Exception):
        pass

    assert describe(OddError(SECRET)) == f"{__name__}.{OddError.__qualname__}"


def test_our_own_errors_keep_their_message():
    assert describe(GiveUp("no such supplier")) == "paperhook.errors.GiveUp: no such supplier"
    assert describe(ResultInvalid("Invoice: total")) == "paperhook.errors.ResultInvalid: Invoice: total"


def test_a_long_message_is_cut():
    assert len(describe(PaperhookError("x" * 10_000))) < 600


def test_only_the_innermost_frames_are_kept():
    assert len(describe(caught(ValueError())).splitlines()) == 21


def test_causes_are_named_without_their_messages():
    text = describe(caught(KeyError(SECRET), cause=OSError(SECRET)))

    assert "caused by OSError" in text
    assert SECRET not in text


def test_what_was_being_handled_is_named_unless_it_was_suppressed():
    def nested(*, suppressed: bool) -> BaseException:
        try:
            try:
                raise OSError(SECRET)  # noqa: TRY301 - that is the case
            except OSError:
                if suppressed:
                    raise KeyError from None
                raise KeyError  # noqa: B904 - that is the case
        except KeyError as raised:
            return raised

    assert "caused by OSError" in describe(nested(suppressed=False))
    assert "caused by" not in describe(nested(suppressed=True))


def test_a_chain_that_goes_round_ends():
    error, other = ValueError(), TypeError()
    error.__cause__, other.__cause__ = other, error

    assert describe(error).count("caused by") == 4


def test_a_group_names_what_is_in_it():
    group = ExceptionGroup(SECRET, [ValueError(SECRET), OSError(SECRET)])

    assert describe(group) == "ExceptionGroup of OSError, ValueError"
