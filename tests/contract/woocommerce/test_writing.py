"""Wishes carried out at a shop: checked before they are sent, told in batches, and done once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from crossdock.connect.connector import Context, PlanRefused
from crossdock.connectors.woocommerce.destination import WooCommerceDestination
from crossdock.connectors.woocommerce.sandbox import products
from crossdock.model.mapping import Mapped
from crossdock.model.outcome import Delivered, Gone, Outcome, Rejected, Unknown
from crossdock.model.plan import Resolved
from tests.contract.woocommerce.harness import HARNESS, READ_KEY, ShopBench

NOW = datetime.now(UTC)
OK = Delivered()


async def tell(
    bench: ShopBench,
    action: str,
    *wishes: dict[str, Any],
    first: int = 0,
    key: str | None = None,
    again: bool = False,
    places: dict[str, dict[str, Any]] | None = None,
) -> list[Outcome]:
    """Plan wishes and perform their steps together, as the pump does; a wish ends at its first step that fails.

    ``places`` is what stays known between tries: the links that a step before has committed.
    """
    known = {} if places is None else places
    destination = WooCommerceDestination(bench.access(key) if key else bench.good)
    plans = [bench.plan(action, {"request_id": f"r{first + i}", **wish}) for i, wish in enumerate(wishes)]
    outcomes: dict[int, Outcome] = {}
    for at in range(max(len(plan.steps) for plan in plans)):
        open_ = [
            i for i, plan in enumerate(plans) if at < len(plan.steps) and isinstance(outcomes.get(i, OK), Delivered)
        ]
        writes = [w for i in open_ for w in plans[i].steps[at].writes]
        asked = [Resolved(w, None, known.get(w.key, {}), repeated=again, asked_at=NOW) for w in writes]
        if all(isinstance(w.match, tuple) and w.key in known for w in writes):
            continue
        told = await destination.perform(plans[open_[0]].steps[at].name, asked) if open_ else []
        for i, outcome in zip(open_, told, strict=True):
            done = outcomes.get(i)
            if isinstance(outcome, Delivered) and plans[i].steps[at].name == "note_place":
                known[plans[i].steps[at].writes[0].key] = {"after": outcome.external_id}
                continue
            outcomes[i] = done if done is not None and isinstance(outcome, Delivered) else outcome
    return [outcomes[i] for i in range(len(wishes))]


async def insisted(bench: ShopBench, action: str, wish: dict[str, Any], tries: int = 4) -> list[Outcome]:
    """Tell a wish again and again, as further attempts of one delivery."""
    places: dict[str, dict[str, Any]] = {}
    return [(await tell(bench, action, wish, again=i > 0, places=places))[0] for i in range(tries)]


def planned(action: str, wish: dict[str, Any], **account: Any) -> None:
    context = Context("shop", "shop", "", {}, {"currency": "USD", **account}, "order_status.wished", "17", "live")
    destination = WooCommerceDestination.__new__(WooCommerceDestination)
    destination.plan(action, {"request_id": "r", **wish}, Mapped({}), context)


async def test_a_thousand_statuses_are_ten_batches_after_ten_looks() -> None:
    async with HARNESS.open() as bench:
        ids = await bench.seed(1000)
        before = await bench.requests()
        outcomes = await tell(bench, "set_status", *({"order_id": i, "status": "completed"} for i in ids))
        assert all(isinstance(o, Delivered) for o in outcomes)
        assert await bench.requests() - before == 20, "ten looks and ten batches"
        assert {row["status"] for row in bench.shop.orders} == {"completed"}


async def test_a_status_that_stands_is_not_written_again_and_one_that_moved_is_a_conflict() -> None:
    async with HARNESS.open() as bench:
        done, moved, gone = (str(bench.order(status=s)["id"]) for s in ("completed", "on-hold", "processing"))
        bench.shop.orders.drop(int(gone))
        stamp = bench.shop.orders.get(int(done))["date_modified_gmt"]
        bench.shop.clock.advance(5)
        outcomes = await tell(
            bench,
            "set_status",
            {"order_id": done, "status": "completed"},
            {"order_id": moved, "status": "completed", "expected_status": "processing"},
            {"order_id": gone, "status": "completed"},
        )
        assert isinstance(outcomes[0], Delivered)
        assert bench.shop.orders.get(int(done))["date_modified_gmt"] == stamp, "nothing was written"
        assert isinstance(outcomes[1], Rejected)
        assert outcomes[1].code == "conflict"
        assert "on-hold" in outcomes[1].reason
        assert "processing" in outcomes[1].reason
        assert bench.shop.orders.get(int(moved))["status"] == "on-hold"
        assert isinstance(outcomes[2], Gone)


async def test_a_status_nobody_knows_reaches_no_batch() -> None:
    """A batch would make the order pending without a word (recorded)."""
    async with HARNESS.open() as bench:
        order_id = str(bench.order(status="processing")["id"])
        (outcome,) = await tell(bench, "set_status", {"order_id": order_id, "status": "shiped"})
        assert isinstance(outcome, Rejected)
        assert bench.shop.orders.get(int(order_id))["status"] == "processing"


@pytest.mark.parametrize(
    ("action", "wish", "field"),
    [
        ("set_status", {"order_id": "17", "status": "Not A Status"}, "status"),
        ("set_status", {"order_id": "seventeen", "status": "completed"}, "order_id"),
        ("set_stock", {"product_id": "7", "quantity": "abc"}, "quantity"),
        ("set_stock", {"product_id": "7", "quantity": 2.5}, "quantity"),
        ("set_price", {"product_id": "7", "regular_price": "12,50"}, "regular_price"),
        ("set_price", {"product_id": "7", "regular_price": "abc"}, "regular_price"),
        ("set_price", {"product_id": "7"}, "regular_price"),
        ("set_price", {"product_id": "7", "regular_price": "5.00", "sale_price": "6.00"}, "sale_price"),
        ("refund", {"order_id": "17", "amount": "0"}, "amount"),
        ("refund", {"order_id": "17", "amount": "-1"}, "amount"),
        ("fulfil", {"order_id": "17", "tracking_url": "javascript:alert(1)"}, "tracking_url"),
        ("add_note", {"order_id": "17", "note": ""}, "note"),
        ("write_back", {"order_id": "17", "meta": {"_order_total": "0"}}, "meta"),
        ("write_back", {"order_id": "17", "meta": {}}, "meta"),
        ("empty_the_shop", {}, "action"),
    ],
)
def test_nonsense_is_refused_by_field_before_anything_is_sent(action: str, wish: dict[str, Any], field: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        planned(action, wish)
    assert field in refused.value.field
    assert refused.value.rule
    assert refused.value.remedy


def test_keys_that_may_only_read_are_named_at_once() -> None:
    with pytest.raises(PlanRefused, match="may only read"):
        planned("set_status", {"order_id": "17", "status": "completed"}, permissions="read")


async def test_a_read_only_key_is_a_rejection_not_a_broken_connection() -> None:
    async with HARNESS.open() as bench:
        order_id = str(bench.order(status="processing")["id"])
        (outcome,) = await tell(bench, "set_status", {"order_id": order_id, "status": "completed"}, key=READ_KEY)
        assert isinstance(outcome, Rejected)
        assert "read and write" in outcome.reason


@pytest.mark.parametrize("customer", [True, False])
async def test_a_note_is_added_once_though_its_answer_was_lost(customer: bool) -> None:
    async with HARNESS.open() as bench:
        order_id = str(bench.order()["id"])
        wish = {"order_id": order_id, "note": "Your parcel is late", "customer_note": customer}
        await bench.turn(cut_after_effect=1)
        outcomes = await insisted(bench, "add_note", wish)
        assert isinstance(outcomes[-1], Delivered)
        assert any(isinstance(o, Unknown) for o in outcomes)
        ours = [n for n in bench.shop.notes[int(order_id)] if "late" in n["note"]]
        assert len(ours) == 1
        assert ours[0]["customer_note"] is customer
        (other,) = await tell(bench, "add_note", wish, first=1)
        assert isinstance(other, Delivered)
        assert other.external_id != outcomes[-1].external_id, "the same words wished again are another note"


async def test_the_same_words_to_the_customer_asked_twice_are_two_notes_though_one_was_in_doubt() -> None:
    """The second never reached the shop, and its process was lost: the first's note is not taken for it."""
    async with HARNESS.open() as bench:
        order_id = str(bench.order()["id"])
        wish = {"order_id": order_id, "note": "Your parcel is late", "customer_note": True}
        (first,) = await tell(bench, "add_note", wish)
        key = bench.plan("add_note", {"request_id": "r1", **wish}).steps[0].writes[0].key
        places = {key: {"after": str(max(note["id"] for note in bench.shop.notes[int(order_id)]))}}
        await bench.turn(cut_before_effect=1)
        (lost,) = await tell(bench, "add_note", wish, first=1, places=places)
        (second,) = await tell(bench, "add_note", wish, first=1, places=places, again=True)
        (third,) = await tell(bench, "add_note", wish, first=1, places=places, again=True)
        assert isinstance(lost, Unknown)
        assert isinstance(first, Delivered)
        assert isinstance(second, Delivered)
        assert isinstance(third, Delivered)
        assert first.external_id != second.external_id == third.external_id
        assert len([n for n in bench.shop.notes[int(order_id)] if "late" in n["note"]]) == 2


async def test_a_refund_is_made_once_though_its_answer_was_lost() -> None:
    async with HARNESS.open() as bench:
        order = bench.order()
        wish = {"order_id": str(order["id"]), "amount": "2.50", "reason": "late"}
        await bench.turn(cut_after_effect=2)
        outcomes = await insisted(bench, "refund", wish)
        assert isinstance(outcomes[-1], Delivered)
        assert [row["amount"] for row in bench.shop.refunds] == ["2.50"]
        assert bench.shop.orders.get(order["id"])["refunds"][0]["id"] == int(outcomes[-1].external_id or 0)


async def test_a_refund_that_the_shop_refuses_is_final() -> None:
    async with HARNESS.open() as bench:
        order_id = str(bench.order()["id"])
        for wish in ({"order_id": order_id, "amount": "9999.00"}, {"order_id": "424242", "amount": "1.00"}):
            (outcome,) = await tell(bench, "refund", wish)
            assert isinstance(outcome, Rejected | Gone), wish
        assert len(bench.shop.refunds) == 0


async def test_a_refund_by_line_restocks_only_when_it_is_asked() -> None:
    async with HARNESS.open() as bench:
        product = products.create(bench.shop, {"name": "Tea", "manage_stock": True, "stock_quantity": 10})
        line = {"product_id": product["id"], "quantity": 3, "total": "9.00", "subtotal": "9.00"}
        for restock, left in ((False, 7), (True, 5)):
            order = bench.order(line_items=[line], status="processing")
            given = {"line_id": str(order["line_items"][0]["id"]), "quantity": 1, "total": "3.00"}
            wish = {"order_id": str(order["id"]), "lines": [given], "restock": restock}
            (outcome,) = await tell(bench, "refund", wish, first=left)
            assert isinstance(outcome, Delivered), outcome
            assert bench.shop.products.get(product["id"])["stock_quantity"] == left
        assert {row["amount"] for row in bench.shop.refunds} == {"3.00"}


def parcels(bench: ShopBench, order_id: str) -> list[dict[str, Any]]:
    meta = {m["key"]: m["value"] for m in bench.shop.orders.get(int(order_id))["meta_data"]}
    found: list[dict[str, Any]] = orjson.loads(meta.get("_crossdock_fulfilments", "[]"))
    return found


async def test_parcels_add_up_to_the_order_and_complete_it() -> None:
    async with HARNESS.open() as bench:
        sold = products.create(bench.shop, {"name": "Tea"})["id"]
        lines = [
            {"name": n, "product_id": sold, "quantity": 2, "total": "4.00", "subtotal": "4.00"} for n in ("Tea", "Cup")
        ]
        order = bench.order(line_items=lines, status="processing")
        order_id, (tea, cup) = str(order["id"]), [str(line["id"]) for line in order["line_items"]]
        first = {
            "order_id": order_id,
            "lines": [{"line_id": tea, "quantity": 2}],
            "complete": True,
            "notify": True,
            "tracking_number": "1Z999",
            "carrier": "UPS",
            "tracking_url": "https://ups.example/1Z999",
        }
        await bench.turn(cut_after_effect=2)
        tries = await insisted(bench, "fulfil", first, 6)
        assert isinstance(tries[-1], Delivered)
        assert [p["lines"] for p in parcels(bench, order_id)] == [[{"line_id": tea, "quantity": 2}]], (
            "one parcel, whatever was lost"
        )
        assert bench.shop.orders.get(int(order_id))["status"] == "processing", "the cups are still here"
        told = [n["note"] for n in bench.shop.notes[int(order_id)] if "1Z999" in n["note"]]
        assert len(told) == 1
        meta = {m["key"]: m["value"] for m in bench.shop.orders.get(int(order_id))["meta_data"]}
        assert [item["tracking_number"] for item in meta["_wc_shipment_tracking_items"]] == ["1Z999"]
        (over,) = await tell(
            bench, "fulfil", {"order_id": order_id, "lines": [{"line_id": tea, "quantity": 1}]}, first=1
        )
        assert isinstance(over, Rejected)
        assert "0 pieces" in over.reason
        (strange,) = await tell(
            bench, "fulfil", {"order_id": order_id, "lines": [{"line_id": "999999", "quantity": 1}]}, first=2
        )
        assert isinstance(strange, Rejected)
        (rest,) = await tell(bench, "fulfil", {"order_id": order_id, "lines": None, "complete": True}, first=3)
        assert isinstance(rest, Delivered)
        assert parcels(bench, order_id)[1]["lines"] == [{"line_id": cup, "quantity": 2}]
        assert bench.shop.orders.get(int(order_id))["status"] == "completed"


async def test_ids_of_other_systems_are_replaced_not_doubled() -> None:
    async with HARNESS.open() as bench:
        order_id = str(bench.order()["id"])
        for value in ("1", "2"):
            (outcome,) = await tell(bench, "write_back", {"order_id": order_id, "meta": {"_crossdock_deal_id": value}})
            assert isinstance(outcome, Delivered)
        meta = [m["value"] for m in bench.shop.orders.get(int(order_id))["meta_data"] if "deal" in m["key"]]
        assert meta == ["2"]


async def test_stock_goes_out_in_hundreds_and_by_parent() -> None:
    async with HARNESS.open() as bench:
        simple = [
            str(products.create(bench.shop, {"name": f"P{i}", "manage_stock": True, "stock_quantity": 1})["id"])
            for i in range(250)
        ]
        parents = [products.create(bench.shop, {"name": f"V{i}", "type": "variable"})["id"] for i in range(3)]
        below = [
            (str(p), str(products.create_variation(bench.shop, p, {"manage_stock": True, "stock_quantity": 1})["id"]))
            for p in parents
            for _ in range(4)
        ]
        wishes = [{"product_id": i, "quantity": 7} for i in simple]
        wishes += [{"product_id": p, "variation_id": v, "quantity": 9} for p, v in below]
        before = await bench.requests()
        outcomes = await tell(bench, "set_stock", *wishes)
        assert all(isinstance(o, Delivered) for o in outcomes)
        assert await bench.requests() - before == (3 + 3) * 2, "a look before each batch"
        assert {bench.shop.products.get(int(i))["stock_quantity"] for i in simple} == {7}
        assert {bench.shop.variations.get(int(v))["stock_quantity"] for _, v in below} == {9}
        assert next(o.returned for o in outcomes if isinstance(o, Delivered)) == {"stock_quantity": 7}


async def test_one_bad_product_fails_alone_and_says_why() -> None:
    async with HARNESS.open() as bench:
        good = str(products.create(bench.shop, {"name": "A", "manage_stock": True, "stock_quantity": 1})["id"])
        loose = str(products.create(bench.shop, {"name": "B"})["id"])
        outcomes = await tell(
            bench, "set_stock", *({"product_id": i, "quantity": 4} for i in (good, loose, "424242", good))
        )
        assert isinstance(outcomes[0], Delivered)
        assert isinstance(outcomes[1], Rejected)
        assert "Track stock quantity" in outcomes[1].reason
        assert not isinstance(outcomes[2], Delivered)
        assert isinstance(outcomes[3], Delivered)


async def test_an_unconfirmed_zero_is_looked_at_before_it_empties_a_shelf() -> None:
    async with HARNESS.open() as bench:
        made = products.create(bench.shop, {"name": "A", "manage_stock": True, "stock_quantity": 4})
        wish = {"product_id": str(made["id"]), "quantity": 0, "confirmed": False}
        before = await bench.requests()
        assert isinstance((await tell(bench, "set_stock", wish))[0], Delivered)
        assert bench.shop.products.get(made["id"])["stock_quantity"] == 0
        assert await bench.requests() - before == 3, "two looks and a write"
        before = await bench.requests()
        assert isinstance((await tell(bench, "set_stock", wish))[0], Delivered)
        assert await bench.requests() - before == 1, "it is empty already"


async def test_prices_are_written_as_they_are_meant() -> None:
    async with HARNESS.open() as bench:
        made = str(products.create(bench.shop, {"name": "A", "regular_price": "10.00"})["id"])
        (outcome,) = await tell(
            bench, "set_price", {"product_id": made, "regular_price": "12.50", "sale_price": "11.00"}
        )
        assert isinstance(outcome, Delivered)
        assert outcome.returned == {"regular_price": "12.50", "sale_price": "11.00"}
        assert bench.shop.products.get(int(made))["price"] == "11.00"
        (ended,) = await tell(bench, "set_price", {"product_id": made, "sale_price": ""})
        assert isinstance(ended, Delivered)
        assert bench.shop.products.get(int(made))["price"] == "12.50"
