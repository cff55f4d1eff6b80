"""When to try again, evaluated by hand: no network, no clock."""

from __future__ import annotations

from typing import Any

import pytest
import tenacity
from hypothesis import given
from hypothesis import strategies as st

from paperhook.core.exchange import Repeat, Request, Response
from paperhook.core.headers import Headers
from paperhook.core.steps import Now, Pause, Rasterise, Send, Steps, pause, rasterise, send
from paperhook.errors import (
    AnswerLost,
    ApiError,
    AttemptTimeout,
    BadRequest,
    DeadlineExceeded,
    InboxCorrupt,
    MalformedAnswer,
    NothingSent,
    PaperhookError,
    RateLimited,
    ServerError,
)
from paperhook.retrying import (
    NO_RETRY,
    RetryPolicy,
    is_retryable,
    is_used_up,
    next_pause,
    persist,
)
from tests.providers.driving import document

AT_ONCE = RetryPolicy(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_fixed(1))


class Drive:
    """Drives steps on a clock that only pauses move; each exchange takes `takes` seconds."""

    def __init__(self, *answers: PaperhookError | int, takes: float = 0.0) -> None:
        self.answers, self.takes = list(answers), takes
        self.sent: list[Send] = []
        self.pauses: list[float] = []
        self.time = 1000.0

    def run(self, steps: Steps[Any]) -> Any:
        answer, failure = None, None
        while True:
            try:
                effect = steps.send(answer) if failure is None else steps.throw(failure)
            except StopIteration as done:
                return done.value
            answer, failure = None, None
            match effect:
                case Now():
                    answer = self.time
                case Pause(seconds):
                    self.pauses.append(seconds)
                    self.time += seconds
                case Send():
                    self.sent.append(effect)
                    self.time += self.takes
                    said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                    if isinstance(said, int):
                        answer = Response(effect.request, said, Headers(), b"")
                    else:
                        failure = said
                case Rasterise():
                    answer = ()


def error_of(response: Response) -> ApiError | None:
    return None if response.is_success else ServerError("503", may_have_been_processed=True)


def exchange(repeat: Repeat = Repeat.ALWAYS) -> Steps[Response]:
    return send(Request("POST", "https://acme.example/d", repeat=repeat), error_of)


def rate_limited(retry_after: float | None) -> RateLimited:
    return RateLimited("429", retry_after=retry_after)


# What may be repeated


@pytest.mark.parametrize(
    ("error", "attempts_when_always", "attempts_when_unless_sent"),
    [
        (NothingSent("refused"), 3, 3),
        (rate_limited(None), 3, 3),
        (AnswerLost("reset"), 3, 1),
        (AttemptTimeout("late"), 3, 1),
        (ServerError("503", may_have_been_processed=True), 3, 1),
        (BadRequest("400"), 1, 1),
        (DeadlineExceeded("late"), 1, 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_the_table_of_what_is_sent_again(
    error: PaperhookError, attempts_when_always: int, attempts_when_unless_sent: int
) -> None:
    for repeat, attempts in [
        (Repeat.ALWAYS, attempts_when_always),
        (Repeat.UNLESS_SENT, attempts_when_unless_sent),
    ]:
        drive = Drive(error)

        with pytest.raises(type(error)):
            drive.run(persist(exchange(repeat), AT_ONCE))

        assert len(drive.sent) == attempts


def test_an_error_in_the_answer_counts_as_a_failed_attempt() -> None:
    drive = Drive(503, 503, 200)

    response = drive.run(persist(exchange(), AT_ONCE))

    assert response.status == 200
    assert drive.pauses == [1, 1]


def test_each_exchange_has_attempts_of_its_own() -> None:
    def two() -> Steps[int]:
        first = yield from exchange()
        second = yield from exchange()
        return first.status + second.status

    drive = Drive(503, 503, 200, 503, 503, 201)

    assert drive.run(persist(two(), AT_ONCE)) == 401


def test_an_answer_that_turns_out_to_mean_nothing_says_how_often_it_was_asked_for() -> None:
    def reads() -> Steps[None]:
        yield from exchange()
        raise MalformedAnswer("no json")

    with pytest.raises(MalformedAnswer) as caught:
        Drive(AnswerLost("reset"), 200).run(persist(reads(), AT_ONCE))

    assert caught.value.attempts == 2


def test_an_operation_sees_the_error_and_may_go_on() -> None:
    def forgiving() -> Steps[str]:
        try:
            yield from exchange()
        except BadRequest:
            return "went on"
        raise AssertionError

    assert Drive(BadRequest("400")).run(persist(forgiving(), AT_ONCE)) == "went on"


def test_other_effects_pass_through() -> None:
    drive = Drive(200)

    assert drive.run(persist(rasterise(document()), AT_ONCE)) == ()
    assert drive.run(persist(pause(3), AT_ONCE)) is None
    assert drive.pauses == [3]


def test_no_retry_is_one_attempt() -> None:
    drive = Drive(NothingSent("refused"))

    with pytest.raises(NothingSent):
        drive.run(persist(exchange(), NO_RETRY))

    assert len(drive.sent) == 1


# Retry-After


def test_a_longer_retry_after_wins_and_is_spread_a_little() -> None:
    drive = Drive(rate_limited(30), 200)

    drive.run(persist(exchange(Repeat.UNLESS_SENT), AT_ONCE))

    assert 30 <= drive.pauses[0] <= 31


def test_a_shorter_retry_after_does_not_hurry_the_policy() -> None:
    drive = Drive(rate_limited(0), 200)

    drive.run(persist(exchange(), RetryPolicy(wait=tenacity.wait_fixed(5))))

    assert drive.pauses == [5]


@pytest.mark.parametrize("repeat", list(Repeat))
@pytest.mark.parametrize("error_class", [RateLimited, ServerError])
def test_a_retry_after_above_the_cap_is_not_waited_for_but_told(
    repeat: Repeat, error_class: type[ApiError]
) -> None:
    drive = Drive(error_class("later", retry_after=3600.0, may_have_been_processed=True))

    with pytest.raises(error_class) as raised:
        drive.run(persist(exchange(repeat), AT_ONCE))

    assert (len(drive.sent), drive.pauses) == (1, [])
    assert (raised.value.retry_after, raised.value.retry_at) == (3600, 4600)


# Deadlines


def test_a_pause_that_would_end_after_the_deadline_is_not_begun() -> None:
    drive = Drive(rate_limited(30))

    with pytest.raises(RateLimited):
        drive.run(persist(exchange(), AT_ONCE, deadline=10))

    assert (len(drive.sent), drive.pauses) == (1, [])


def test_each_attempt_is_told_how_much_time_is_left() -> None:
    drive = Drive(503, 503, 200, takes=2)

    drive.run(persist(exchange(), AT_ONCE, deadline=10))

    assert [each.timeout for each in drive.sent] == [10, 7, 4]


def test_without_a_deadline_an_attempt_has_no_bound_of_its_own() -> None:
    drive = Drive(200)

    drive.run(persist(exchange(), AT_ONCE))

    assert drive.sent[0].timeout is None


@pytest.mark.parametrize("deadline", [0, -1])
def test_after_the_deadline_nothing_is_sent(deadline: float) -> None:
    drive = Drive(200)

    with pytest.raises(DeadlineExceeded):
        drive.run(persist(exchange(), AT_ONCE, deadline=deadline))

    assert drive.sent == []


def test_a_deadline_names_the_provider_whatever_used_it_up() -> None:
    with pytest.raises(DeadlineExceeded, match="acme: the deadline") as raised:
        Drive().run(persist(pause(5), NO_RETRY, deadline=3, provider="acme"))

    assert raised.value.provider == "acme"


def test_an_operations_own_pause_ends_at_the_deadline() -> None:
    drive = Drive(200)

    with pytest.raises(DeadlineExceeded):
        drive.run(persist(pause(100), AT_ONCE, deadline=10))

    assert drive.pauses == [10]


def test_a_pause_within_the_deadline_is_left_alone() -> None:
    drive = Drive(200)

    drive.run(persist(pause(3), AT_ONCE, deadline=10))

    assert drive.pauses == [3]


# tenacity's words


def after(policy: RetryPolicy, *, attempt: int = 1, now: float = 0.0, slept: float = 0.0) -> float | None:
    return next_pause(policy, NothingSent("refused"), attempt=attempt, started=0.0, now=now, slept=slept)


def test_the_policy_is_tenacitys() -> None:
    assert after(RetryPolicy(wait=tenacity.wait_incrementing(1, 2)), attempt=3) == 5
    assert after(RetryPolicy(stop=tenacity.stop_after_delay(10)), now=11) is None
    assert after(RetryPolicy(stop=tenacity.stop_after_delay(10)), now=9) is not None
    assert after(RetryPolicy(retry=tenacity.retry_if_exception_type(ValueError))) is None


def test_stop_before_delay_sees_the_pause_that_would_come() -> None:
    policy = RetryPolicy(stop=tenacity.stop_before_delay(10), wait=tenacity.wait_fixed(5))

    assert after(policy, now=6) is None
    assert after(policy, now=4) == 5


def test_a_policy_may_be_asked_whether_it_is_used_up_whatever_the_error() -> None:
    def used_up(attempt: int) -> bool:
        policy = RetryPolicy(stop=tenacity.stop_after_attempt(8))
        return is_used_up(policy, KeyError("x"), attempt=attempt, started=0.0, now=1.0)

    assert not used_up(7)
    assert used_up(8)


def test_a_negative_wait_is_no_wait() -> None:
    assert after(RetryPolicy(wait=tenacity.wait_fixed(-5))) == 0


def test_a_policy_may_look_at_how_long_was_slept() -> None:
    policy = RetryPolicy(wait=lambda state: state.idle_for)  # type: ignore[arg-type] # tenacity takes any callable

    assert after(policy, slept=7) == 7


def test_what_is_slept_is_counted_over_the_attempts() -> None:
    seen: list[float] = []
    policy = RetryPolicy(wait=lambda state: seen.append(state.idle_for) or 2.0)  # type: ignore[arg-type,func-returns-value]

    with pytest.raises(NothingSent):
        Drive(NothingSent("refused")).run(persist(exchange(), policy))

    assert seen[:3] == [0, 2, 4]


def test_the_errors_themselves_say_whether_they_are_worth_another_attempt() -> None:
    assert is_retryable(NothingSent("refused"))
    assert not is_retryable(BadRequest("400"))
    assert not is_retryable(ConnectionResetError())


@given(st.integers(1, 50), st.floats(0, 1e6))
def test_the_default_policy_pauses_within_its_bounds_and_ends(attempt: int, now: float) -> None:
    seconds = after(RetryPolicy(), attempt=attempt, now=now)

    assert (seconds is None) == (attempt >= 4)
    assert seconds is None or 0 <= seconds <= 20


class Notes:
    """Lets everybody go, and keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int | None, float]] = []

    def join(self) -> int:
        return 0

    def wait(self, ticket: int, now: float) -> float:
        return 0.0

    def leave(self, ticket: int) -> None:
        raise AssertionError("everybody was let go")

    def answered(self, ticket: int, response: Response | None, now: float) -> None:
        self.told.append((None if response is None else response.status, now))


def test_a_turn_ends_when_its_answer_or_its_failure_has_come() -> None:
    turns = Notes()
    drive = Drive(AnswerLost("gone"), 200, takes=7)

    drive.run(persist(exchange(), AT_ONCE, turns=turns))

    assert turns.told == [(None, 1007.0), (200, 1015.0)]


def test_a_turn_that_is_cut_off_at_its_request_has_ended() -> None:
    turns = Notes()
    steps = persist(exchange(), AT_ONCE, turns=turns)
    effect = next(steps)
    while isinstance(effect, Now):
        effect = steps.send(5.0)

    steps.close()

    assert isinstance(effect, Send)
    assert turns.told == [(None, 5.0)]


def test_an_error_that_is_no_call_is_stopped_by_an_empty_budget_too() -> None:
    class Empty:
        def take(self, now: float) -> bool:
            return False

    policy = RetryPolicy(retry=tenacity.retry_if_exception_type(PaperhookError), wait=tenacity.wait_none())
    error = PaperhookError("of another kind")
    drive = Drive(error, 200)

    with pytest.raises(PaperhookError) as raised:
        drive.run(persist(exchange(), policy, budget=Empty()))

    assert raised.value is error
    assert len(drive.sent) == 1


def test_an_error_that_a_store_gave_to_several_says_nothing_of_ones_attempts() -> None:
    shared = InboxCorrupt("damaged")

    with pytest.raises(InboxCorrupt, match="damaged") as raised:
        Drive(AnswerLost("reset"), shared).run(persist(exchange(), AT_ONCE))

    assert raised.value.follows_lost_attempt
    assert not shared.follows_lost_attempt
