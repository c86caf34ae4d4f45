"""What stands before real shops: firewalls, proxies, caches and plugins that change answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crossdock.connect.client import CallFailed, FailKind
from crossdock.connect.sandbox import Asgi, Message, Receive, Scope, Send
from crossdock.connectors.woocommerce.client import WooCommerceClient
from crossdock.connectors.woocommerce.sandbox.shop import Shop
from crossdock.model.outcome import Outcome, Refresh, Retry
from tests.contract.woocommerce.harness import HARNESS
from tests.support.shared import RECORDINGS, needs_recordings

NO_ROUTE = b'{"code":"rest_no_route","message":"No route was found.","data":{"status":404}}'


def instead(path: str, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> Callable[[Asgi], Asgi]:
    """Answer a path with something else than the shop does."""

    def front(app: Asgi) -> Asgi:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if path not in scope.get("path", ""):
                await app(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": status, "headers": list(headers)})
            await send({"type": "http.response.body", "body": body})

        return answer

    return front


def rewriting(change: Callable[[bytes], bytes]) -> Callable[[Asgi], Asgi]:
    """Change every answer's body, and say nothing of its length."""

    def front(app: Asgi) -> Asgi:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            async def altered(message: Message) -> None:
                if message["type"] == "http.response.body":
                    message = {**message, "body": change(message["body"])}
                await send(message)

            await app(scope, receive, altered)

        return answer

    return front


async def failure(client: WooCommerceClient, stream: str = "order") -> tuple[FailKind, Outcome | None]:
    """What reading fails with."""
    with pytest.raises(CallFailed) as raised:
        await client.page(stream, None, full=True)
    return raised.value.kind, raised.value.outcome


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b"<html>Maintenance</html>", Retry),
        (200, b'{"surprise":1}', Retry),
        (200, b"[1,2]", Retry),
        (200, b"", Retry),
        (404, b"<html>Not found</html>", Retry),
        (404, NO_ROUTE, Retry),
        (403, b"<html>Are you a robot?</html>", Refresh),
        (502, b"<html>Bad Gateway</html>", Retry),
        (520, b"", Retry),
    ],
)
async def test_another_answer_than_a_list_is_an_outcome_and_no_empty_list(
    status: int, body: bytes, outcome: type
) -> None:
    async with HARNESS.open(front=instead("/wc/v3/orders", status, body)) as bench:
        kind, seen = await failure(WooCommerceClient(bench.good))
        assert kind is FailKind.ANSWER
        assert isinstance(seen, outcome)


async def test_a_redirect_is_never_followed_and_keys_never_leave_for_it() -> None:
    moved = instead("/wc/v3/orders", 301, b"", (b"location", b"https://www.shop.example/"))
    async with HARNESS.open(front=moved) as bench:
        kind, _ = await failure(WooCommerceClient(bench.good))
        assert kind is FailKind.REDIRECT
        assert await bench.requests() == 0


async def test_a_byte_order_mark_before_every_answer_is_read_over() -> None:
    async with HARNESS.open(front=rewriting(lambda body: b"\xef\xbb\xbf" + body)) as bench:
        bench.order()
        client = WooCommerceClient(bench.good)
        assert (await client.check()).ok
        assert len((await client.page("order", None, full=True)).items) == 1


async def test_a_plugin_that_orders_lists_its_own_way_is_named_and_loses_nothing_silently() -> None:
    async def shuffled(scope: Scope, receive: Receive, send: Send) -> None:
        body = b'[{"id":9},{"id":4}]'
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async with HARNESS.open(front=lambda _: shuffled) as bench:
        client = WooCommerceClient(bench.good, page_size=2)
        with pytest.raises(CallFailed, match="order of ids") as raised:
            await client.page("order", None, full=True)
        assert "plugin" in raised.value.remedy


async def test_a_shop_that_is_too_old_to_list_changes_is_named() -> None:
    old = rewriting(lambda body: body.replace(b'"version":"11.0.1"', b'"version":"5.7.2"'))
    async with HARNESS.open(front=old) as bench:
        result = await WooCommerceClient(bench.good).check()
        assert (result.ok, result.code) == (False, "too-old")
        assert result.remedy


async def test_keys_that_may_not_see_the_status_still_learn_the_currency() -> None:
    forbidden = b'{"code":"woocommerce_rest_cannot_view","message":"Sorry.","data":{"status":403}}'
    async with HARNESS.open(front=instead("/wc/v3/system_status", 403, forbidden)) as bench:
        result = await WooCommerceClient(bench.good).check()
        assert result.ok
        assert result.account["currency"] == "USD"
        assert any("does not tell its version" in text for text in result.warnings)


async def test_a_server_that_rewrites_nothing_is_read_by_index_php() -> None:
    def front(app: Asgi) -> Asgi:
        missing = instead("", 404, b"<html>Not found</html>")(app)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await (app if scope["path"].startswith("/index.php/") else missing)(scope, receive, send)

        return answer

    async with HARNESS.open(tls=True, front=front) as bench:
        result = await WooCommerceClient(bench.good).check()
        assert result.ok
        assert result.account["rest_base"] == "/index.php/wp-json"
        assert (await WooCommerceClient(bench.access(account=result.account)).page("order", None)).done


async def test_an_entity_without_an_id_is_no_entity() -> None:
    async with HARNESS.open(front=instead("/wc/v3/orders/5", 200, b"{}")) as bench:
        with pytest.raises(CallFailed, match="no entity"):
            await WooCommerceClient(bench.good).fetch("order", "5", None)


@needs_recordings
@pytest.mark.parametrize("full", [True, False])
async def test_an_older_shop_without_a_list_of_refunds_is_read_order_by_order(full: bool) -> None:
    shop = Shop.load(RECORDINGS / "store")
    async with HARNESS.open(shop=shop, front=instead("/wc/v3/refunds", 404, NO_ROUTE)) as bench:
        client = WooCommerceClient(bench.good)
        cursor, found = None, []
        while True:
            page = await client.page("refund", cursor, full=full)
            found += page.items
            cursor = page.cursor
            if page.done:
                break
        assert cursor["by_order"] is True
        assert bool(found) == full
        order = next(row for row in shop.orders if row["refunds"])
        known = str(order["refunds"][0]["id"])
        one = await client.fetch("refund", known, str(order["id"]))
        assert one is not None
        assert one.external_id == known


async def test_keys_or_an_address_that_cannot_be_used_break_the_connection_not_the_program() -> None:
    async with HARNESS.open() as bench:
        for access in (bench.access(key=""), bench.access(url="ftp://x")):
            kind, outcome = await failure(WooCommerceClient(access))
            assert kind is FailKind.ANSWER
            assert isinstance(outcome, Refresh)


@needs_recordings
async def test_a_refund_is_found_without_its_order_where_there_is_a_list() -> None:
    async with HARNESS.open(shop=Shop.load(RECORDINGS / "store")) as bench:
        client = WooCommerceClient(bench.good)
        row = next(iter(bench.shop.refunds))
        one = await client.fetch("refund", str(row["id"]), None)
        assert one is not None
        assert one.parent_id == str(row["order_id"])
        assert await client.fetch("refund", "99999999", None) is None
