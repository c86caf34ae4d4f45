"""What bites in a portal, on the sandbox that bites the same way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crossdock.connect.connector import PlanRefused
from crossdock.connectors.hubspot import CONNECTOR
from crossdock.connectors.hubspot.mapper import stage_for
from crossdock.model.outcome import Delivered, Outcome, Rejected
from crossdock.model.plan import Resolved, Verb, Write
from tests.contract.hubspot.harness import HARNESS, PortalBench

pytestmark = pytest.mark.asyncio


def contact(address: str, **fields: str) -> Resolved:
    """Return an upsert of a contact by its address."""
    told: dict[str, str | None] = {"email": address, **fields}
    write = Write(Verb.UPSERT, "contacts", address, properties={**told}, match=("email", address))
    return Resolved(write, None, told)


async def written(bench: PortalBench, *writes: Resolved, **config: Any) -> list[Outcome]:
    """Perform writes as a connection with some choices does."""
    bench.good.connection.config.update(config)
    assert CONNECTOR.destination is not None
    return await CONNECTOR.destination(bench.good).perform("contact", writes)


STATUS = "hs_lead_status"


async def test_a_value_that_is_no_option_is_refused_by_its_property() -> None:
    """The default: a dead letter that names the property, and every good row passes."""
    async with HARNESS.open() as bench:
        bad, good = await written(bench, contact("a@example.test", hs_lead_status="WARM"), contact("b@example.test"))
        assert isinstance(good, Delivered)
        assert isinstance(bad, Rejected)
        assert bad.field == STATUS
        assert "WARM" not in bad.reason


async def test_a_value_that_is_no_option_is_left_out_where_chosen() -> None:
    """Everything else of the record is written."""
    async with HARNESS.open() as bench:
        row = contact("a@example.test", hs_lead_status="WARM", firstname="Ada")
        (outcome,) = await written(bench, row, unknown_options="leave_out")
        assert isinstance(outcome, Delivered)
        (held,) = await bench.live("contacts")
        assert (held.get(STATUS), held["firstname"]) == (None, "Ada")


async def test_a_value_that_is_no_option_is_added_where_chosen() -> None:
    """An option of the portal's own property is made once, whatever many rows want it; the vendor's own refuse."""
    async with HARNESS.open() as bench:
        options = [{"label": "Tea", "value": "Tea", "displayOrder": 0, "hidden": False}]
        taste = {"name": "taste", "type": "enumeration", "fieldType": "checkbox", "options": options}
        await bench.act("create_property", type="contacts", definition=taste)
        rows = [contact(f"p{at}@example.test", taste="Tea;Cocoa" if at else "Milk") for at in range(3)]
        outcomes = await written(bench, *rows, unknown_options="add")
        assert [type(one) for one in outcomes] == [Delivered] * 3
        held = (await bench.raw("GET", "/crm/properties/2026-09/contacts/taste")).json()["options"]
        assert sorted(one["value"] for one in held) == ["Cocoa", "Milk", "Tea"]
        (refused,) = await written(bench, contact("x@example.test", hs_lead_status="WARM"), unknown_options="add")
        assert isinstance(refused, Rejected)
        assert refused.field == STATUS


async def test_two_processes_prepare_one_portal() -> None:
    """Group and properties are made once, whoever is first; the other takes the 409 for what it is."""
    async with HARNESS.open(config={"figures": True, "companies": True}) as bench:
        assert CONNECTOR.destination is not None
        both = [CONNECTOR.destination(bench.good) for _ in range(4)]
        facts = await asyncio.gather(*(one.prepare() for one in both))
        assert all(one == facts[0] for one in facts)
        state = await bench.control("GET", "state?history=false")
        assert {"crossdock_customer_id", "crossdock_total_spent"} <= set(state["properties"]["contacts"])
        assert set(state["properties"]["companies"]) == {"crossdock_key"}


async def test_a_rule_of_the_portals_administrator_is_told_by_its_property() -> None:
    """Required on create, enforced from 2026-09 on: the row is refused by name, its neighbours pass."""
    async with HARNESS.open(required_on_create={"contacts": ["jobtitle"]}) as bench:
        bad, good = await written(bench, contact("a@example.test"), contact("b@example.test", jobtitle="Brewer"))
        assert isinstance(bad, Rejected)
        assert bad.field == "jobtitle"
        assert isinstance(good, Delivered)
    async with HARNESS.open(required_on_create={"contacts": ["jobtitle"]}, config={"api_version": "2026-03"}) as bench:
        (outcome,) = await written(bench, contact("a@example.test"))
        assert isinstance(outcome, Delivered)


async def test_an_unknown_property_is_told_by_its_name_and_holds_nobody_up() -> None:
    """HubSpot refuses the whole batch for one name; the rows without it pass."""
    async with HARNESS.open() as bench:
        bad, good = await written(bench, contact("a@example.test", nope="1"), contact("b@example.test"))
        assert isinstance(bad, Rejected)
        assert bad.field == "nope"
        assert isinstance(good, Delivered)


async def test_one_address_in_two_spellings_is_one_person() -> None:
    """Addresses are stored in lower case, and two of one batch would fail it."""
    async with HARNESS.open() as bench:
        outcomes = await written(bench, contact("ada@example.test"), contact("Ada@Example.test", firstname="Ada"))
        assert [type(one) for one in outcomes] == [Delivered] * 2
        (held,) = await bench.live("contacts")
        assert (held["email"], held["firstname"]) == ("ada@example.test", "Ada")


async def test_what_was_just_written_is_found_at_once() -> None:
    """No look-up goes by search: a second upsert a moment later meets the first, however far search lags."""
    async with HARNESS.open(search_lag_s=3600) as bench:
        for _ in range(2):
            (outcome,) = await written(bench, contact("ada@example.test"))
            assert isinstance(outcome, Delivered)
        assert len(await bench.live("contacts")) == 1


PIPELINES = {
    "pipelines": {
        "deals": [
            {"id": "default", "label": "Sales", "stages": [{"id": "closedwon", "label": "Won", "closed": True}]},
            {
                "id": "77",
                "label": "Web shop",
                "stages": [
                    {"id": "1", "label": "Paid", "closed": True, "probability": "1.0"},
                    {"id": "2", "label": "Packed", "closed": False, "probability": "0.5"},
                ],
            },
        ]
    }
}


async def test_pipeline_and_stages_are_chosen_by_name_or_id() -> None:
    """A status that is not chosen goes by the stages' own facts; what the portal has not is refused by name."""
    chosen = {"pipeline": "web shop", "stages": {"processing": "Packed", "completed": "1"}}
    assert stage_for("processing", "deals", PIPELINES, chosen) == ("77", "2")
    assert stage_for("completed", "deals", PIPELINES, chosen) == ("77", "1")
    assert stage_for("pending", "deals", PIPELINES, chosen) == ("77", "2")
    assert stage_for("completed", "deals", PIPELINES) == ("default", "closedwon")
    for wrong, field in (({"pipeline": "no"}, "pipeline"), ({**chosen, "stages": {"processing": "no"}}, "stages")):
        with pytest.raises(PlanRefused) as refused:
            stage_for("processing", "deals", PIPELINES, wrong)
        assert refused.value.field == field


async def test_a_check_reads_the_pipelines_afresh() -> None:
    """A stage that somebody added is known after the next check."""
    async with HARNESS.open() as bench:
        assert CONNECTOR.destination is not None
        destination = CONNECTOR.destination(bench.good)
        before = (await destination.check()).account["pipelines"]["deals"]
        stage = {"label": "Packed", "displayOrder": 9, "metadata": {"probability": "0.5"}}
        made = await bench.raw("POST", f"/crm/pipelines/2026-09/deals/{before[0]['id']}/stages", stage)
        assert made.status == 201
        after = (await destination.check()).account["pipelines"]["deals"]
        assert {one["label"] for one in after[0]["stages"]} - {one["label"] for one in before[0]["stages"]} == {
            "Packed"
        }
