"""From answers to outcomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from crossdock.connect.client import CallFailed, FailKind, Reply
from crossdock.connect.manifest import parse
from crossdock.connect.outcomes import DEFAULT_THROTTLE_S, Outcomes, failed
from crossdock.connect.waits import LONGEST_WAIT_S, retry_after_s
from crossdock.model.delivery import Evidence
from crossdock.model.outcome import Delivered, Gone, Outcome, Refresh, Rejected, Retry, Throttled, Unknown

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
TABLE = """
form = []
[identity]
name = "acme"
title = "Acme"
version = "1"
docs = "https://acme.example"
categories = []
[auth]
kinds = ["none"]
[hosts]
user_given = true
[limits]
[quality]
[[errors]]
status = 200
code = "ratelimited"
outcome = "throttled"
after_s = 30
[[errors]]
code = "token_expired"
outcome = "refresh"
[[errors]]
status = 403
pattern = "(?i)request.limit"
outcome = "throttled"
[[errors]]
status = 409
outcome = "delivered"
[[errors]]
status = 404
outcome = "gone"
message = "it was deleted there"
[[errors]]
status = 500
outcome = "retry"
after_s = 5
[[errors]]
status = 502
outcome = "unknown"
[[errors]]
status = "4xx"
code = "bad_mail"
outcome = "rejected"
message = "the address is none"
"""
OUTCOMES = Outcomes(parse(TABLE))


def of(answered: int, headers: dict[str, str] | None = None, **more: Any) -> Outcome | None:
    return OUTCOMES.of(Reply(answered, CIMultiDict(headers or {}), b"", 1.0), NOW, **more)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 207])
def test_success_is_left_to_the_caller(status: int) -> None:
    assert of(status) is None


def test_rules_of_the_manifest_come_first() -> None:
    assert of(200, code="ratelimited") == Throttled(30.0, "Acme answered 200 ratelimited: no reason was given")
    assert of(200, {"Retry-After": "7"}, code="ratelimited") == Throttled(
        7.0, "Acme answered 200 ratelimited: no reason was given"
    )
    assert isinstance(of(200, code="token_expired"), Refresh)
    assert isinstance(of(403, text="Request limit exceeded"), Throttled)
    assert isinstance(of(403, text="no"), Rejected)
    assert of(409) == Delivered(evidence=Evidence.ACCEPTED)
    assert of(404) == Gone("Acme answered 404: it was deleted there")
    assert of(500) == Retry("Acme answered 500: no reason was given", 5.0)
    assert isinstance(of(502), Unknown)
    assert of(400, code="bad_mail", field="email") == Rejected(
        "Acme answered 400 bad_mail: the address is none", "bad_mail", "email"
    )


def test_a_batch_item_has_its_own_status() -> None:
    assert of(207, status=201) is None
    assert isinstance(of(207, status=400), Rejected)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Retry),
        (307, Retry),
        (400, Rejected),
        (401, Refresh),
        (403, Rejected),
        (405, Rejected),
        (408, Retry),
        (410, Gone),
        (413, Rejected),
        (422, Rejected),
        (423, Retry),
        (425, Retry),
        (429, Throttled),
        (501, Retry),
        (503, Retry),
        (504, Unknown),
        (520, Unknown),
        (524, Unknown),
        (599, Unknown),
    ],
)
def test_http_means_what_it_means(status: int, kind: type) -> None:
    assert isinstance(of(status), kind)


def test_retry_after_is_read_in_both_forms() -> None:
    said = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
    assert retry_after_s({"Retry-After": said}, NOW) == 90.0
    assert retry_after_s({"Retry-After": format_datetime(NOW - timedelta(hours=1), usegmt=True)}, NOW) == 0.0
    assert retry_after_s({"retry-after": " 12 "}, NOW) == 12.0
    assert retry_after_s({"Retry-After": "1e99"}, NOW) == LONGEST_WAIT_S
    for nonsense in ("", "soon", "-3", "nan", "Sat, 99 Nov"):
        assert retry_after_s({"Retry-After": nonsense}, NOW) is None
    assert of(429) == Throttled(DEFAULT_THROTTLE_S, "Acme answered 429: no reason was given")
    assert of(503, {"Retry-After": "4"}) == Retry("Acme answered 503: no reason was given", 4.0)


def test_a_date_without_a_zone_is_utc() -> None:
    assert retry_after_s({"Retry-After": "Sat, 21 Nov 2026 09:00:05 -0000"}, NOW) == 5.0


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_retry_after_breaks_anything(said: str) -> None:
    waited = retry_after_s({"Retry-After": said}, NOW)
    assert waited is None or 0 <= waited <= LONGEST_WAIT_S


def test_reasons_hold_no_address_or_secret() -> None:
    outcome = of(400, text="jo@shop.example has cs_1234567890abcdef and Bearer abcdefgh1234")
    assert isinstance(outcome, Rejected)
    for private in ("jo@shop", "cs_12345", "abcdefgh"):
        assert private not in outcome.reason


def test_reading_raises_with_the_outcome() -> None:
    OUTCOMES.expect(Reply(200, {}, b"", 1.0), NOW)
    OUTCOMES.expect(Reply(409, {}, b"", 1.0), NOW)
    with pytest.raises(CallFailed, match="redirects are not followed") as caught:
        OUTCOMES.expect(Reply(302, {}, b"", 1.0), NOW)
    assert caught.value.kind is FailKind.REDIRECT
    with pytest.raises(CallFailed) as caught:
        OUTCOMES.expect(Reply(401, {}, b"", 1.0), NOW)
    assert caught.value.kind is FailKind.ANSWER
    assert isinstance(failed(caught.value), Refresh)


def test_a_missing_answer_is_retry_or_unknown() -> None:
    assert failed(CallFailed("refused", False, "the host refuses")) == Retry("the host refuses", code="refused")
    assert failed(CallFailed("timeout", True, "no answer in time")) == Unknown("no answer in time")
    assert failed(CallFailed("egress", False, "inside", "give a public address")) == Refresh(
        "inside; give a public address"
    )
