"""What differs between two states, and what helps against a cause."""

from __future__ import annotations

import pytest

from crossdock.web.traffic.causes import help_for
from crossdock.web.traffic.changes import Changed, changes, hidden


def test_what_differs_is_told_field_by_field_in_the_order_of_the_newer_state() -> None:
    before = {"status": "processing", "lines": [{"sku": "A", "n": 1}], "gone": "x", "same": 1}
    after = {"status": "completed", "lines": [{"sku": "A", "n": 2}], "new": "y", "same": 1}
    assert changes(before, after) == [
        Changed("status", "processing", "completed"),
        Changed("lines.0.n", "1", "2"),
        Changed("new", None, "y"),
        Changed("gone", "x", None),
    ]


def test_a_long_value_is_cut() -> None:
    (one,) = changes({}, {"text": "x" * 500})
    assert one.after is not None
    assert len(one.after) == 161


def test_persons_are_masked_by_the_names_of_fields_and_things_are_not() -> None:
    told = hidden(
        {"status": "completed", "billing": {"email": "zoe@example.com", "first_name": "Zoë"}, "total": "3.00"}
    )
    assert told["status"] == "completed"
    assert told["total"] == "3.00"
    assert "zoe" not in str(told).lower()
    assert "Zoë" not in str(told)
    assert hidden(["mail zoe@example.com"]) == ["mail [e-mail]"]


@pytest.mark.parametrize(
    ("cause", "said", "mapping"),
    [
        ({"code": "mapping", "field": "deals.amount"}, "The rule for deals.amount", True),
        ({"code": "body-expired"}, "Pull the store again", False),
        ({"code": "500", "rule": "given up"}, "The destination failed for days", False),
        ({"code": "403"}, "more rights", False),
        ({"code": "404"}, "no longer there", False),
        ({"code": "422", "field": "sku"}, "refuses the value of sku", True),
        ({"code": "400"}, "refuses it as it is", True),
    ],
)
def test_every_cause_has_what_helps(cause: dict[str, str], said: str, mapping: bool) -> None:
    found = help_for({"code": "", "field": "", "rule": "", **cause})
    assert said in found.said
    assert found.mapping is mapping
