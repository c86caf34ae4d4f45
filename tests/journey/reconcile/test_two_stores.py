"""Two stores and one CRM: equal order numbers, and one person who buys in both."""

from __future__ import annotations

from crossdock.connectors.woocommerce.sandbox import generate
from crossdock.flow.reconcile import Depth
from crossdock.wiring import Hub
from tests.journey.reconcile.stage import staged
from tests.support.hub import working


async def test_equal_numbers_and_one_person_in_two_stores(hub: Hub) -> None:
    async with staged(hub, generate(8, 5), generate(8, 6)) as stage, working(hub):
        await stage.fill()
        one, other = stage.stores
        numbers = [set(await store.orders()) for store in stage.stores]
        assert numbers[0] & numbers[1], "both shops count from the same number"
        buyer = {"email": "both@example.org", "first_name": "Bo", "last_name": "Both"}
        for store in stage.stores:
            await store.act("place_order", status="processing", customer_id=0, billing=buyer)
        for store in stage.stores:
            proof = await store.prove(depth=Depth.LIGHT)
            assert proof.ok, (store.name, proof.differences[:5])
            assert proof.repairs["missed"] == 1
        # what was brought over for the second store is right for the first one still
        again = await one.prove(rounds=0)
        assert (again.ok, again.repairs) == (True, {}), again.differences[:5]
        state = await stage.get(f"{stage.portal_url}/_sandbox/state?type=contacts&history=false")
        people = [c for c in state["objects"]["contacts"] if c["properties"].get("email") == "both@example.org"]
        assert len(people) == 1
        # an order deleted in one store leaves the order of the same number in the other alone
        shared = min(numbers[0] & numbers[1])
        await one.act("delete_force", id=shared)
        assert (await one.prove()).repairs["gone"] == 1
        untouched = await other.prove(rounds=0)
        assert (untouched.ok, untouched.repairs) == (True, {}), untouched.differences[:5]
        assert (await stage.deal(one, shared, archived=True))["archived"]
        assert not (await stage.deal(other, shared))["archived"]
