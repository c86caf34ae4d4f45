"""What is said of an exception, from what is known of it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.flow.reconcile.explain import explained

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
RECORD, EVENT, DELIVERY = (uuid.UUID(int=n) for n in (1, 2, 3))


def row(**more: Any) -> dict[str, Any]:
    """A row of evidence: an order that was delivered and has drifted."""
    known = {
        "entity": "order",
        "external_id": "17",
        "destination": "crm",
        "kind": "drifted",
        "what": "deals.amount",
        "state": "open",
        "rounds": 0,
        "record_id": RECORD,
        "found_id": None,
        "presence": "live",
        "status": "processing",
        "seen_to": AT,
        "modified_at": AT,
        "event_id": EVENT,
        "event_type": "order.updated",
        "origin": "webhook",
        "webhook_at": AT,
        "live_id": None,
        "live_state": None,
        "live_reason": None,
        "live_attempt": None,
        "done_id": DELIVERY,
        "done_state": "delivered",
        "done_rule": None,
        "done_reason": None,
        "taken_by": None,
        "done_at": AT,
        "done_attempts": 1,
    }
    return {**known, **more}


@pytest.mark.parametrize(
    ("given", "cause", "remedy"),
    [
        ({}, "another value", "field_owners"),
        ({"what": "deals to contacts"}, "association", "field_owners"),
        ({"what": "line_items"}, "a part of it is not there", "field_owners"),
        ({"what": "deals not archived"}, "the store has it no more", "field_owners"),
        ({"kind": "missing", "what": "deals"}, "was delivered at 2026-11-21T03:00:00+00:00", "replay"),
        ({"kind": "missing", "what": "deals", "done_state": None}, "nothing of it was ever delivered", "replay"),
        (
            {"kind": "missing", "what": "deals", "done_state": "skipped", "done_rule": "hop-limit"},
            "the rule 'hop-limit'",
            "replay",
        ),
        (
            {"kind": "missing", "live_id": DELIVERY, "live_state": "waiting", "live_attempt": 4, "live_reason": "503"},
            "has not ended (waiting, try 4: 503)",
            "does not answer",
        ),
        ({"kind": "missing", "record_id": None, "what": "record"}, "no record of it", "crossdock pull"),
        ({"kind": "dead", "what": "delivery", "done_reason": "bad currency"}, "given up: bad currency", "replay"),
        ({"kind": "duplicate", "what": "deals", "found_id": "1 2"}, "more than once", "merge"),
        (
            {"kind": "unexpected", "what": "deals", "found_id": "9"},
            "deals record 9 carries this store's key",
            "archive",
        ),
    ],
)
def test_cause_and_remedy_follow_from_what_is_known(given: dict[str, Any], cause: str, remedy: str) -> None:
    told = explained(row(**given), [], repairs=True)
    assert cause in told["cause"]
    assert remedy in told["remedy"]


@pytest.mark.parametrize(
    ("given", "repairs", "done"),
    [
        ({}, False, "nothing: repairs were switched off"),
        ({}, True, "nothing: it could not be delivered"),
        ({"rounds": 2}, True, "delivered again twice; it is still so"),
        ({"rounds": 1, "state": "repaired"}, True, "delivered again once; it is right now"),
        ({"kind": "duplicate", "found_id": "1 2"}, True, "nothing: this is a person's to decide"),
    ],
)
def test_what_was_done_is_said(given: dict[str, Any], repairs: bool, done: str) -> None:
    assert explained(row(**given), [], repairs=repairs)["done"] == done


def test_links_and_known_facts() -> None:
    finding = {"code": "webhook-disabled", "since": AT, "cause": "the shop switched it off"}
    told = explained(row(), [finding], repairs=True)
    assert set(told["links"]) == {"record", "event", "delivery"}
    assert told["known"]["last_webhook_at"] == "2026-11-21T03:00:00+00:00"
    assert told["known"]["findings"][0]["code"] == "webhook-disabled"
    assert explained(row(state="repaired", rounds=1), [], repairs=True)["remedy"] == "nothing is left to do"
