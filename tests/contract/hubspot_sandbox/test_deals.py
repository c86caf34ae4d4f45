"""What a portal derives of deals and their lines, and what of it nobody may write."""

from __future__ import annotations

import pytest

from .conftest import ONE_LOOP, Caller

pytestmark = ONE_LOOP


async def held(portal: Caller, kind: str, record: str, *names: str) -> list[str | None]:
    """Return properties as the API shows them."""
    found = await portal.good("GET", f"{kind}/{record}?properties={','.join(names)}")
    return [found["properties"].get(name) for name in names]


async def test_a_stage_tells_when_it_was_entered_and_whether_it_is_won(portal: Caller) -> None:
    """Entering counts, not being written again; a deal that is lost was not won."""
    deal = await portal.make("deals", dealname="Tea", dealstage="contractsent", pipeline="default")
    names = ("hs_v2_date_entered_current_stage", "hs_is_closed_won", "hs_closed_won_date")
    entered, won, at = await held(portal, "deals", deal, *names)
    assert (won, at) == ("false", None)
    await portal.advance(60)
    await portal.good("PATCH", f"deals/{deal}", {"properties": {"dealstage": "contractsent", "amount": "7"}})
    assert (await held(portal, "deals", deal, *names))[0] == entered
    await portal.good("PATCH", f"deals/{deal}", {"properties": {"dealstage": "closedwon"}})
    later, won, at = await held(portal, "deals", deal, *names)
    assert (won, at) == ("true", later)
    assert str(later) > str(entered)
    await portal.good("PATCH", f"deals/{deal}", {"properties": {"dealstage": "closedlost"}})
    assert (await held(portal, "deals", deal, *names))[1:] == ["false", None]


async def test_a_tax_rate_is_resolved(portal: Caller) -> None:
    """By the id of a rate; without one there is none."""
    line = await portal.make("line_items", name="Tea", price="10", hs_tax_rate_group_id="9101")
    assert await held(portal, "line_items", line, "hs_tax_rate", "hs_tax_label") == ["19", "VAT 19 %"]
    await portal.good("PATCH", f"line_items/{line}", {"properties": {"hs_tax_rate_group_id": ""}})
    assert await held(portal, "line_items", line, "hs_tax_rate", "hs_tax_label") == [None, None]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("deals", "hs_is_closed_won", "true"),
        ("deals", "hs_closed_won_date", "2026-01-01T00:00:00Z"),
        ("line_items", "hs_tax_rate", "19"),
        ("line_items", "amount", "7"),
    ],
)
async def test_what_is_derived_is_not_written(portal: Caller, kind: str, name: str, value: str) -> None:
    """A read only property is refused by its name."""
    body = {"properties": {"dealname" if kind == "deals" else "name": "x", name: value}, "associations": []}
    refused = await portal.refused(400, "POST", kind, body)
    assert name in str(refused)


async def test_a_stage_of_another_pipeline_is_refused(portal: Caller) -> None:
    """Also when the number of an invoice is written beside it: nothing of the row is kept."""
    deal = await portal.make("deals", dealname="Tea", dealstage="contractsent", pipeline="default")
    body = {"properties": {"dealstage": "paid", "description": "RE-7"}}
    assert "dealstage" in str(await portal.refused(400, "PATCH", f"deals/{deal}", body))
    assert (await held(portal, "deals", deal, "description"))[0] is None


async def test_who_left_is_listed_apart(portal: Caller) -> None:
    """Owners: those who are there, and those who have left."""
    await portal.act("leave", owner="77001")
    assert (await portal.good("GET", "/crm/owners/2026-09"))["results"] == []
    (one,) = (await portal.good("GET", "/crm/owners/2026-09?archived=true"))["results"]
    assert one["id"] == "77001"
