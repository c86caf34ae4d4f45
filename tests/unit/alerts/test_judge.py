"""Each rule by itself: what it finds, at which number, and when another alert has said it already."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossdock.errors import BadInput
from crossdock.govern.alerts.judge import judged, judged_tenant
from crossdock.govern.alerts.readings import Found, Gap, Pace, Quota, Reading, Silence, TenantReading
from crossdock.govern.alerts.rules import KINDS, Given, Kind, Rules, checked
from crossdock.kit.lateness import FAILED, bucket_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ID = uuid.UUID(int=7)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def reading(**facts: Any) -> Reading:
    return Reading(
        **{
            "tenant_id": ID,
            "connection_id": ID,
            "name": "CRM",
            "connector": "hubspot",
            "state": "active",
            "state_since": ago(days=3),
            **facts,
        }
    )


def found(one: Reading, *given: Given) -> dict[str, Any]:
    return {str(t.kind): t for t in judged(one, Rules(given), NOW)}


def test_nothing_is_wrong_with_a_healthy_connection() -> None:
    assert found(reading(breaker="closed", pace=Pace({0: 500}), silence=Silence(ago(hours=1), 600))) == {}


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"dead": 1, "dead_since": ago(hours=1)}, "dead_letters"),
        ({"state": "broken", "problem": "refused; a new token"}, "connection_broken"),
        ({"breaker": "open", "breaker_since": ago(minutes=10)}, "breaker_open"),
        ({"lags": Pace({bucket_of(901): 1, 0: 19})}, "lag"),
        ({"overdue_since": ago(minutes=30)}, "queue_age"),
        ({"tried_since": ago(minutes=30)}, "queue_age"),
        ({"pace": Pace({FAILED: 6, 0: 14})}, "failure_share"),
        ({"silence": Silence(ago(hours=6), 60)}, "silence"),
        ({"gap": Gap(ID, ago(hours=1))}, "proof_gap"),
        ({"quota": Quota(90, 100, NOW)}, "quota"),
        ({"suspended": 2, "suspended_since": ago(hours=1)}, "stock_links_suspended"),
        ({"findings": (Found("hook-gone", "warning", "c", "r", ago(hours=1), 2),)}, "finding"),
        ({"fallen_back": 3, "fallback": "Second", "breaker_since": ago(minutes=9)}, "fallback_used"),
    ],
)
def test_a_rule_finds(facts: dict[str, Any], kind: str) -> None:
    troubles = found(reading(**facts))
    assert list(troubles) == [kind]
    one = troubles[kind]
    assert one.title.startswith("CRM: ")
    assert all((one.cause, one.remedy, one.command.startswith("crossdock "), one.link.startswith("/api/v1/")))
    assert found(reading(**facts), Given(Kind(kind), None, enabled=False)) == {}
    assert found(reading(**facts), Given(Kind(kind), ID, enabled=False)) == {}


@pytest.mark.parametrize(
    "facts",
    [
        {"breaker": "open", "breaker_since": ago(minutes=9)},
        {"lags": Pace({bucket_of(901): 1, 0: 20})},
        {"lags": Pace({bucket_of(901): 4})},
        {"lags": Pace({bucket_of(900): 20})},
        {"overdue_since": ago(minutes=29)},
        {"pace": Pace({FAILED: 5, 0: 15})},
        {"pace": Pace({FAILED: 19})},
        {"silence": Silence(ago(hours=5, minutes=59), 60)},
        {"silence": Silence(ago(days=5), 84 * 3600)},
        {"silence": Silence(ago(days=50), None)},
        {"quota": Quota(89, 100, NOW)},
        {"fallen_back": 0, "fallback": "Second"},
    ],
)
def test_a_rule_finds_nothing_below_its_number(facts: dict[str, Any]) -> None:
    assert found(reading(**facts)) == {}


def test_a_store_that_sells_twice_a_week_is_silent_after_its_own_time() -> None:
    assert "silence" in found(reading(silence=Silence(ago(hours=127), 84 * 3600)))


def test_dead_letters_may_be_counted_within_minutes() -> None:
    given = Given(Kind.DEAD_LETTERS, ID, settings={"count": 5, "minutes": 10})
    assert found(reading(dead=100, dead_recent=4, dead_since=NOW), given) == {}
    assert found(reading(dead=100, dead_recent=5, dead_since=NOW), given)["dead_letters"].count == 5


def test_a_broken_connection_speaks_for_what_follows_from_it() -> None:
    troubles = found(
        reading(
            state="broken",
            problem="HubSpot refuses the token; make a new one",
            breaker="open",
            breaker_since=ago(hours=1),
            overdue_since=ago(hours=1),
            findings=(Found("keys-refused", "error", "c", "r", ago(hours=1), 1),),
        )
    )
    assert {kind for kind, one in troubles.items() if not one.quiet} == {"connection_broken"}
    assert troubles["connection_broken"].cause == "HubSpot refuses the token"


def test_causes_are_masked() -> None:
    said = found(reading(dead=1, dead_since=NOW, dead_cause="refused: zoe@example.com, token=abcdefgh12345"))
    assert "zoe@" not in said["dead_letters"].cause
    assert "abcdefgh" not in said["dead_letters"].cause


def test_a_tenants_own_troubles() -> None:
    low = TenantReading(ID, low=7, low_skus=("A", "B"), low_since=ago(hours=1))
    (one,) = judged_tenant(low, Rules(), NOW)
    assert (one.kind, one.count, one.cause) == ("stock_low", 7, "below their thresholds: A, B and 5 more")
    channel = {"id": ID, "name": "ops", "failing_since": ago(minutes=15), "problem": "no answer"}
    (one,) = judged_tenant(TenantReading(ID, channels=(channel,)), Rules(), NOW)
    assert one.kind == "channel_failing"
    assert not list(judged_tenant(TenantReading(ID, channels=({**channel, "failing_since": NOW},)), Rules(), NOW))


def test_a_connections_rule_goes_before_the_tenants_before_the_default() -> None:
    rules = Rules(
        [
            Given(Kind.SILENCE, None, settings={"hours": 12}),
            Given(Kind.SILENCE, ID, severity="error", settings={"factor": 2}),
        ]
    )
    own, other = rules.of(Kind.SILENCE, ID), rules.of(Kind.SILENCE, uuid.UUID(int=8))
    assert (own.settings, own.severity) == ({"hours": 12, "factor": 2}, "error")
    assert (other.settings, other.severity) == ({"hours": 12, "factor": 1.5}, "warning")


@pytest.mark.parametrize("kind", KINDS)
def test_settings_have_bounds(kind: Kind) -> None:
    for setting in KINDS[kind].settings:
        assert checked(kind, {setting.name: setting.default}) == {setting.name: setting.default}
        for wrong in (setting.least - 1, setting.most + 1, True, "1"):
            with pytest.raises(BadInput) as refused:
                checked(kind, {setting.name: wrong})
            assert refused.value.field == f"settings.{setting.name}"
