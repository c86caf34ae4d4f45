"""What bites in the REST API: windows, pages, batches, prices, stock, refunds, storage; vendor facts by number."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from crossdock.connectors.woocommerce.sandbox import ApiKey, Settings, Shop, build, generate

from .conftest import Client, opened


async def test_windows_are_exclusive_at_one_second_and_read_in_site_time(client: Client) -> None:
    order = (await client.act("place_order"))["id"]
    row = await client.get(f"orders/{order}")
    gmt, site = row["date_modified_gmt"], row["date_modified"]
    second_before = gmt[:-2] + f"{(int(gmt[-2:]) - 1) % 60:02d}"

    async def ids(query: str) -> list[int]:
        return [o["id"] for o in await client.get(f"orders?per_page=100&include={order}&status=any&{query}")]

    assert await ids(f"modified_after={gmt}&dates_are_gmt=true") == []
    if second_before < gmt:
        assert await ids(f"modified_after={second_before}&dates_are_gmt=true") == [order]
    assert await ids(f"modified_after={site}") == []
    assert await ids(f"modified_before={gmt}Z") == []
    assert await ids("modified_after=2020-01-01T00:00:00Z") == [order]


async def test_the_default_list_leaves_out_trash_and_checkout_drafts(client: Client) -> None:
    order = (await client.act("place_order", status="pending"))["id"]
    await client.act("trash", id=order)
    state = await client.door("GET", "state")
    shown = [o for o in state["orders"] if o["status"] not in ("trash", "checkout-draft")]
    _, _, headers = await client.call("GET", "orders")
    assert int(headers["X-WP-Total"]) == len(shown) < len(state["orders"])
    assert order in [o["id"] for o in await client.get("orders?status=trash&per_page=100")]
    assert (await client.get(f"orders/{order}"))["status"] == "trash"


@pytest.mark.parametrize(("storage", "total"), [("hpos", "0"), ("posts", "right")])
async def test_past_the_last_page(storage: str, total: str) -> None:
    async with opened(generate(30, 1), Settings(https=True, storage=storage)) as client:  # type: ignore[arg-type]
        _, _, first = await client.call("GET", "orders?per_page=10")
        status, body, headers = await client.call("GET", "orders?per_page=10&page=99")
        assert (status, body) == (200, [])
        assert headers["X-WP-Total"] == (first["X-WP-Total"] if total == "right" else "0")
        assert 'rel="prev"' in headers["Link"]
        assert ("page=0&" in headers["Link"]) == (storage == "hpos")


async def test_paging_by_modified_meets_every_order_once(client: Client) -> None:
    seen: list[int] = []
    for page in range(1, 20):
        rows = await client.get(
            f"orders?per_page=7&page={page}&orderby=modified&order=asc&_fields=id,date_modified_gmt"
        )
        seen += [row["id"] for row in rows]
        assert [r["date_modified_gmt"] for r in rows] == sorted(r["date_modified_gmt"] for r in rows)
        if not rows:
            break
    visible = [o["id"] for o in client.shop.orders if o["status"] not in ("trash", "checkout-draft")]
    assert sorted(seen) == sorted(visible)


async def test_filters(client: Client) -> None:
    row = next(o for o in client.shop.orders if o["customer_id"] and o["status"] == "completed" and o["line_items"])
    by_customer = await client.get(f"orders?customer={row['customer_id']}&per_page=100")
    assert {o["customer_id"] for o in by_customer} == {row["customer_id"]}
    assert row["id"] in [o["id"] for o in await client.get(f"orders?search={row['id']}&per_page=100")]
    several = await client.get("orders?status=completed,on-hold&per_page=100")
    assert {o["status"] for o in several} == {"completed", "on-hold"}
    both = await client.get(f"orders?include={row['id']}&exclude={row['id']}")
    assert both == []
    variation = next(iter(client.shop.variations))
    assert [p["id"] for p in await client.get(f"products?sku={variation['sku']}")] == [variation["id"]]
    one = next(c for c in client.shop.customers if c["role"] == "customer")
    assert [c["id"] for c in await client.get(f"customers?email={one['email']}")] == [one["id"]]
    everybody = await client.call("GET", "customers?role=all")
    assert int(everybody[2]["X-WP-Total"]) == len(client.shop.customers)
    refunds = await client.get("refunds?per_page=100")
    assert {r["id"] for r in refunds} == set(client.shop.refunds.rows)
    assert all(r["parent_id"] for r in refunds)


async def test_batches_skip_every_check_that_single_endpoints_make(client: Client) -> None:
    order = (await client.act("place_order", status="processing"))["id"]
    product = (await client.act("new_product"))["id"]
    body = {"update": [{"id": order, "status": "bogus"}]}
    assert (await client.call("POST", "orders/batch", body))[1]["update"][0]["status"] == "pending"
    assert (await client.call("PUT", f"orders/{order}", {"status": "bogus"}))[0] == 400
    body = {"update": [{"id": product, "stock_quantity": "abc"}], "create": [{"name": "n", "type": "nope"}]}
    _, found, _ = await client.call("POST", "products/batch", body)
    assert found["update"][0]["stock_quantity"] == 0
    assert found["create"][0]["type"] == "simple"
    assert (await client.call("PUT", f"products/{product}", {"stock_quantity": "abc"}))[0] == 400
    assert (await client.call("POST", "products", {"name": "n", "type": "nope"}))[0] == 400
    status, _, _ = await client.call("POST", "orders/batch", {"create": [{}] * 60, "delete": [1] * 41})
    assert status == 413


@pytest.mark.parametrize(("given", "stored"), [("12,50", "1250"), ("abc", ""), ("12.50", "12.50")])
async def test_prices_are_stored_as_text_and_junk_silently(client: Client, given: str, stored: str) -> None:
    product = (await client.act("new_product"))["id"]
    _, row, _ = await client.call("PUT", f"products/{product}", {"regular_price": given})
    assert (row["regular_price"], row["price"]) == (stored, stored)
    assert (await client.call("PUT", f"products/{product}", {"regular_price": 12.5}))[0] == 400


async def test_stock_goes_down_once_and_comes_back(client: Client) -> None:
    product = (await client.act("new_product"))["id"]

    async def stock() -> int:
        return int((await client.get(f"products/{product}"))["stock_quantity"])

    line = {"product_id": product, "quantity": 3}
    _, order, _ = await client.call("POST", "orders", {"line_items": [line]})
    path = f"orders/{order['id']}"
    assert await stock() == 50
    for status, left in (("on-hold", 47), ("processing", 47), ("completed", 47), ("cancelled", 50), ("processing", 47)):
        await client.call("PUT", path, {"status": status})
        assert await stock() == left, status
    given = {"id": order["line_items"][0]["id"], "quantity": 2, "refund_total": 2}
    refund = {"amount": "2.00", "api_refund": False, "line_items": [given]}
    await client.call("POST", f"{path}/refunds", {**refund, "api_restock": False})
    assert await stock() == 47
    await client.call("POST", f"{path}/refunds", refund)
    assert await stock() == 49
    await client.call("DELETE", f"{path}?force=true")
    assert await stock() == 49


async def test_refunds_leave_the_total_and_the_status_refunded_refunds_the_rest(client: Client) -> None:
    product = (await client.act("new_product", price="30.00"))["id"]
    body = {"line_items": [{"product_id": product}], "set_paid": True}
    _, order, _ = await client.call("POST", "orders", body)
    path = f"orders/{order['id']}"
    assert (await client.call("POST", f"{path}/refunds", {"amount": "10.00"}))[:2][0] == 500
    await client.call("POST", f"{path}/refunds", {"amount": "10.00", "api_refund": False})
    _, row, _ = await client.call("PUT", path, {"status": "refunded"})
    row = await client.get(path)
    assert (row["total"], [r["total"] for r in row["refunds"]]) == ("30.00", ["-10.00", "-20.00"])
    refunds = await client.get(f"{path}/refunds")
    assert [r["amount"] for r in refunds] == ["20.00", "10.00"]
    assert (await client.call("POST", f"{path}/refunds", {"amount": "1.00", "api_refund": False}))[1]["data"] == 500
    before = row["date_modified"]
    await client.door("POST", "clock", {"advance_s": 60})
    assert (await client.call("DELETE", f"{path}/refunds/{refunds[0]['id']}?force=true"))[0] == 200
    assert (await client.get(path))["date_modified"] == before


async def test_compound_taxes_and_coupons_as_recorded(client: Client) -> None:
    product = (await client.act("new_product", price="13.00"))["id"]
    await client.call("POST", "coupons", {"code": "hookcoupon", "amount": "15", "discount_type": "percent"})
    body: dict[str, Any] = {"billing": {"country": "US", "state": "CA"}, "coupon_lines": [{"code": "HookCoupon"}]}
    body["line_items"] = [{"product_id": product, "quantity": 2}]
    _, order, _ = await client.call("POST", "orders", body)
    line = order["line_items"][0]
    assert (line["subtotal"], line["subtotal_tax"], line["total"], line["total_tax"]) == (
        "26.00",
        "2.45",
        "22.10",
        "2.07",
    )
    assert line["price"] == 11.05
    assert [t["tax_total"] for t in order["tax_lines"]] == ["1.60", "0.47"]
    assert order["coupon_lines"][0]["discount"] == "3.9"
    assert order["total"] == "24.17"


async def test_head_and_options_and_unknown_methods(client: Client) -> None:
    status, _, headers = await client.call("HEAD", "orders?per_page=1")
    assert (status, headers["X-WP-TotalPages"]) == (200, headers["X-WP-Total"])
    status, body, _ = await client.call("OPTIONS", "orders")
    assert (status, body["methods"]) == (200, ["GET", "POST"])
    assert (await client.call("DELETE", "orders"))[0] == 404


async def test_a_customers_key_is_forbidden_and_plain_permalinks_know_no_keys() -> None:
    shop = generate(20, 1)
    settings = Settings(https=True, keys=(ApiKey(role="customer"),))
    async with opened(shop, settings) as client:
        assert (await client.call("GET", "orders"))[0] == 403
    async with opened(generate(20, 1), Settings(https=True, plain_permalinks=True)) as client:
        for path, status in (("/wp-json/wc/v3/orders", 404), ("/?rest_route=/wc/v3/orders", 401)):
            async with aiohttp.ClientSession() as session, session.get(f"{client.url}{path}") as answer:
                assert answer.status == status


async def test_index_php_leads_to_the_same_api(client: Client) -> None:
    header = aiohttp.encode_basic_auth("ck_" + "5a" * 20, "cs_" + "a5" * 20)
    url = f"{client.url}/index.php/wp-json/wc/v3/orders"
    async with aiohttp.ClientSession(headers={"Authorization": header}) as session, session.get(url) as answer:
        assert answer.status == 200


async def test_the_rest_of_the_shop_answers(client: Client) -> None:
    for path in (
        "coupons",
        "taxes",
        "taxes/classes",
        "taxes/1",
        "shipping/zones",
        "shipping/zones/1",
        "shipping/zones/1/methods",
        "shipping/zones/0/methods",
        "system_status?_fields=settings",
        "settings",
        "settings/general",
        "data/currencies/current",
        "data/countries/us",
        "payment_gateways",
        "products/categories?_fields=id,count",
        "products/attributes",
        "reports/sales",
        "",
    ):
        await client.get(path)
    for path in ("shipping/zones/9", "settings/nope", "data/countries/xx", "coupons/1", "taxes/99", "webhooks/1"):
        assert (await client.call("GET", path))[0] == 404


async def test_coupons_variations_customers_and_notes_can_be_written(client: Client) -> None:
    _, coupon, _ = await client.call("POST", "coupons", {"code": "Neu", "amount": "7"})
    assert (coupon["code"], coupon["amount"]) == ("neu", "7.00")
    assert (await client.call("POST", "coupons", {"code": "neu"}))[0] == 400
    assert (await client.call("PUT", f"coupons/{coupon['id']}", {"amount": "8"}))[1]["amount"] == "8.00"
    assert (await client.call("DELETE", f"coupons/{coupon['id']}?force=true"))[0] == 200
    parent = next(p for p in client.shop.products if p["type"] == "variable")
    body = {"attributes": [{"name": "Size", "option": "XXL"}], "regular_price": "3.00", "sku": "V-NEW"}
    _, made, _ = await client.call("POST", f"products/{parent['id']}/variations", body)
    path = f"products/{parent['id']}/variations/{made['id']}"
    assert (await client.get(path))["name"] == "XXL"
    assert (await client.call("PUT", path, {"regular_price": "4.00"}))[1]["price"] == "4.00"
    assert (await client.get(f"products/{made['id']}"))["name"] == f"{parent['name']} - XXL"
    batch = {"update": [{"id": made["id"], "regular_price": "5.00"}], "delete": [made["id"]]}
    _, done, _ = await client.call("POST", f"products/{parent['id']}/variations/batch?force=true", batch)
    assert (done["update"][0]["price"], done["delete"][0]["id"]) == ("5.00", made["id"])
    assert (await client.call("GET", path))[0] == 404
    customer = {"email": "Neu@Example.com", "billing": {"first_name": "Ü"}}
    _, found, _ = await client.call("POST", "customers/batch", {"create": [customer, customer]})
    assert found["create"][0]["username"] == "neu"
    assert found["create"][1]["error"]["code"] == "registration-error-email-exists"
    customer_id = found["create"][0]["id"]
    assert (await client.call("PUT", f"customers/{customer_id}", {"first_name": "Z"}))[1]["first_name"] == "Z"
    assert (await client.call("DELETE", f"customers/{customer_id}"))[0] == 501
    assert (await client.call("DELETE", f"customers/{customer_id}?force=true"))[0] == 200
    order = next(iter(client.shop.orders.rows))
    await client.call("POST", f"orders/{order}/notes", {"note": "hello"})
    assert [n["note"] for n in await client.get(f"orders/{order}/notes")] == ["hello"]


async def test_meta_by_key_replaces_and_lines_change_by_id(client: Client) -> None:
    product = (await client.act("new_product", price="2.00"))["id"]
    body = {"line_items": [{"product_id": product}], "meta_data": [{"key": "a", "value": 1}]}
    _, order, _ = await client.call("POST", "orders", body)
    line = order["line_items"][0]["id"]
    change: dict[str, Any] = {
        "meta_data": [{"key": "a", "value": {"b": [1]}}],
        "line_items": [{"id": line, "quantity": 4}],
    }
    change["shipping_lines"] = [{"method_id": "flat_rate", "total": "5"}]
    change["fee_lines"] = [{"name": "Fee", "total": "1"}]
    _, row, _ = await client.call("PUT", f"orders/{order['id']}", change)
    assert [m["value"] for m in row["meta_data"]] == [{"b": [1]}]
    assert Decimal(row["total"]) == Decimal("14.00")
    gone = {"line_items": [{"id": line, "quantity": 0}]}
    assert (await client.call("PUT", f"orders/{order['id']}", gone))[1]["line_items"] == []
    assert (await client.call("PUT", f"orders/{order['id']}", {"line_items": [{"id": 1, "quantity": 1}]}))[0] == 400


async def test_an_empty_change_and_the_trash_move_the_date_and_notes_do_not(client: Client) -> None:
    order = (await client.act("place_order", status="pending"))["id"]
    dates = [(await client.get(f"orders/{order}"))["date_modified_gmt"]]
    for method, path, body in (
        ("PUT", f"orders/{order}", {}),
        ("POST", f"orders/{order}/notes", {"note": "x"}),
        ("DELETE", f"orders/{order}", None),
    ):
        await client.door("POST", "clock", {"advance_s": 10})
        await client.call(method, path, body)
        dates.append((await client.get(f"orders/{order}"))["date_modified_gmt"])
    assert dates[0] < dates[1] == dates[2] < dates[3]


async def test_a_saved_shop_loads_as_it_was(tmp_path: Any) -> None:
    shop = generate(40, 9)
    shop.save(tmp_path)
    again = Shop.load(tmp_path)
    assert again.truth()["orders"] == shop.truth()["orders"]
    assert again.next_id("post") == shop.next_id("post")
    assert again.next_id("item_meta") >= shop.next_id("item_meta") - 2
    assert build(again) is not None


async def test_settings_zones_and_gateways_have_the_shapes_of_the_real_shop(client: Client) -> None:
    """Seen on WooCommerce 11.0.1."""
    tax = {row["id"]: row for row in await client.get("settings/tax")}
    assert len(tax) == 9
    assert {"label", "type", "default", "tip", "value", "options", "_links"} <= set(tax["woocommerce_tax_based_on"])
    assert tax["woocommerce_prices_include_tax"]["value"] == "no"
    assert await client.get("settings/tax?_fields=id,value") == [{"id": n, "value": r["value"]} for n, r in tax.items()]
    (method,) = await client.get("shipping/zones/1/methods")
    assert (method["method_id"], method["settings"]["tax_status"]["value"]) == ("flat_rate", "taxable")
    gateways = await client.get("payment_gateways")
    assert [(row["id"], row["order"]) for row in gateways] == [("bacs", ""), ("cheque", ""), ("cod", "")]
    assert gateways[0]["method_supports"] == ["products"]
    for path, code in (
        ("settings/nothing", "rest_setting_setting_group_invalid"),
        ("shipping/zones/99", "woocommerce_rest_shipping_zone_invalid"),
        ("shipping/zones/99/locations", "woocommerce_rest_shipping_zone_invalid"),
        ("shipping/zones/99/methods", "woocommerce_rest_shipping_zone_invalid"),
        ("payment_gateways/nothing", "woocommerce_rest_payment_gateway_invalid"),
        ("taxes/99", "woocommerce_rest_invalid_id"),
    ):
        status, body, _ = await client.call("GET", path)
        assert (status, body["code"], body["data"]["status"]) == (404, code, 404)


async def test_dotted_fields_go_into_objects_and_find_nothing_in_lists(client: Client) -> None:
    """WordPress compares keys, and a list's are numbers: ``line_items.id`` leaves every line out."""
    asked = "orders?per_page=3&_fields=id,billing.email,line_items.id,status.nothing"
    for row in await client.get(asked):
        assert list(row) == ["id", "status", "billing", "line_items"]
        assert list(row["billing"]) == ["email"]
        assert row["line_items"] == []
    whole = await client.get("orders?per_page=3&_fields=line_items.id,line_items")
    assert any(row["line_items"] and "quantity" in row["line_items"][0] for row in whole)
