"""Every outcome is one of three ends or another try."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from crossdock.flow.deliver.ports import Limits
from crossdock.flow.deliver.settle import Back, End, decide, kind
from crossdock.model.delivery import DeliveryState, Evidence, SkipReason
from crossdock.model.outcome import Delivered, Gone, Outcome, Refresh, Rejected, Retry, Throttled, Unknown
from tests.unit.deliver.jobs import NOW, ended

LIMITS = Limits(retry_base_s=2.0, retry_ceiling_s=60.0)
LATE = NOW + LIMITS.retry_for + timedelta(seconds=1)


def _end(outcome: Outcome, *, attempt: int = 9, now: datetime = LATE) -> End:
    verdict = decide(ended(outcome, attempt=attempt, failing_since=NOW), now, LIMITS)
    assert isinstance(verdict, End)
    return verdict


def _back(outcome: Outcome | None, *, attempt: int = 1) -> Back:
    verdict = decide(ended(outcome, attempt=attempt), NOW, LIMITS)
    assert isinstance(verdict, Back)
    return verdict


def test_delivered_ends_with_the_vendors_own_id() -> None:
    end = decide(ended(Delivered("77", Evidence.ID)), NOW, LIMITS)
    assert end == End(DeliveryState.DELIVERED, evidence=Evidence.ID, external_id="77")


def test_skipped_ends_with_its_rule_before_any_outcome() -> None:
    job = ended(None)
    job.skipped, job.reason = SkipReason.ROUTE_REMOVED, "gone"
    assert decide(job, NOW, LIMITS) == End(DeliveryState.SKIPPED, rule=SkipReason.ROUTE_REMOVED, reason="gone")


def test_rejected_is_dead_with_code_and_reason() -> None:
    end = decide(ended(Rejected("amount is no number", code="VALIDATION_ERROR")), NOW, LIMITS)
    assert end == End(DeliveryState.DEAD, reason="VALIDATION_ERROR: amount is no number")


@pytest.mark.parametrize("outcome", [Throttled(3.0), Refresh("401")])
def test_what_is_not_the_deliverys_fault_burns_no_attempt(outcome: Outcome) -> None:
    back = decide(ended(outcome), LATE, LIMITS)
    assert isinstance(back, Back)
    assert (back.state, back.unburnt) == (DeliveryState.WAITING, 1)


def test_retry_waits_as_long_as_the_vendor_says_and_never_less() -> None:
    waits = [_back(Retry("busy", after_s=7.5), attempt=40).wait.total_seconds() for _ in range(200)]
    assert min(waits) >= 7.5
    assert max(waits) <= 7.5 * 1.1
    assert len(set(waits)) > 100, "a queue that came back at one moment would be turned away again"


def test_a_vendor_that_says_at_once_is_not_asked_without_a_pause() -> None:
    assert max(_back(Retry("busy", after_s=0.0), attempt=3).wait for _ in range(100)) > timedelta(seconds=1)


@pytest.mark.parametrize("attempt", [1, 3, 40])
def test_retry_backs_off_by_itself_below_the_ceiling(attempt: int) -> None:
    back = _back(Retry("busy"), attempt=attempt)
    assert timedelta(0) <= back.wait <= timedelta(seconds=60)
    assert back.unburnt == 0


def test_retry_goes_on_for_days_and_then_is_dead() -> None:
    job = ended(Retry("busy", code="503"), attempt=90, failing_since=NOW)
    assert isinstance(decide(job, NOW + LIMITS.retry_for - timedelta(seconds=1), LIMITS), Back)
    assert decide(job, LATE, LIMITS) == End(DeliveryState.DEAD, reason="given up after 90 attempts: 503: busy")


def test_unknown_waits_until_the_call_can_no_longer_take_effect() -> None:
    back = _back(Unknown("answer lost"))
    assert back.state is DeliveryState.IN_DOUBT
    assert back.wait >= LIMITS.doubt_margin
    assert back.unburnt == 0


def test_doubt_has_an_end() -> None:
    end = _end(Unknown("answer lost"))
    assert end.state is DeliveryState.DEAD
    assert end.reason == "given up in doubt after 9 attempts: answer lost"


@pytest.mark.parametrize("outcome", [Retry("busy"), Unknown("cut")])
def test_the_days_of_retrying_begin_with_the_first_failure_not_with_the_delivery(outcome: Outcome) -> None:
    week = NOW + timedelta(days=7)
    waited = ended(outcome, created_at=NOW)
    assert isinstance(decide(waited, week, LIMITS), Back), "it had waited behind a broken connection"
    failing = ended(outcome, attempt=9, created_at=NOW, failing_since=week - timedelta(days=1))
    assert isinstance(decide(failing, week, LIMITS), Back)


@pytest.mark.parametrize("outcome", [Retry("busy"), Unknown("cut")])
def test_it_is_not_given_up_after_a_few_tries_however_long_ago(outcome: Outcome) -> None:
    few = ended(outcome, attempt=LIMITS.least_tries - 1, failing_since=NOW)
    assert isinstance(decide(few, LATE, LIMITS), Back), "the lane stood, or its breaker was open"
    assert isinstance(decide(ended(outcome, attempt=LIMITS.least_tries, failing_since=NOW), LATE, LIMITS), End)


@pytest.mark.parametrize("outcome", [Retry("busy"), Throttled(1), Refresh("401"), Gone()])
def test_what_had_a_part_of_its_effect_is_looked_up_before_it_is_sent_again(outcome: Outcome) -> None:
    part = ended(outcome)
    part.touched = True
    back = decide(part, NOW, LIMITS)
    assert isinstance(back, Back)
    assert back.doubted
    assert not _back(outcome).doubted
    assert _back(Unknown("cut")).doubted


def test_gone_is_tried_at_once_and_given_up_when_it_is_so_for_the_fifth_time() -> None:
    for attempt, before in [(1, 0), (5, 3), (40, 0), (40, 3)]:
        job = ended(Gone(), attempt=attempt, failing_since=NOW)
        job.gone_before = before
        back = decide(job, NOW, LIMITS)
        assert isinstance(back, Back)
        assert (back.state, back.wait) == (DeliveryState.WAITING, timedelta(0))
    job = ended(Gone(), attempt=5)
    job.gone_before = 4
    end = decide(job, NOW, LIMITS)
    assert isinstance(end, End)
    assert end.state is DeliveryState.DEAD


def test_an_attempt_without_an_outcome_is_tried_again() -> None:
    assert _back(None).reason == "no outcome"


@pytest.mark.parametrize(
    "outcome",
    [
        Rejected("zoe@example.org is no address"),
        Retry("zoe@example.org is busy"),
        Unknown("zoe@example.org cut"),
        Refresh("zoe@example.org lost access"),
        Throttled(1, "zoe@example.org asks too much"),
        Gone("zoe@example.org is gone"),
    ],
)
def test_reasons_hold_no_person(outcome: Outcome) -> None:
    assert "zoe@" not in str(decide(ended(outcome), NOW, LIMITS).reason)


@pytest.mark.parametrize("outcome", [Rejected("x" * 9000), Retry("x" * 9000), Unknown("x" * 9000), Refresh("x" * 9000)])
def test_reasons_are_short(outcome: Outcome) -> None:
    assert len(decide(ended(outcome), NOW, LIMITS).reason or "") <= 500


def test_outcomes_have_names_for_attempts() -> None:
    assert kind(Delivered("1"), skipped=False) == "delivered"
    assert kind(None, skipped=True) == "skipped"
