"""A real site with the plugin, a real hub with its worker, and a sandbox portal behind it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from crossdock.api.app import build_app
from crossdock.cli.demo.ground import free_port
from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.hubspot.stage import Portal
from tests.support.hub import until, working
from tests.support.wordpress.site import Browser, Site

PRODUCT = """$p = new WC_Product_Simple(); $p->set_name( 'Tea' ); $p->set_sku( uniqid( 'TEA-' ) ); $p->set_regular_price( '12.50' );
$p->set_manage_stock( true ); $p->set_stock_quantity( 50 ); return $p->save();"""


class Stage:
    """Site, hub and portal; the hub can be shut and opened again at the same address."""

    def __init__(self, site: Site, hub: Hub, portal: Portal, port: int) -> None:
        self.site, self.hub, self.portal, self.port = site, hub, portal, port
        self._door = contextlib.AsyncExitStack()

    async def open(self) -> None:
        """Open the hub's door."""
        await self._door.enter_async_context(serving(build_app(self.hub), port=self.port))

    async def shut(self) -> None:
        """Shut the hub's door: whoever knocks is refused."""
        await self._door.aclose()

    async def php(self, code: str, /, **more: Any) -> Any:
        """Run PHP on the site while the hub goes on."""
        return await asyncio.to_thread(self.site.php, code, **more)

    async def pair(self) -> dict[str, Any]:
        """Pair with a fresh code; returns what the site keeps of the connection."""
        code = await self.hub.pairing.code(await self.hub.tenants.find(), actor="test")
        told = await self.php(
            """$c = \\Crossdock\\Plugin::container();
            $answer = $c->get( \\Crossdock\\Hub\\Pairing::class )->pair( $pasted );
            return array( $answer->status, $answer->detail(), $c->get( \\Crossdock\\Hub\\Credentials::class )->connection() );""",
            pasted=code.code,
            user=1,
        )
        assert told[0] == 201, told
        return dict(told[2])

    async def send(self) -> None:
        """Let the time pass that stands between what happens and its sending, and let the next run do what is due."""
        await self.due_now()
        await self.php("do_action( \\Crossdock\\Outbox\\Timetable::HOOK );", place="cron")

    async def schedule(self) -> None:
        """Let the site's own schedule do what is due."""
        await self.due_now()
        await asyncio.to_thread(self.site.cron)

    async def outbox(self) -> dict[str, int]:
        """How many rows of the outbox are in each state."""
        rows = await asyncio.to_thread(
            self.site.sql, "SELECT state, COUNT(*) FROM wp_crossdock_outbox GROUP BY state ORDER BY state"
        )
        return {state: int(count) for state, count in rows}

    async def due_now(self) -> None:
        """Let the time pass that stands between attempts."""
        await asyncio.to_thread(
            self.site.sql, "UPDATE wp_crossdock_outbox SET next_at = '2000-01-01' WHERE state = 'waiting'"
        )
        await self.php(
            """\\Crossdock\\Plugin::container()->get( \\Crossdock\\Monitor\\Condition::class )
                ->note( array( 'not_before' => null, 'patience' => null ) );"""
        )

    async def delivered(self) -> None:
        """Wait until the hub has nothing under way."""

        async def rested() -> bool:
            async with self.hub.database.engine() as conn:
                return not await conn.fetchval("SELECT count(*) FROM delivery")

        await until(rested)

    async def rows(self, sql: str, *values: Any) -> list[Any]:
        """Ask the hub's database."""
        async with self.hub.database.engine() as conn:
            return list(await conn.fetch(sql, *values))

    async def order(self, mail: str = "guest@example.com", *, consent: bool = False) -> int:
        """Place an order as a visitor does, by the classic checkout; returns its id."""
        return await asyncio.to_thread(checkout, self.site, await self.php(PRODUCT), mail, consent=consent)


def checkout(site: Site, product: int, mail: str, *, consent: bool = False, visitor: Browser | None = None) -> int:
    """Buy one piece through the classic checkout."""
    visitor = visitor or site.visitor()
    visitor.get(f"/?add-to-cart={product}")
    page = visitor.get("/checkout/").text
    nonce = re.search(r'name="woocommerce-process-checkout-nonce" value="([0-9a-f]+)"', page)
    assert nonce, page[-3000:]
    form = {
        "billing_first_name": "Zoë",
        "billing_last_name": "Person",
        "billing_country": "DE",
        "billing_address_1": "Main St 1",
        "billing_city": "Berlin",
        "billing_postcode": "10115",
        "billing_phone": "030123456",
        "billing_email": mail,
        "payment_method": "cod",
        "woocommerce-process-checkout-nonce": nonce[1],
        **({"crossdock_marketing": "1"} if consent else {}),
    }
    answer = visitor.post("/?wc-ajax=checkout", data=form).json()
    assert answer["result"] == "success", answer
    return int(answer["order_id"])


def checkout_block(
    site: Site, product: int, mail: str, *, consent: bool = False, visitor: Browser | None = None
) -> int:
    """Buy one piece through the checkout block's API."""
    visitor = visitor or site.visitor()
    nonce = visitor.get("/wp-json/wc/store/v1/cart").headers["Nonce"]
    added = visitor.post(
        "/wp-json/wc/store/v1/cart/add-item", json={"id": product, "quantity": 1}, headers={"Nonce": nonce}
    )
    assert added.status_code == 201, added.text
    address = {"first_name": "Zoë", "last_name": "Person", "country": "DE", "address_1": "Main St 1", "city": "Berlin"}
    address |= {"postcode": "10115", "phone": "030123456"}
    body = {"billing_address": address | {"email": mail}, "shipping_address": address, "payment_method": "cod"}
    if consent:
        body["additional_fields"] = {"crossdock/marketing": True}
    placed = visitor.post(
        "/wp-json/wc/store/v1/checkout", json=body, headers={"Nonce": added.headers.get("Nonce", nonce)}
    )
    assert placed.status_code == 200, placed.text
    return int(placed.json()["order_id"])


@contextlib.asynccontextmanager
async def opened(settings: Settings, site: Site) -> AsyncIterator[Stage]:
    """Open hub, worker and portal beside a site, and pair them."""
    port = free_port()
    settings = settings.model_copy(update={"public_url": f"http://127.0.0.1:{port}"})
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        served = await stack.enter_async_context(serving(hubspot.HubSpotSandbox(hubspot.Settings(per_10s=10_000))))
        hub = await stack.enter_async_context(open_hub(settings))
        stage = Stage(site, hub, Portal(served, 1, http), port)
        await stage.open()
        stack.push_async_callback(stage.shut)
        await stage.pair()
        portal = {"token": hubspot.TOKEN, "base_url": served.url}
        await hub.connections.connect(await hub.tenants.find(), "hubspot", portal, actor="test")
        await stack.enter_async_context(working(hub))
        yield stage
