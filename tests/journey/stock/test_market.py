"""Two shops and a worker of their own: what is sold, given back, counted and sent, seen in the shops themselves."""

from __future__ import annotations

import asyncio

from crossdock.connectors.woocommerce.sandbox import products
from crossdock.flow.command import Ask, Fulfil, FulfilLine, RefundLine
from crossdock.settings import Settings
from tests.journey.stock.market import ORDER, market


async def test_a_sale_in_one_shop_is_shown_by_the_other(settings: Settings) -> None:
    async with market(settings) as made:
        await made.a.sell(3)
        await made.shown(7, 7)
        await made.b.sell(2)
        await made.shown(5, 5)
        assert await made.moves() == [(10, "set"), (-3, "sale"), (-2, "sale")]


async def test_two_shops_sell_the_last_piece_at_once(settings: Settings) -> None:
    """Both took it before anybody could know: the level says so, both shops show none, and nothing goes to and fro."""
    async with market(settings, level=1) as made:
        await asyncio.gather(made.a.sell(), made.b.sell())
        await made.counted(-1)
        await made.shown(0, 0)
        assert await made.moves() == [(1, "set"), (-1, "sale"), (-1, "sale")]
        before = (await made.writes(made.a), await made.writes(made.b))
        await made.put(4)
        await made.shown(4, 4)
        assert (await made.writes(made.a), await made.writes(made.b)) == (before[0] + 1, before[1] + 1)


async def test_what_a_refund_puts_back_is_shown_by_the_other(settings: Settings) -> None:
    async with market(settings) as made:
        number = await made.a.sell(4)
        await made.shown(6, 6)
        line = made.a.app.shop.orders.get(int(number))["line_items"][0]
        lines = (RefundLine(str(line["id"]), 3),)
        await made.refund(made.a, number, lines=lines, restock=True)
        await made.counted(9)
        await made.shown(9, 9)
        assert (await made.moves())[-1] == (3, "refund")


async def test_a_count_in_the_shop_becomes_the_level_and_is_shown_by_the_other(settings: Settings) -> None:
    async with market(settings) as made:
        await made.a.act("count_shelf", id=made.a.product, quantity=25)
        await made.shown(25, 25)
        assert await made.moves() == [(10, "set"), (15, "correction")]


async def test_a_fulfilment_takes_exactly_its_pieces_once_though_its_answer_was_lost(settings: Settings) -> None:
    """With push_on_fulfilment a sale reserves; what was sent leaves the shelf, and is told once."""
    async with market(settings, push_on_fulfilment=True) as made:
        number = await made.a.sell(3)
        await made.counted(10, 3)
        line = str(made.a.app.shop.orders.get(int(number))["line_items"][0]["id"])
        for sent, on_hand in ((2, 8), (1, 7)):
            await made.a.turn(cut_after_effect=1)
            found = await made.until(lambda: made.value(ORDER, made.a.id, number))
            command = Fulfil((FulfilLine(line, sent),), "T-1", "DHL", complete=False)
            await made.hub.orders.one(made.tenant, Ask(found, command, key=f"parcel-{sent}"))
            await made.counted(on_hand, on_hand - 7)
            await made.a.turn(cut_after_effect=0)
        await made.shown(7, 7)
        assert await made.moves() == [(10, "set"), (0, "sale"), (-2, "fulfilment"), (-1, "fulfilment")]


async def test_a_link_that_fails_ten_times_is_suspended_and_resumes_with_the_last_level(settings: Settings) -> None:
    """The shop no longer manages the product's stock: ten refusals of one cause, then silence and an alert's row."""
    async with market(settings) as made:
        products.update(made.a.app.shop, made.a.product, {"manage_stock": False})
        link = made.links["a"]
        for level in range(11, 40):
            await made.put(level)
            await made.until(made.landed)
            if await made.value("SELECT suspended_at FROM sku_link WHERE id = $1", link):
                break
        row = (await made.rows("SELECT * FROM sku_link WHERE id = $1", link))[0]
        assert row["failures"] == 10
        assert "Track stock quantity" in row["suspended_reason"]
        before = await made.writes(made.a)
        for level in (77, 78, 79):
            await made.put(level)
        await made.until(lambda: made.shows(made.b, 79))
        assert await made.writes(made.a) == before, "levels accumulate"
        products.update(made.a.app.shop, made.a.product, {"manage_stock": True, "stock_quantity": 0})
        await made.hub.links.resume(made.tenant, [link])
        await made.shown(79, 79)


async def test_a_variation_whose_product_counts_moves_its_product_s_level(settings: Settings) -> None:
    async with market(settings) as made:
        shop = made.a.app.shop
        products.update(shop, made.a.product, {"type": "variable"})
        size = {"name": "Size", "option": "S"}
        made_of = products.create_variation(shop, made.a.product, {"regular_price": "9.00", "attributes": [size]})
        items = [{"product_id": made.a.product, "variation_id": made_of["id"], "quantity": 4}]
        await made.a.act("place_order", status="processing", line_items=items)
        await made.counted(6)
        await made.shown(6, 6)


async def test_with_backorders_a_shop_is_told_how_far_below_zero_it_is(settings: Settings) -> None:
    async with market(settings, level=1, backorders=True) as made:
        for one in (made.a, made.b):
            products.update(one.app.shop, one.product, {"backorders": "yes"})
        await made.a.sell(3)
        await made.counted(-2)
        await made.shown(-2, -2)
        assert made.b.app.shop.products.get(made.b.product)["stock_status"] == "onbackorder"
