"""What happened in a shop while nobody was told: a proof finds it, brings it over, and says what it has done."""

from __future__ import annotations

import pytest

from crossdock.flow.reconcile import Depth
from tests.journey.reconcile.stage import Stage

BOTH = pytest.mark.parametrize("depth", [Depth.LIGHT, Depth.FULL])


async def test_unchanged_costs_its_pages_and_repairs_nothing(stage: Stage) -> None:
    (store,) = stage.stores
    async with stage.hub.database.engine() as conn:
        events = await conn.fetchval("SELECT count(*) FROM event")
        done = await conn.fetchval("SELECT count(*) FROM delivery_done")
    kept, proof = await store.kept()
    assert proof.ok, (proof.rows, proof.differences[:5])
    assert (proof.repairs, proof.costs.repairs, proof.moving) == ({}, {}, 0)
    async with stage.hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM event") == events
        assert await conn.fetchval("SELECT count(*) FROM delivery_done") == done
    # orders in three lists (trash and drafts have their own), and each kind's single page; a light reading asks for
    # no product's variations
    assert proof.costs.store == kept.report["costs"]["store"]
    variable = sum(bool(row["variations"]) for row in store.shop.truth()["products"])
    assert variable > 0
    light = await store.prove(depth=Depth.LIGHT)
    full = await store.prove(depth=Depth.FULL)
    assert full.costs.store - light.costs.store == variable
    # deals, lines and products are listed, people asked for: each fits into one call
    assert light.costs.destinations == full.costs.destinations
    assert sum(light.costs.destinations.values()) <= 8, light.costs
    orders = proof.rows[0]
    assert orders.in_store == orders.recorded == orders.delivered + orders.skipped


@BOTH
async def test_a_line_that_was_edited_silently_is_brought_over(stage: Stage, depth: Depth) -> None:
    (store,) = stage.stores
    order = await store.pick("processing", "completed")
    before = (await stage.deal(store, order))["properties"]["amount"]
    modified = (await store.orders())[order]["date_modified_gmt"]
    await store.act("silent_line_edit", id=order)
    assert (await store.orders())[order]["date_modified_gmt"] == modified, "nothing but the lines tells"
    proof = await store.prove(depth=depth)
    assert proof.ok, proof.differences[:5]
    assert proof.repairs == {"changed": 1}
    assert (await stage.deal(store, order))["properties"]["amount"] != before
    assert await store.judged() == []


async def test_a_product_swapped_for_one_of_the_same_price_is_seen_lightly(stage: Stage) -> None:
    """No total moves, and no time: the lines themselves have to be compared."""
    (store,) = stage.stores
    order = await store.pick("processing", "completed")
    row = store.shop.orders.rows[order]
    line = row["line_items"][0]
    store.shop.orders.put(
        {**row, "line_items": [{**line, "name": "Another one", "sku": "OTHER"}, *row["line_items"][1:]]}
    )
    proof = await store.prove()
    assert (proof.ok, proof.repairs) == (True, {"changed": 1})
    assert await store.judged() == []


async def test_an_address_edited_in_the_second_of_the_change_before_is_seen_lightly(stage: Stage) -> None:
    """Nothing that a light reading shows tells of it: only that the order was read so soon after its change."""
    (store,) = stage.stores
    who = {"email": "hurried@buyers.example", "first_name": "Hanne", "last_name": "Hurried", "country": "DE"}
    await store.act("place_order", billing={**who, "address_1": "1 Old Rd", "city": "Ulm"}, customer_id=0)
    assert (await store.prove()).repairs["missed"] == 1
    row = max(store.shop.orders.rows.values(), key=lambda one: one["id"])
    store.shop.orders.put({**row, "billing": {**row["billing"], "address_1": "2 New Rd"}})
    proof = await store.prove()
    assert (proof.ok, proof.repairs) == (True, {"changed": 1})
    assert await store.judged() == []


async def test_an_order_deleted_for_good_is_archived(stage: Stage) -> None:
    (store,) = stage.stores
    order = await store.pick("processing", "completed")
    await store.act("delete_force", id=order)
    proof = await store.prove()
    assert proof.ok, proof.differences[:5]
    assert proof.repairs == {"gone": 1}
    assert proof.costs.repairs["gets"] == 1
    assert (await stage.deal(store, order, archived=True))["archived"]
    assert proof.rows[0].in_store == len(await store.orders())
    assert await store.judged(left=1) == []


async def test_trashed_and_restored(stage: Stage) -> None:
    (store,) = stage.stores
    order = await store.pick("processing")
    stands = (await stage.deal(store, order))["properties"]["dealstage"]
    await store.act("trash", id=order)
    trashed = await store.prove()
    assert (trashed.ok, trashed.repairs["changed"] > 0) == (True, True), trashed.differences[:5]
    assert (await stage.deal(store, order))["properties"]["dealstage"] == "closedlost"
    await store.act("restore_by_put", id=order, status="processing")
    restored = await store.prove()
    # the order, and the goods whose stock it took again
    assert (restored.ok, restored.repairs["changed"] > 0) == (True, True), restored.differences[:5]
    assert (await stage.deal(store, order))["properties"]["dealstage"] == stands
    assert restored.rows[0].in_store == len(await store.orders())
    assert await store.judged() == []


async def test_orders_made_while_webhooks_were_off_are_brought_over(stage: Stage) -> None:
    (store,) = stage.stores
    made = [(await store.act("place_order", status="processing"))["id"] for _ in range(3)]
    proof = await store.prove()
    assert proof.ok, proof.differences[:5]
    assert proof.repairs["missed"] == 3, proof.repairs
    for order in made:
        assert (await stage.deal(store, order))["properties"]["crossdock_order_number"] == str(order)
    assert await store.judged() == []


@BOTH
async def test_a_customer_with_another_address(stage: Stage, depth: Depth) -> None:
    (store,) = stage.stores
    customer = next(row["id"] for row in store.shop.truth()["customers"] if row["role"] == "customer")
    await store.act("change_email", id=customer, email="moved.far@example.org")
    proof = await store.prove(depth=depth)
    assert proof.ok, proof.differences[:5]
    assert proof.repairs["changed"] == 1
    state = await stage.get(f"{stage.portal_url}/_sandbox/state?type=contacts&history=false")
    assert "moved.far@example.org" in {one["properties"].get("email") for one in state["objects"]["contacts"]}


@BOTH
async def test_a_shop_restored_from_a_backup_uses_its_ids_again(stage: Stage, depth: Depth) -> None:
    (store,) = stage.stores
    await stage.post(f"{store.url}/_sandbox/snapshot", {})
    lost = (await store.act("place_order", status="processing"))["id"]
    kept = await store.pick("on-hold", "pending")
    await store.act("set_status", id=kept, status="completed")
    assert (await store.prove(depth=depth)).ok
    first = (await stage.deal(store, lost))["properties"]["amount"]
    await stage.post(f"{store.url}/_sandbox/restore", {})
    goods = next(row["id"] for row in store.shop.truth()["products"] if row["status"] == "publish" and row["price"])
    cart = [{"product_id": goods, "quantity": 7}]
    again = (await store.act("place_order", status="processing", line_items=cart))["id"]
    assert again == lost, "the backup knows nothing of the id that was given since"
    proof = await store.prove(depth=depth)
    assert proof.ok, proof.differences[:5]
    assert proof.repairs["changed"] >= 2, "the order of the reused id, and the one whose status went back"
    assert (await stage.deal(store, again))["properties"]["amount"] != first
    assert await store.judged(left=1) == []
