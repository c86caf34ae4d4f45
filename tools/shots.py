"""Write pictures of the main pages to docs/shots: a hub between sandboxes, with lively data, in Chromium.

Usage: ``python tools/shots.py [NAME ...]`` (all unless named). The shop, its orders and its people are generated; the
figures of the ninety days before are drawn from today's, with the rhythm of a week.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from playwright.async_api import Browser, async_playwright
from tests.support.lively import Lively, lively

from crossdock.api.app import build_app
from crossdock.cli.demo.ground import free_port, home_of
from crossdock.connect.sandbox import serving
from crossdock.govern.access import Role
from crossdock.govern.people import Kind
from crossdock.settings import Settings
from crossdock.web import page_routes
from crossdock.wiring import Hub, open_hub

ROOT = Path(__file__).parent.parent
SHOTS = ROOT / "docs" / "shots"
ORDERS = 120
DESK, PHONE = (1280, 860), (390, 844)
_PASSWORD = "a lamp and a bicycle at night"
_HISTORY = """
    INSERT INTO rollup (tenant_id, connection_id, span, at, route_id, kind, outcome, count, sketch, last_at)
    SELECT r.tenant_id, r.connection_id, r.span, r.at - n * step, r.route_id, r.kind, r.outcome,
           greatest(1, (r.count * (0.55 + 0.3 * sin(n * 0.9) + 0.15 * sin(n * 2.4)))::bigint), r.sketch,
           r.last_at - n * step
    FROM rollup r, (VALUES ('day', interval '1 day', 89), ('hour', interval '1 hour', 23)) AS s(span, step, most),
         generate_series(1, most) AS n
    WHERE r.span = s.span AND (r.outcome <> 'dead' OR n % 17 = 0) ON CONFLICT DO NOTHING"""


class Shot(msgspec.Struct, frozen=True):
    """One picture: its name, the page, and what it is shown on."""

    name: str
    path: str
    said: str
    """What it shows, for the README and for those who cannot see it."""
    size: tuple[int, int] = DESK
    dark: bool = False


ALL = (
    Shot("overview", "/t/default", "The overview: what needs a person, stores and destinations, the figures of today"),
    Shot("connections", "/t/default/connections", "Connections with their states and what they carry"),
    Shot("connecting", "/t/default/connections/new", "The gallery of connectors"),
    Shot(
        "mapping",
        "/t/default/routes/{route_id}/mapping",
        "The mapping editor: rules with values of a real order",
    ),
    Shot("trace", "/t/default/events/{event_id}", "The story of one event, from its receipt to its delivery"),
    Shot("order", "/t/default/orders/{order_id}", "An order seen through: captured, mapped, sent, answered, proven"),
    Shot("proof", "/t/default/proof", "The proof calendar: store by day by destination"),
    Shot("dead-letters", "/t/default/dead-letters", "Dead letters by cause, to be replayed or discarded"),
    Shot("alerts", "/t/default/alerts", "Alerts: what is wrong now, since when and why"),
    Shot("audit", "/t/default/audit", "The audit, a chain that can be verified", dark=True),
    Shot("overview-dark", "/t/default", "The overview in the dark", dark=True),
    Shot("phone", "/t/default", "The overview on a phone", size=PHONE),
)


async def main(wanted: list[str]) -> int:
    """Take the pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("chromium is not installed (apt-get install chromium)")
        return 1
    SHOTS.mkdir(exist_ok=True)
    async with _hub() as made, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
        )
        token = await _login(made)
        for shot in ALL:
            if not wanted or shot.name in wanted:
                await _take(browser, made, token, shot)
        await browser.close()
    return 0


@contextlib.asynccontextmanager
async def _hub() -> AsyncIterator[Lively]:
    """A hub at its public address, with some of everything and ninety days behind it."""
    home, port = home_of(), free_port()
    settings = Settings(
        data_dir=home / "data",
        master_key_file=home / "keys" / "master.key",
        public_url=f"http://127.0.0.1:{port}",
        egress_allow=("127.0.0.1/32",),
        production=False,
        report_at_hour=-1,
        call_timeout_s=5,
        retry_base_s=0.05,
        retry_ceiling_s=0.3,
        breaker_for_s=0.3,
    )
    try:
        async with (
            open_hub(settings) as hub,
            serving(build_app(hub, pages=page_routes(hub)), port=port),
            lively(hub, orders=ORDERS) as made,
        ):
            await _furnish(hub, made)
            yield made
    finally:
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)


async def _furnish(hub: Hub, made: Lively) -> None:
    await hub.tenants.rename(made.tenant_id, "Nordlicht Retail", actor="shots")
    await hub.audit.chainer.tend()
    async with hub.database.engine() as conn:
        await conn.execute(_HISTORY)


async def _login(made: Lively) -> str:
    people = made.hub.people
    invited = await people.members.invite(made.tenant_id, "ada@nordlicht.example", Role.OWNER, actor="shots")
    await people.links.use(Kind.INVITE, invited.token, name="Ada Lindqvist", password=_PASSWORD)
    begun = await people.sessions.begin("ada@nordlicht.example", _PASSWORD, agent="Chromium", address="127.0.0.1")
    return begun.token


async def _take(browser: Browser, made: Lively, token: str, shot: Shot) -> None:
    url = str(made.hub.settings.public_url)
    context = await browser.new_context(
        base_url=url,
        viewport={"width": shot.size[0], "height": shot.size[1]},
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
    )
    await context.add_cookies([{"name": "crossdock-session", "value": token, "url": url}])
    page = await context.new_page()
    answer = await page.goto(shot.path.format(**made.ids))
    if answer is None or answer.status != 200:
        raise SystemExit(f"{shot.name}: {shot.path} answered {answer.status if answer else 'nothing'}")
    path = SHOTS / f"{shot.name}.png"
    await page.screenshot(path=path)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB", flush=True)
    await context.close()


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1:])))
