"""Keys, stages, and when two values are the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.connect.connector import PlanRefused
from crossdock.connectors.hubspot.mapper import address_of, guest_key, read_pipelines, same_value, stage_for
from crossdock.connectors.hubspot.setup import OWN, definition


@pytest.mark.parametrize(
    ("name", "sent", "found", "same"),
    [
        ("amount", "12.50", "12.5", True),
        ("amount", "12.50", "12.51", False),
        ("amount", "0", "", False),
        ("hs_sku", "007", "7", False),
        ("crossdock_order_number", "0017", "17", False),
        ("closedate", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z", True),
        ("closedate", "2026-01-31T12:00:00Z", "1769860800000", True),
        ("closedate", "2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00", True),
        ("closedate", "2026-01-31T12:00:00Z", "2026-01-31T12:00:01Z", False),
        ("closedate", "2026-01-31T12:00:00Z", "soon", False),
        ("some_flag", "true", "True", True),
        ("some_flag", "true", "false", False),
        ("email", "A@example.test", "a@example.test", True),
        ("firstname", " Zoë ", "Zoë", True),
        ("firstname", "Zoë", "zoë", False),
        ("crossdock_coupons", None, "", True),
        ("crossdock_coupons", None, "ten", False),
        ("lifecyclestage", "customer", "evangelist", True),
        ("lifecyclestage", "customer", "our_own_stage", True),
        ("lifecyclestage", "customer", "lead", False),
        ("lifecyclestage", "customer", None, False),
        ("custom", "nan", "NaN", False),
    ],
)
def test_same_value(name: str, sent: str | None, found: str | None, same: bool) -> None:
    assert same_value("deals", name, sent, found) is same


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.integers(0, 4))
def test_trailing_zeros_are_no_difference(amount: Decimal, zeros: int) -> None:
    shown = format(amount, "f")
    assert same_value("deals", "amount", shown, shown + "0" * zeros)


@given(st.text(max_size=40))
def test_a_value_is_itself(text: str) -> None:
    assert same_value("contacts", "city", text, text)


@given(st.emails())
def test_a_guests_key_holds_no_address(email: str) -> None:
    address = address_of(email)
    if address:
        assert address not in guest_key(address)
        assert guest_key(address) == guest_key(address_of(email.upper()) or "")


def stage(name: str, order: int, **metadata: str) -> dict[str, object]:
    return {"id": name, "label": name, "displayOrder": order, "metadata": metadata}


def test_pipelines_keep_the_portals_order_and_what_is_closed() -> None:
    pipelines = read_pipelines(
        [
            {"id": "b", "label": "Second", "displayOrder": 1, "stages": []},
            {
                "id": "a",
                "displayOrder": 0,
                "stages": [stage("2", 1, probability="1.0"), stage("1", 0, probability="0.4")],
            },
        ]
    )
    assert [each["id"] for each in pipelines] == ["a", "b"]
    assert [(each["id"], each["closed"]) for each in pipelines[0]["stages"]] == [("1", False), ("2", True)]


def test_stages_without_the_vendors_names_are_told_by_their_facts() -> None:
    stages = [
        stage("n", 0, probability="0.5"),
        stage("w", 1, probability="1.0", isClosed="true"),
        stage("l", 2, probability="0.0", isClosed="true"),
    ]
    account = {"pipelines": {"deals": read_pipelines([{"id": "p", "stages": stages}])}}
    assert stage_for("completed", "deals", account) == ("p", "w")
    assert stage_for("failed", "deals", account) == ("p", "l")
    assert stage_for("on-hold", "deals", account) == ("p", "n")


def test_a_pipeline_without_a_fitting_stage_is_refused() -> None:
    account = {"pipelines": {"deals": read_pipelines([{"id": "p", "stages": [stage("n", 0, probability="maybe")]}])}}
    with pytest.raises(PlanRefused, match="no won stage"):
        stage_for("completed", "deals", account)


def test_every_own_property_is_named_as_ours_and_one_is_unique() -> None:
    assert all(own.name.startswith("crossdock_") for own in OWN.properties)
    assert [own.name for own in OWN.properties if own.unique] == ["crossdock_key"]
    assert definition(OWN.properties[0])["hasUniqueValue"] is True
