"""What comes back of a write of ours: an echo, news, or something only a GET can tell."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.flow.record.echo import Intent, Seen, judge, undone

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
CRM, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
BEFORE = {"id": 1, "status": "processing", "total": "5.00", "date_modified": "a"}


def wrote(status: str = "completed", origin: uuid.UUID | None = CRM, *, second: int = 0, **more: Any) -> Intent:
    at = AT + timedelta(seconds=second)
    answered: dict[str, Any] = {"answered_at": at + timedelta(seconds=1), "returned": {"status": status}}
    facts = {"caused_at": AT - timedelta(seconds=5), "derived": frozenset({"date_completed"}), **answered, **more}
    return Intent(origin=origin, at=at, sent={"status": status}, **facts)


def hook(**more: Any) -> Seen:
    return Seen({**BEFORE, **more}, None, frozenset({"date_modified"}))


def get(second: int, **more: Any) -> Seen:
    return Seen({**BEFORE, **more}, AT + timedelta(seconds=second), frozenset({"date_modified"}))


def test_what_was_sent_is_no_news_where_it_came_from() -> None:
    judged = judge(BEFORE, hook(status="completed", date_completed="now", date_modified="b"), [wrote()])
    assert not judged.contested
    assert judged.origins == {CRM: AT - timedelta(seconds=5)}
    assert judged.hops == 1


def test_what_was_returned_is_no_news_either() -> None:
    intent = wrote("Completed ", returned={"status": "completed"})
    assert set(judge(BEFORE, hook(status="completed"), [intent]).origins) == {CRM}


def test_another_field_is_news_for_everybody() -> None:
    judged = judge(BEFORE, hook(status="completed", total="6.00"), [wrote()])
    assert judged.origins == {}
    assert judged.hops == 1


def test_what_a_person_asked_for_is_news_for_everybody() -> None:
    assert judge(BEFORE, hook(status="completed"), [wrote(origin=None)]).origins == {}


def test_only_its_own_origin_knows_it() -> None:
    both = [wrote(), wrote("on-hold", OTHER, second=5)]
    assert set(judge(BEFORE, get(9, status="on-hold"), both).origins) == {OTHER}


def test_a_webhook_that_says_something_else_is_decided_by_a_get() -> None:
    assert judge(BEFORE, hook(status="on-hold"), [wrote()]).contested
    assert judge(BEFORE, hook(status="on-hold"), [wrote(answered_at=None, returned={})]).contested
    # an older write of ours, overtaken by a newer one
    assert judge(BEFORE, hook(status="completed"), [wrote(), wrote("on-hold", second=2)]).contested


def test_a_get_begun_afterwards_is_believed() -> None:
    judged = judge(BEFORE, get(9, status="on-hold"), [wrote()])
    assert not judged.contested
    assert judged.origins == {}
    assert judged.hops == 1


def test_a_listing_begun_after_the_answer_is_believed_an_earlier_one_is_not() -> None:
    listed = Seen({**BEFORE, "status": "on-hold"}, AT + timedelta(seconds=9), frozenset())
    early = Seen({**BEFORE, "status": "on-hold"}, AT, frozenset())
    assert not judge(BEFORE, listed, [wrote()]).contested
    assert judge(BEFORE, early, [wrote()]).contested


def test_a_write_without_an_answer_is_waited_for_a_minute() -> None:
    unanswered = [wrote(answered_at=None, returned={})]
    assert judge(BEFORE, get(9, status="on-hold"), unanswered).contested
    assert not judge(BEFORE, get(61, status="on-hold"), unanswered).contested
    assert not judge(BEFORE, get(9, status="completed"), unanswered).contested


def test_what_somebody_undid_is_news_though_the_record_says_the_same() -> None:
    assert undone(get(9), [wrote()], AT - timedelta(hours=1)) is True
    assert undone(hook(), [wrote()], AT - timedelta(hours=1)) is None
    assert undone(get(9, status="completed"), [wrote()], AT - timedelta(hours=1)) is False
    # it was recorded after the write already
    assert undone(get(9), [wrote()], AT + timedelta(seconds=5)) is False


def test_hops_count_on() -> None:
    assert judge(BEFORE, hook(status="completed"), [wrote(hops=3)]).hops == 4
    assert judge(BEFORE, get(9, total="9.00"), [wrote(hops=3)]).hops == 0
