"""The diagnosis is pure: facts in, findings out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from crossdock.connect.connector import CheckResult, Hook
from crossdock.connect.watching import Gap, Known, KnownHook, Repair, Sight
from crossdock.connectors.woocommerce.ailments import AILMENTS, finding
from crossdock.connectors.woocommerce.diagnosis import diagnose

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://hub.example/webhooks/woocommerce/con_1"
ACCOUNT = {"site_url": "https://shop.example", "permissions": "read_write", "hpos": True, "currency": "EUR"}
TOPICS = ("order.created", "order.updated")
HOOKS = tuple(Hook(str(n), topic, URL, "active") for n, topic in enumerate(TOPICS, 1))
KNOWN_HOOKS = tuple(KnownHook(hook.vendor_id, hook.topic, URL) for hook in HOOKS)
CALM = {"calm_since": (NOW - timedelta(minutes=10)).isoformat(), "newest": [9, 8, 7], "told": {"webhook": 5}}


def known(**more: Any) -> Known:
    facts = {"topics": TOPICS, "hooks": KNOWN_HOOKS, "memory": CALM, "account": ACCOUNT, "told": {"webhook": 5}, **more}
    return Known(now=NOW, config={"url": "https://shop.example"}, url=URL, **facts)


def sight(check: CheckResult | None = None, **more: Any) -> Sight:
    ok = CheckResult(True, account=dict(ACCOUNT))
    facts = {"hooks": HOOKS, "clock_ahead_s": 0.0, "newest": (9, 8, 7), **more}
    return Sight(check or ok, stream="order", **facts)


def codes(seen: Sight, what: Known) -> list[str]:
    return [one.code for one in diagnose(seen, what).findings]


def learned(**facts: Any) -> CheckResult:
    return CheckResult(True, account={**ACCOUNT, **facts})


def test_a_healthy_shop_has_no_findings_and_keeps_its_account() -> None:
    judged = diagnose(sight(), known())
    assert judged.findings == ()
    assert judged.account == ACCOUNT
    assert judged.memory["newest"] == [9, 8, 7]
    assert not judged.soon


@pytest.mark.parametrize(
    ("changed", "code", "repair"),
    [
        ({"status": "disabled"}, "webhook-disabled", Repair.REGISTER),
        ({"status": "paused"}, "webhook-paused", Repair.ENABLE),
        ({"url": "https://other.example/"}, "webhook-url-changed", Repair.ENABLE),
        ({"vendor_id": "77", "url": "https://other.example/"}, "webhook-deleted", Repair.REGISTER),
        ({"topic": "coupon.created", "url": "https://other.example/"}, "webhook-deleted", Repair.REGISTER),
    ],
)
def test_a_webhook_that_is_not_as_it_was(changed: dict[str, str], code: str, repair: Repair) -> None:
    hooks = (msgspec.structs.replace(HOOKS[0], **changed), HOOKS[1])
    (found,) = diagnose(sight(hooks=hooks), known()).findings
    assert found.code == code
    assert [(m.repair, m.topic, m.vendor_id) for m in found.mends] == [(repair, "order.created", "1")]
    assert not found.hooks_ok
    assert found.evidence == {"topics": ["order.created"], "count": 1}
    # what became somebody else's is not deleted
    assert found.mends[0].there is (code != "webhook-deleted")


def test_other_peoples_webhooks_are_no_concern() -> None:
    foreign = Hook("5", "order.created", "https://erp.example/", "disabled")
    assert codes(sight(hooks=(*HOOKS, foreign)), known()) == []


def test_a_webhook_of_ours_that_nobody_knows_is_deleted_at_the_second_sight() -> None:
    left = Hook("5", "order.created", URL, "active")
    first = diagnose(sight(hooks=(*HOOKS, left)), known())
    assert first.findings == ()
    (found,) = diagnose(sight(hooks=(*HOOKS, left)), known(memory=first.memory)).findings
    assert (found.code, found.mends[0].repair, found.mends[0].vendor_id) == ("webhook-unknown", Repair.REMOVE, "5")


def test_without_leave_to_write_nothing_is_tried() -> None:
    seen = sight(learned(permissions="read"), hooks=(HOOKS[1],))
    found = {one.code: one for one in diagnose(seen, known()).findings}
    assert found["keys-read-only"].stops_writes
    assert found["webhook-deleted"].mends == ()


def test_keys_that_could_never_write_mean_pulling_alone() -> None:
    account = {**ACCOUNT, "permissions": "read"}
    (found,) = diagnose(sight(learned(permissions="read"), hooks=()), known(account=account, hooks=())).findings
    assert (found.code, found.hooks_ok, found.stops_writes) == ("pull-only", False, False)


def test_refusals_turn_the_secret_once_an_hour_at_most() -> None:
    """Anybody may send rubbish to the door; it must not keep the hub busy."""
    refused = (msgspec.structs.replace(KNOWN_HOOKS[0], refused=1, failed=1), KNOWN_HOOKS[1])
    first = diagnose(sight(), known(hooks=refused))
    assert [(f.code, [m.repair for m in f.mends]) for f in first.findings] == [
        ("webhook-secret-changed", [Repair.ROTATE])
    ]
    again = diagnose(sight(), known(hooks=refused, memory=first.memory))
    assert [(f.code, f.mends) for f in again.findings] == [("webhook-secret-changed", ())]
    later = msgspec.structs.replace(known(hooks=refused, memory=first.memory), now=NOW + timedelta(hours=2))
    assert diagnose(sight(), later).findings[0].mends != ()


@pytest.mark.parametrize(("failed", "expected"), [(3, []), (4, ["webhook-failing"]), (6, ["webhook-failing"])])
def test_failures_are_acted_on_before_the_seventh(failed: int, expected: list[str]) -> None:
    hooks = (msgspec.structs.replace(KNOWN_HOOKS[0], failed=failed), KNOWN_HOOKS[1])
    assert codes(sight(), known(hooks=hooks)) == expected


def test_a_change_nobody_told_is_a_stalled_queue_or_one_lost_webhook() -> None:
    changed = (("9", NOW - timedelta(minutes=3)),)
    (found,) = diagnose(sight(changed=changed), known(recorded={})).findings
    assert (found.code, found.evidence, found.mends[0].repair) == ("scheduler-stalled", {"orders": ["9"]}, Repair.KICK)
    heard = (msgspec.structs.replace(KNOWN_HOOKS[0], heard_at=NOW - timedelta(minutes=1)), KNOWN_HOOKS[1])
    assert codes(sight(changed=changed), known(hooks=heard)) == ["webhook-missed"]
    assert codes(sight(changed=changed), known(recorded={"9": NOW - timedelta(minutes=3)})) == []
    assert codes(sight(changed=(("9", NOW - timedelta(hours=3)),)), known()) == [], "from before the watch"


def test_a_pull_that_is_first_to_see_is_a_suspicion_then_a_finding() -> None:
    first = diagnose(sight(), known(told={"webhook": 5, "pulled": 2}))
    assert first.findings == ()
    assert first.soon
    told = {"webhook": 5, "pulled": 2}
    assert [f.code for f in diagnose(sight(), known(told=told, memory=first.memory)).findings] == ["scheduler-stalled"]
    told = {"webhook": 6, "pulled": 2}
    assert diagnose(sight(), known(told=told, memory=first.memory)).findings == ()


def test_the_pull_the_watch_asked_for_raises_no_suspicion() -> None:
    broken = diagnose(sight(hooks=(HOOKS[0],)), known())
    after = diagnose(sight(), known(told={"webhook": 5, "pulled": 9}, memory=broken.memory))
    assert after.findings == ()
    assert not after.soon


def test_a_stalled_queue_is_kicked_until_it_was_quiet_for_half_an_hour() -> None:
    stalled = diagnose(sight(changed=(("9", NOW - timedelta(minutes=3)),)), known())
    for minutes, expected in ((10, ["scheduler-stalled"]), (29, ["scheduler-stalled"]), (31, [])):
        then = msgspec.structs.replace(known(memory=stalled.memory), now=NOW + timedelta(minutes=minutes))
        assert codes(sight(), then) == expected, minutes


@pytest.mark.parametrize(
    ("vanished", "rewound", "missing", "restored"),
    [
        (0, 0, False, False),
        (1, 0, False, False),
        (0, 1, False, False),
        (3, 0, False, True),
        (0, 3, False, True),
        (1, 1, False, True),
        (1, 0, True, True),
        (0, 0, True, False),
    ],
)
def test_a_restored_backup_shows_in_more_than_one_way(
    vanished: int, rewound: int, missing: bool, restored: bool
) -> None:
    hooks = (HOOKS[0],) if missing else HOOKS
    found = codes(sight(hooks=hooks), known(vanished=vanished, told={"webhook": 5, "rewound": rewound}))
    assert ("store-restored" in found) is restored


def test_an_id_that_is_given_again_is_proof_enough_and_told_once() -> None:
    before = diagnose(sight(marks={"9": "a", "8": "b"}), known())
    assert before.findings == ()
    after = sight(newest=(10, 9, 8, 7), marks={"10": "d", "9": "c", "8": "b", "7": "e"})
    judged = diagnose(after, known(memory=before.memory))
    (found,) = judged.findings
    assert (found.code, found.gap, found.evidence["ids_given_again"]) == ("store-restored", Gap.ANYTHING, ["9"])
    assert codes(after, known(memory=judged.memory)) == []


def test_what_has_no_mark_is_not_taken_for_another() -> None:
    before = diagnose(sight(marks={"9": "a"}), known())
    unseen = diagnose(sight(newest=(), marks={}), known(memory=before.memory))
    assert unseen.findings == ()
    assert codes(sight(marks={"9": "b"}), known(memory=unseen.memory)) == ["store-restored"]


def test_the_full_read_after_a_restore_is_no_second_restore() -> None:
    first = diagnose(sight(), known(vanished=3))
    assert next(f.gap for f in first.findings if f.code == "store-restored") is Gap.ANYTHING
    assert codes(sight(), known(told={"webhook": 5, "rewound": 40}, memory=first.memory)) == []


def test_a_site_with_another_name_is_not_read_and_teaches_nothing() -> None:
    for check in (learned(site_url="https://staging.shop.example", hpos=False), CheckResult(False, code="signature")):
        seen = sight(msgspec.structs.replace(check, account={**check.account, "site_url": "https://staging.example"}))
        judged = diagnose(seen, known())
        assert [f.code for f in judged.findings] == ["staging-clone"]
        assert judged.findings[0].breaks
        assert judged.findings[0].stops_writes
        assert judged.account == ACCOUNT


def test_http_and_https_are_the_same_site() -> None:
    assert codes(sight(learned(site_url="http://shop.example")), known()) == []


@pytest.mark.parametrize("ahead", [900.0, -900.0])
def test_a_wrong_clock_is_reckoned_with(ahead: float) -> None:
    skewed = CheckResult(False, "apart", "set it", "clock-skew")
    judged = diagnose(sight(skewed, hooks=None, clock_ahead_s=ahead), known())
    assert [f.code for f in judged.findings] == ["clock-wrong"]
    assert judged.account["clock_ahead_s"] == ahead
    assert judged.soon
    right = diagnose(sight(), known(account=judged.account, memory=judged.memory))
    assert "clock_ahead_s" not in right.account
    # a clock that went back hides changes from pulls until its time has come again
    assert [f.gap for f in right.findings] == ([Gap.AFRESH] if ahead > 0 else [])


def test_a_certificate_is_named_before_and_when_it_ends() -> None:
    assert codes(sight(certificate_ends=NOW + timedelta(days=15)), known()) == []
    assert codes(sight(certificate_ends=NOW + timedelta(days=13)), known()) == ["certificate-expiring"]
    failed = CheckResult(False, "not valid", "", "tls")
    assert codes(sight(failed, hooks=None, certificate_expired=True), known()) == ["certificate-expired"]
    assert codes(sight(failed, hooks=None), known()) == ["tls"]


@pytest.mark.parametrize(
    ("said", "code"), [("wrong-url", "rest-blocked"), ("refused", "rest-blocked"), ("brand-new-code", "unreachable")]
)
def test_what_the_check_says_of_strange_addresses_is_said_of_known_shops(said: str, code: str) -> None:
    assert codes(sight(CheckResult(False, "a page", "", said), hooks=None), known()) == [code]


def test_every_code_has_words_and_only_repairable_ones_say_nothing_to_do() -> None:
    for code, ailment in AILMENTS.items():
        made = finding(code)
        assert made.cause
        assert made.remedy
        assert ailment.severity in ("error", "warning")
        assert not ailment.breaks or not ailment.hooks_ok
