"""A shop by REST keys that has the plugin: what a CRM's people know is written by it, and stops nothing there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from crossdock.connect.client import CallFailed, FailKind
from crossdock.connect.connector import Context, PlanRefused
from crossdock.connect.outpost import META_KEYS, Command, Told
from crossdock.connect.site_meta import WRITE_META
from crossdock.connectors.woocommerce import CONNECTOR
from crossdock.connectors.woocommerce.mapper import observe
from crossdock.model.mapping import Mapped
from crossdock.model.outcome import Delivered, Refresh, Retry
from crossdock.model.plan import Plan, Resolved
from tests.contract.woocommerce.harness import HARNESS, ShopBench

CONTACT = {"id": "501", "email": "ana@example.com"}


class Plugin:
    """A program at the shop that keeps what it is told."""

    def __init__(self, problem: CallFailed | None = None) -> None:
        self.problem = problem
        self.got: list[Command] = []

    async def status(self) -> dict[str, Any]:
        return {}

    async def command(self, commands: Sequence[Command]) -> list[Told]:
        if self.problem is not None:
            raise self.problem
        self.got += commands
        return [Told(one.id, "done") for one in commands]


def destination(bench: ShopBench, plugin: Plugin | None) -> Any:
    assert CONNECTOR.destination is not None
    return CONNECTOR.destination(msgspec.structs.replace(bench.good, outpost=plugin))


def planned(there: Any) -> Plan:
    speakers = {"ana@example.com": ("customer", "shop:12")}
    context = Context("hubspot-1", "Portal", "", {}, {}, "contact.updated", "501", "live", speakers=speakers)
    assert there.needs(WRITE_META, CONTACT, "hubspot-1").subjects == ("ana@example.com",)
    plan: Plan = there.plan(WRITE_META, CONTACT, Mapped({"meta": ({"crossdock_crm_id": "501"},)}), context)
    return plan


async def test_meta_is_written_by_the_plugin_and_not_by_the_keys() -> None:
    async with HARNESS.open() as bench:
        plugin = Plugin()
        there = destination(bench, plugin)
        (step,) = planned(there).steps
        before = await bench.requests()
        (outcome,) = await there.perform(step.name, [Resolved(step.writes[0], None, {}, idempotency_key="evt_1")])
        assert outcome == Delivered("user:12")
        (command,) = plugin.got
        assert (command.meta, msgspec.to_builtins(command.target)) == (
            {"crossdock_crm_id": "501"},
            {"kind": "user", "id": 12},
        )
        assert await bench.requests() == before


async def test_a_shop_without_the_plugin_says_what_to_do() -> None:
    async with HARNESS.open() as bench:
        with pytest.raises(PlanRefused, match="pair it"):
            planned(destination(bench, None))


async def test_a_plugin_that_forgot_its_key_breaks_no_connection() -> None:
    async with HARNESS.open() as bench:
        refused = CallFailed(FailKind.ANSWER, True, "unknown", outcome=Refresh("the site does not know its key"))
        there = destination(bench, Plugin(refused))
        (step,) = planned(there).steps
        (outcome,) = await there.perform(step.name, [Resolved(step.writes[0], None, {}, idempotency_key="evt_1")])
        assert isinstance(outcome, Retry)
        assert "key" in outcome.reason


@pytest.mark.parametrize("stream", ["order", "customer"])
def test_what_the_hub_has_written_is_no_news(stream: str) -> None:
    other = {"id": 9, "key": "loyalty", "value": "gold"}
    ours = [{"id": i, "key": key, "value": "x"} for i, key in enumerate(META_KEYS)]
    plain = {"id": 12, "status": "processing", "meta_data": [other]}
    assert observe(stream, {**plain, "meta_data": [*ours, other]}).document == observe(stream, plain).document
