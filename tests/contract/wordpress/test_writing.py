"""Meta is written to whom it belongs, only by keys of the list, once, and fifty a call."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.connect import site_meta as mapper
from crossdock.connect.connector import PlanRefused
from crossdock.connectors.wordpress.destination import SiteDestination
from crossdock.model.outcome import Delivered, Gone
from tests.contract.wordpress.harness import CONNECTOR, HARNESS, UID, SiteBench, context

CONTACT = {"id": "501", "email": "Ana@Example.com"}
META = {"crossdock_crm_id": "501"}


def target(bench: SiteBench, entity: Any, speaker: tuple[str, str] | None) -> tuple[str, int] | str:
    plan = bench.plan(entity, context(speaker), **META)
    if not plan.steps:
        return plan.nothing
    said = mapper.read(plan.steps[0].writes[0].body).target
    return said.kind, said.id


async def test_a_contact_belongs_to_the_user_or_order_that_speaks_for_it_here() -> None:
    async with HARNESS.open() as bench:
        assert target(bench, CONTACT, ("customer", f"{UID}:12")) == ("user", 12)
        assert target(bench, CONTACT, ("order", f"{UID}:17")) == ("order", 17)
        assert target(bench, {"id": "9", "crossdock_key": f"{UID}:order:17"}, None) == ("order", 17)
        for entity, speaker in (
            (CONTACT, None),
            (CONTACT, ("customer", "another-shop:12")),
            ({"id": "501"}, ("customer", f"{UID}:12")),
            ({"id": "9", "crossdock_key": "another-shop:order:17"}, None),
        ):
            assert "nobody at this site" in str(target(bench, entity, speaker))


async def test_the_default_mapping_writes_only_what_sites_take() -> None:
    names = {rule.target for mapping in CONNECTOR.mappings for part in mapping.objects for rule in part.rules}
    assert names == {"crossdock_crm_id", "crossdock_lead_status", "crossdock_subscription_status"}


@pytest.mark.parametrize("meta", [{"role": "administrator"}, {"crossdock_crm_id": "x" * 2001}])
async def test_other_keys_and_long_values_are_refused_before_anything_is_sent(meta: dict[str, str]) -> None:
    async with HARNESS.open() as bench:
        with pytest.raises(PlanRefused) as refused:
            bench.plan(CONTACT, context(("customer", f"{UID}:12")), **meta)
        assert refused.value.field.startswith("meta.")
        assert await bench.requests() == 0


async def test_fifty_commands_go_in_a_call() -> None:
    async with HARNESS.open() as bench:
        step, writes = bench.writes(120)
        outcomes = await SiteDestination(bench.good).perform(step, writes)
        assert all(isinstance(outcome, Delivered) for outcome in outcomes)
        assert await bench.requests() == 3
        assert len(bench.site.writes) == 120


async def test_a_newer_value_of_the_same_user_is_another_command() -> None:
    async with HARNESS.open() as bench:
        user = int(bench.site.add("customer")["id"])
        destination = SiteDestination(bench.good)
        for delivery, status in (("evt_1", "OPEN"), ("evt_1", "OPEN"), ("evt_2", "WON")):
            await destination.perform("write_meta", [bench.asked(user, delivery, crossdock_lead_status=status)])
        assert bench.site.meta["user"][user] == {"crossdock_lead_status": "WON"}
        assert bench.site.writes == {f"user:{user}": 2}


async def test_a_user_who_is_gone_is_gone() -> None:
    async with HARNESS.open() as bench:
        (outcome,) = await SiteDestination(bench.good).perform("write_meta", [bench.asked(4711, **META)])
        assert isinstance(outcome, Gone)


async def test_a_write_of_the_hub_is_no_change_that_it_is_told_of() -> None:
    async with HARNESS.open() as bench:
        step, writes = bench.writes(2)
        bench.site.outbox.clear()
        await SiteDestination(bench.good).perform(step, writes)
        assert bench.site.outbox == []


async def test_what_can_be_written_is_described() -> None:
    async with HARNESS.open() as bench:
        (meta,) = await SiteDestination(bench.good).describe(samples=5)
        assert meta.name == "meta"
        assert {field.name for field in meta.fields} == {f"crossdock_{n}" for n in _NAMES}


_NAMES = ("crm_id", "crm_url", "lead_status", "subscription_status")
