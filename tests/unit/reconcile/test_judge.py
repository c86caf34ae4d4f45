"""What is said of one record, from how its delivery ended and what the destination holds."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from crossdock.flow.reconcile.compare import Verdict
from crossdock.flow.reconcile.comparison import judge
from crossdock.flow.reconcile.ports import Expected
from crossdock.model.plan import Plan, Step, Verb, Write

PLAN = Plan((Step("deal", (Write(Verb.UPSERT, "deals", "s:order:1"),)),))
EMPTY = Plan((), nothing="a draft")


def expected(plan: Plan = PLAN) -> Expected:
    return Expected(uuid.UUID(int=1), "1", "s:order:1", plan)


def ending(
    state: str | None, rule: str | None = None, pending: Any = None, taken_by: str | None = None
) -> dict[str, Any]:
    return {"state": state, "rule": rule, "pending": pending, "taken_by": taken_by}


def test_what_a_second_destination_took_is_no_gap_of_the_first() -> None:
    taken = ending("delivered", taken_by="second")
    wrong = Verdict(missing=["deals"], drifted=["line_items"], duplicates=[("deals", "1 2")])
    judged = judge("live", taken, expected(), wrong)
    assert (judged.bucket, judged.rule) == ("fallback", "second")
    assert judged.things == (("duplicate", "deals", "1 2"),), "two of one are wrong all the same"
    assert judge("deleted", taken, expected(), wrong).bucket == ""


@pytest.mark.parametrize("rule", ["filter", "historical", "consent", "erased", "discarded"])
def test_what_a_named_rule_left_out_is_not_missing(rule: str) -> None:
    judged = judge(
        "live", ending("skipped", rule), expected(), Verdict(missing=["deals"], drifted=["deals to contacts"])
    )
    assert (judged.bucket, judged.rule, judged.things) == ("skipped", rule, ())


@pytest.mark.parametrize("rule", ["echo", "hop-limit", "route-removed"])
def test_other_rules_excuse_nothing(rule: str) -> None:
    judged = judge("live", ending("skipped", rule), expected(), Verdict(missing=["deals"]))
    assert judged.things == (("missing", "deals", None),)


def test_of_what_is_missing_as_a_whole_nothing_else_is_said() -> None:
    verdict = Verdict(missing=["deals"], drifted=["line_items", "line_items"])
    assert judge("live", ending("delivered"), expected(), verdict).things == (("missing", "deals", None),)
    drifted = judge("live", ending("delivered"), expected(), Verdict(drifted=["line_items", "line_items"]))
    assert (drifted.bucket, drifted.things) == ("delivered", (("drifted", "line_items", None),))


def test_a_dead_delivery_says_so_unless_another_is_under_way() -> None:
    assert judge("live", ending("dead"), expected(), Verdict(missing=["deals"])).things == (("dead", "delivery", None),)
    assert judge("live", ending("dead", pending="now"), expected(), Verdict()).things == ()


def test_drafts_and_deletions() -> None:
    draft = judge("draft", ending(None), expected(EMPTY), Verdict())
    assert (draft.bucket, draft.rule) == ("skipped", "filter")
    gone = judge("deleted", ending("delivered"), expected(), Verdict(drifted=["deals not archived"]))
    assert (gone.bucket, gone.things) == ("", (("drifted", "deals not archived", None),))
    doubled = judge("live", ending("delivered"), expected(), Verdict(duplicates=[("deals", "1 2")]))
    assert doubled.things == (("duplicate", "deals", "1 2"),)
