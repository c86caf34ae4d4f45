"""Manners at a shop: quiet hours end a sweep at its page, and doorbells keep to the pace and the budget."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import orjson
import pytest

from crossdock.connect.budget import urgent
from crossdock.connect.client import CallFailed, FailKind
from crossdock.connect.sandbox import serving
from crossdock.connectors.woocommerce.sandbox import (
    DEFAULT_CONSUMER_KEY,
    DEFAULT_CONSUMER_SECRET,
    Settings,
    build,
    generate,
)
from crossdock.connectors.woocommerce.sandbox.shop import Shop
from crossdock.flow.pull.terms import Terms
from crossdock.flow.pull.turns import Turns
from crossdock.flow.run import PutOff, RunKind
from crossdock.kit.clock import SetClock, SystemClock
from crossdock.kit.ids import new_id
from crossdock.model.connection import Connection
from crossdock.model.outcome import Throttled
from crossdock.model.route import Priority
from crossdock.settings import Settings as HubSettings
from crossdock.wiring import Hub, open_hub
from tests.support.hub import add_connection


class Moved(SystemClock):
    """The system's clock, moved."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.by


class Evening:
    """It gets late when so many more pages are saved as ``comes`` says."""

    def __init__(self, clock: Moved) -> None:
        self.clock = clock
        self.comes = 0

    async def reach(self, name: str) -> None:
        if name == "pull.saved" and self.comes:
            self.comes -= 1
            self.clock.by = timedelta(0 if self.comes else 0.25)


@contextlib.asynccontextmanager
async def opened(settings: HubSettings, **config: Any) -> AsyncIterator[tuple[Hub, Evening, Shop, Connection]]:
    clock, shop = Moved(), generate(10, 1)
    late = Evening(clock)
    rate = next(iter(shop.tax_rates.rows.values()))
    for number in range(1001, 1451):
        shop.tax_rates.rows[number] = {**rate, "id": number}
    async with open_hub(settings, late, clock=clock) as hub, serving(build(shop, Settings())) as served:
        keys = {"key": DEFAULT_CONSUMER_KEY, "secret": DEFAULT_CONSUMER_SECRET}
        form = {"url": served.url, "plain_http": True, **config}
        yield hub, late, shop, await add_connection(hub, "woocommerce", "shop", form, keys)


def evening() -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "from": (now + timedelta(hours=3)).time().isoformat("minutes"),
        "to": (now + timedelta(hours=12)).time().isoformat("minutes"),
        "zone": "UTC",
    }


async def state(hub: Hub) -> tuple[str, int]:
    """Return the newest run's state and the tax rates that are recorded."""
    async with hub.database.engine() as conn:
        found = await conn.fetchval("SELECT state FROM run ORDER BY id DESC LIMIT 1")
        return found, await conn.fetchval("SELECT count(*) FROM record WHERE stream = 'tax_rate'")


@pytest.mark.parametrize(("kind", "after"), [(RunKind.BACKFILL, "waiting"), (RunKind.PULL, "done")])
async def test_quiet_hours_end_a_sweep_at_its_page_and_it_goes_on_there(
    settings: HubSettings, kind: RunKind, after: str
) -> None:
    async with opened(settings, quiet_hours=evening()) as (hub, late, shop, at):
        if kind is RunKind.PULL:  # its first pull only begins
            await hub.runs.add(at.tenant_id, at.id, kind, ("tax_rate",))
            assert await hub.runs.work_one("test", hub.works)
            for rate in shop.tax_rates.rows.values():
                rate["date_modified_gmt"] = "2099-01-01T00:00:00"
        late.comes = 2 if kind is RunKind.BACKFILL else 1  # a backfill begins the pull first
        await hub.runs.add(at.tenant_id, at.id, kind, ("tax_rate",))
        assert await hub.runs.work_one("test", hub.works)
        found, read = await state(hub)
        assert found == after, "a pull has other streams to read; a backfill waits"
        assert 0 < read < 300, "the page under way was the last"
        async with hub.database.engine() as conn:
            cursor = await conn.fetchval("SELECT cursor FROM checkpoint WHERE kind = $1", kind)
            assert orjson.loads(cursor)["climb"]["edge"] > 0, "its place is kept"
            await conn.execute("UPDATE run SET due_at = now() WHERE state = 'waiting'")
        late.clock.by = timedelta(hours=14)
        shop.clock.advance(14 * 3600)
        if kind is RunKind.PULL:
            await hub.runs.add(at.tenant_id, at.id, kind, ("tax_rate",))
        assert await hub.runs.work_one("test", hub.works)
        assert await state(hub) == ("done", len(shop.tax_rates.rows))


async def test_doorbells_are_counted_in_the_shops_budget(settings: HubSettings) -> None:
    async with opened(settings, requests_per_day=3) as (hub, _, shop, at):
        orders = sorted(shop.orders.rows)[:6]
        async with hub.database.transaction() as conn:
            for order in orders:
                await conn.execute(
                    "INSERT INTO doorbell (connection_id, stream, external_id, tenant_id, reason)"
                    " VALUES ($1, 'order', $2, $3, 'test')",
                    at.id,
                    str(order),
                    at.tenant_id,
                )
        assert await hub.bells.answer_some() == 6
        async with hub.database.engine() as conn:
            answered = await conn.fetchval("SELECT count(*) FROM record")
            left = await conn.fetch("SELECT failures, due_at > now() + interval '1 s' AS later FROM doorbell")
        assert 0 < answered <= 3
        waiting = [(0, True)] * (6 - answered)
        assert [tuple(row) for row in left] == waiting, "they wait for tomorrow, and it is nobody's failure"


async def test_a_days_budget_puts_a_run_off_and_a_restart_does_not_renew_it(settings: HubSettings) -> None:
    async with opened(settings, requests_per_day=10) as (hub, _, _, at):
        await hub.runs.add(at.tenant_id, at.id, RunKind.BACKFILL, ("order", "customer", "tax_rate"))
        assert (await worked(hub), await seen(at)) == (("waiting", True), 8), "the rest is kept for live traffic"
        async with hub.database.engine() as conn:
            await conn.execute("UPDATE run SET due_at = now()")
        async with open_hub(settings) as another:
            assert (await worked(another), await seen(at)) == (("waiting", True), 8)


async def worked(hub: Hub) -> tuple[str, bool]:
    """Work on the run as a worker does; return its state, and whether it says that the day's quota is used up."""
    with urgent(Priority.BULK, patient=True):
        assert await hub.runs.work_one("test", hub.works)
    async with hub.database.engine() as conn:
        row = await conn.fetchrow("SELECT state, problem FROM run ORDER BY id LIMIT 1")
    return row["state"], "today's quota of the account is used up" in str(row["problem"])


async def seen(at: Connection) -> int:
    """Return how many requests the shop has had."""
    async with aiohttp.ClientSession() as session, session.get(f"{at.config['url']}/_sandbox/load") as answer:
        return int((await answer.json())["requests"])


async def test_a_shop_that_says_when_to_come_again_is_asked_then() -> None:
    clock = SetClock(datetime(2026, 11, 21, tzinfo=UTC))
    queue = Turns(clock).of(new_id())
    with pytest.raises(PutOff, match="too many") as later:
        async with queue.turn("order", Terms()):
            raise CallFailed(FailKind.ANSWER, True, "too many requests", outcome=Throttled(90.0))
    assert later.value.until == datetime(2026, 11, 21, 0, 1, 30, tzinfo=UTC)
