"""The rules about deals catch the connector that breaks each of them."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from crossdock.connect.connector import Access
from crossdock.connect.deals import DealFilter, DealPage, InvoiceTold
from crossdock.connect.suite import rules
from crossdock.connectors.hubspot.deals import HubSpotDeals
from crossdock.model.commerce.deal import Deal
from crossdock.model.plan import Plan
from tests.contract.hubspot.harness import CONNECTOR, HARNESS

pytestmark = pytest.mark.asyncio
RULES = {rule.name: rule for rule in rules()}


class OneByOne(HubSpotDeals):
    """Reads each line by itself."""

    async def _by_id(self, name: str, ids: Sequence[str], names: Sequence[str]) -> list[Any]:
        found = []
        for each in ids:
            found += await super()._by_id(name, [each], names)
        return found


class Short(HubSpotDeals):
    """Leaves a line out."""

    async def deal(self, deal_id: str) -> Deal | None:
        found = await super().deal(deal_id)
        return None if found is None else msgspec.structs.replace(found, lines=found.lines[1:])


class ByPlace(HubSpotDeals):
    """Goes on by how many it has seen: a deal that comes meanwhile moves the others."""

    async def deals(self, asked: DealFilter, cursor: dict[str, Any] | None, limit: int) -> DealPage:
        at = int((cursor or {}).get("at", 0))
        found = (await super().deals(asked, None, 100)).items
        more = at + limit < len(found)
        return DealPage(found[at : at + limit], {"at": at + limit} if more else None)


class Elsewhere(HubSpotDeals):
    """Writes the number to another property."""

    def write_back(self, told: InvoiceTold, key: str) -> Plan:
        plan = super().write_back(told, key)
        (step,) = plan.steps
        (write,) = step.writes
        other = msgspec.structs.replace(write, properties={"description": told.number})
        return Plan((msgspec.structs.replace(step, writes=(other,)),))


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("deals-few-requests", OneByOne),
        ("deals-whole", Short),
        ("deals-paging-stable", ByPlace),
        ("deal-number-written", Elsewhere),
    ],
)
async def test_a_broken_connector_is_caught(name: str, broken: type[HubSpotDeals]) -> None:
    def opened(access: Access) -> HubSpotDeals:
        return broken(access, CONNECTOR.manifest)

    connector = msgspec.structs.replace(CONNECTOR, deals=opened)
    harness: Any = SimpleNamespace(connector=connector, open=HARNESS.open, folder=HARNESS.folder, page=HARNESS.page)
    with pytest.raises(AssertionError):
        await RULES[name].check(harness)
