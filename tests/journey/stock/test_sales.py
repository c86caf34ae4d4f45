"""Levels out and sales in: two shops sell from one shelf."""

from __future__ import annotations

from tests.journey.stock.conftest import Floor


async def begun(floor: Floor, level: int = 10, **options: object) -> None:
    """Link one product in both shops and tell them what there is."""
    await floor.put("TEA", level)
    await floor.link(floor.a, "TEA", **options)
    await floor.link(floor.b, "TEA", **options)
    await floor.work()
    for shop in (floor.a, floor.b):
        assert await floor.told(shop) == [level]
        await floor.answer(shop)
    await floor.work()


async def test_a_level_goes_out_once_and_again_only_when_it_changes(floor: Floor) -> None:
    await begun(floor)
    await floor.put("TEA", 10)
    await floor.work()
    assert await floor.told(floor.a) == [10]
    await floor.put("TEA", 7)
    await floor.work()
    assert await floor.told(floor.a) == [10, 7]
    (first, second) = await floor.wishes(floor.a)
    assert first["request_id"] != second["request_id"]
    assert {**second, "request_id": ""} == {
        "request_id": "",
        "product_id": "7",
        "variation_id": None,
        "sku": "TEA",
        "quantity": 7,
        "confirmed": True,
    }


async def test_a_sale_in_one_shop_moves_the_level_and_is_told_to_the_other(floor: Floor) -> None:
    """Once, however often it is heard; the echo of our write moves nothing."""
    await begun(floor)
    await floor.sale(floor.a, 1, 2)
    await floor.shows(floor.a, 8)
    await floor.work()
    assert await floor.level("TEA") == (8, 0)
    assert await floor.told(floor.b) == [10, 8]
    assert await floor.told(floor.a) == [10], "it shows the sale itself"
    await floor.answer(floor.b)
    await floor.shows(floor.b, 8)
    await floor.sale(floor.a, 1, 2, status="completed")
    await floor.work()
    assert await floor.level("TEA") == (8, 0)
    assert await floor.moves("TEA") == [(10, "set"), (-2, "sale")]
    await floor.later()
    await floor.work()
    assert await floor.told(floor.a) == [10, 8], "after a moment it is told once, for certainty"
    assert await floor.told(floor.b) == [10, 8]


async def test_what_a_shop_gives_back_goes_up_again(floor: Floor) -> None:
    await begun(floor)
    await floor.sale(floor.a, 1, 3)
    await floor.work()
    await floor.sale(floor.a, 1, 0, status="cancelled")
    await floor.work()
    assert await floor.moves("TEA") == [(10, "set"), (-3, "sale"), (3, "refund")]
    assert await floor.told(floor.b) == [10, 7, 10]


async def test_what_was_sold_before_the_link_moves_nothing(floor: Floor) -> None:
    """A backfill of old orders after linking; what they give back later counts."""
    await begun(floor)
    await floor.sale(floor.a, 5, 4, date_created_gmt="2020-01-01T00:00:00")
    await floor.work()
    assert await floor.level("TEA") == (10, 0)
    await floor.sale(floor.a, 5, 1, date_created_gmt="2020-01-01T00:00:00")
    await floor.work()
    assert await floor.moves("TEA") == [(10, "set"), (3, "refund")]


async def test_a_fulfilment_takes_exactly_its_lines_once(floor: Floor) -> None:
    """With push_on_fulfilment a sale reserves, and the fulfilment takes from the shelf and is told."""
    await begun(floor, push_on_fulfilment=True)
    await floor.put("MUG", 5)
    await floor.link(floor.a, "MUG", "8", push_on_fulfilment=True)
    await floor.sale(floor.a, 1, 2)
    await floor.work()
    assert await floor.level("TEA") == (10, 2)
    told = len(await floor.wishes(floor.a))
    await floor.route(floor.a, "fulfilment")
    await _fulfil(floor, [{"line_id": "10", "quantity": 1}])
    await floor.work()
    assert await floor.level("TEA") == (10, 2), "the shop has not taken it yet"
    await floor.answer(floor.a)
    await floor.work()
    assert await floor.level("TEA") == (9, 1)
    wishes = (await floor.wishes(floor.a))[told:]
    assert [(wish["sku"], wish["quantity"]) for wish in wishes] == [("TEA", 8)]
    await _fulfil(floor, None)
    await floor.answer(floor.a)
    await floor.work()
    await floor.work()
    assert await floor.level("TEA") == (8, 0)
    assert (await floor.moves("TEA"))[-2:] == [(-1, "fulfilment"), (-1, "fulfilment")]
    await floor.sale(floor.a, 1, 0, status="refunded")
    await floor.work()
    assert await floor.level("TEA") == (10, 0), "what came back after it was sent"


async def _fulfil(floor: Floor, lines: object) -> None:
    from crossdock.model.observation import Occurrence

    document = {"request_id": str(lines), "order_id": "1", "lines": lines, "tracking_number": "", "carrier": ""}
    wish = Occurrence(stream="fulfilment", type="fulfilment.wished", document=document, external_id="1")
    await floor.hub.journey.wishes(floor.a, [wish])


async def test_a_hand_that_counts_the_shelf_becomes_a_correction(floor: Floor) -> None:
    """Only after a fresh reading, and after all orders made before it are counted."""
    await begun(floor)
    await floor.shows(floor.a, 8)
    await floor.work()
    assert await floor.level("TEA") == (10, 0), "an order may still explain it"
    await floor.sale(floor.a, 2, 2)
    await floor.work()
    assert await floor.moves("TEA") == [(10, "set"), (-2, "sale")]
    async with floor.hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM sku_link WHERE doubt IS NOT NULL") == 0


async def test_quantities_alone_move_levels_of_a_shop_whose_orders_are_not_read(floor: Floor) -> None:
    await begun(floor, counts="quantity")
    await floor.shows(floor.a, 10)
    await floor.shows(floor.a, 7)
    await floor.sale(floor.a, 1, 3)
    await floor.work()
    assert await floor.moves("TEA") == [(10, "set"), (-3, "sale")]
    assert await floor.told(floor.b) == [10, 7]
    assert await floor.told(floor.a) == [10]


async def test_an_unconfirmed_zero_says_so(floor: Floor) -> None:
    await begun(floor)
    await floor.put("TEA", 0)
    await floor.work()
    await floor.put("TEA", 1)
    await floor.put("TEA", 0, confirmed=True)
    await floor.work()
    assert [(w["quantity"], w["confirmed"]) for w in await floor.wishes(floor.a)][1:] == [(0, False)]
    await floor.put("TEA", 1)
    await floor.work()
    await floor.sale(floor.b, 9, 1)
    await floor.work()
    assert [(w["quantity"], w["confirmed"]) for w in await floor.wishes(floor.a)][2:] == [(1, True), (0, True)]


async def test_a_sku_without_a_level_is_never_told(floor: Floor) -> None:
    """Unknown is not none."""
    await floor.link(floor.a, "NEW")
    await floor.sale(floor.a, 1, 2)
    await floor.work()
    assert await floor.told(floor.a) == []
    await floor.put("NEW", 4)
    await floor.sale(floor.a, 1, 2, status="completed")
    await floor.work()
    assert await floor.level("NEW") == (4, 0), "what was sold before anybody counted is in the count"
    assert await floor.told(floor.a) == [4]


async def test_changes_are_events_of_the_hub(floor: Floor) -> None:
    """Told once, with every movement since the last time."""
    await begun(floor)
    await floor.sale(floor.a, 1, 2)
    await floor.work()
    await floor.work()
    told = await floor.events("stock.changed")
    assert [(event["on_hand"], [move["delta"] for move in event["moves"]]) for event in told] == [(10, [10]), (8, [-2])]
    assert told[1]["moves"][0]["cause"] == "sale"
    assert told[1]["sku"] == "TEA"
