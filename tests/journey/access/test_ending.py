"""The end of a tenant: asked with its slug, stopped at once, deleted from every table; others keep theirs."""

from __future__ import annotations

import asyncio
import contextvars
import uuid
from datetime import timedelta
from typing import Any

import pytest

from crossdock.errors import BadInput, NotFound
from crossdock.govern.programs.ending import Ending, EndLost
from crossdock.store.queries import name_of
from crossdock.wiring import Hub
from tests.support.filling import Filler
from tests.support.hub import blocked, until

NOT_FILLED = {"tenant", "audit_waiting", "audit_link", "audit_head", "audit_entry", "membership", "person_link"}
"""Tables whose rows the end itself makes as well, or that go with the people."""


async def finish(ending: Ending, end: uuid.UUID) -> dict[str, Any]:
    """Do what is to be done, until nothing is."""
    while await ending.work():
        pass
    return await ending.receipt(end)


def at_once(hub: Hub) -> Ending:
    return Ending(hub.database, hub.connections, timedelta())


async def test_no_row_is_left_in_any_table_and_others_keep_theirs(hub: Hub, filler: Filler) -> None:
    live, other = await hub.tenants.add("leaving"), await hub.tenants.add("staying")
    side = await hub.tenants.test_side(live)
    for tenant in (live, other, side):
        filler.fill(tenant)
    before, kept = filler.counts(live), filler.counts(other)
    assert [name for name, rows in before.items() if not rows] == [], "every table has rows of the tenant"
    ending = at_once(hub)
    end = await ending.ask(live, "leaving", actor="key_x", invoices=True)
    receipt = await finish(ending, end)
    assert {name: rows for name, rows in filler.counts(live).items() if rows} == {}
    assert {name: rows for name, rows in filler.counts(side).items() if rows} == {}
    assert filler.counts(other) == kept
    assert (receipt["state"], receipt["slug"], receipt["asked_by"]) == ("deleted", "leaving", "key_x")
    assert receipt["done_at"] is not None
    counted = {name: rows for name, rows in receipt["counts"].items() if name not in NOT_FILLED}
    assert counted == {name: rows for name, rows in before.items() if name not in NOT_FILLED} | {"person": 3}
    assert {row["slug"] for row in await hub.tenants.list()} == {"staying"}
    assert {one["slug"]: one["mode"] for one in await ending.receipts(None, 10)} == {
        "leaving": "live",
        "leaving-test": "test",
    }
    assert not await ending.work()


@pytest.mark.parametrize("sooner", [True, False])
async def test_what_is_made_while_its_end_is_asked_for_goes_with_it(hub: Hub, *, sooner: bool) -> None:
    """A test side and a key wait for the tenant's row, as the end does: those before it end too, none comes after."""
    tenant, ending = await hub.tenants.add("leaving"), at_once(hub)
    made = [hub.tenants.test_side(tenant), hub.keys.add(tenant, "late", ["read"])]
    asked = ending.ask(tenant, "leaving", actor="key_x")
    tasks: list[asyncio.Task[Any]] = []
    async with hub.database.transaction() as conn:
        await conn.fetchval("SELECT 1 FROM tenant WHERE tenant_id = $1 FOR UPDATE", tenant)
        for work in [*made, asked] if sooner else [asked, *made]:
            tasks.append(asyncio.create_task(work, context=contextvars.Context()))
            await until(lambda: blocked(hub, len(tasks)))
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(one, NotFound) for one in done] == ([False] * 3 if sooner else [False, True, True]), done
    receipt = await finish(ending, done[-1 if sooner else 0])
    assert (receipt["state"], receipt["problem"]) == ("deleted", None)
    assert await hub.tenants.list() == []
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM api_key") == 0


async def test_a_tenant_that_ends_gets_neither_a_key_nor_a_test_side(hub: Hub) -> None:
    tenant = await hub.tenants.add("leaving")
    await at_once(hub).ask(tenant, "leaving", actor="key_x")
    with pytest.raises(NotFound):
        await hub.keys.add(tenant, "late", ["read"])
    with pytest.raises(NotFound):
        await hub.tenants.test_side(tenant)


async def test_a_crash_at_any_statement_is_gone_on_from(hub: Hub, filler: Filler) -> None:
    """Whoever goes on after a crash takes over when the lease has run out, and the receipt counts every row once."""
    tenant = await hub.tenants.add("leaving")
    filler.fill(tenant)
    before = filler.counts(tenant)
    end = await at_once(hub).ask(tenant, "leaving", actor="key_x", invoices=True)

    class Crash(BaseException):
        """As if the process was gone."""

    class Frail:
        """The database of a process that dies at its nth statement."""

        def __init__(self, nth: int) -> None:
            self.left = nth

        def transaction(self) -> Any:
            self.die()
            return hub.database.transaction()

        def engine(self) -> Any:
            self.die()
            return hub.database.engine()

        def die(self) -> None:
            self.left -= 1
            if self.left < 0:
                raise Crash

    crashes = 0
    for _ in range(200):
        if (await at_once(hub).receipt(end))["state"] == "deleted":
            break
        dying = Ending(Frail(7), hub.connections, timedelta())
        try:
            await dying.work()
        except Crash:
            crashes += 1
        async with hub.database.engine() as conn:
            await conn.execute("UPDATE tenant_end SET until = now() - interval '1 second' WHERE until IS NOT NULL")
        if crashes > 5:
            # by now it has died often enough in the midst of deleting
            await finish(at_once(hub), end)
    receipt = await at_once(hub).receipt(end)
    assert crashes > 5
    assert {name: rows for name, rows in filler.counts(tenant).items() if rows} == {}
    counted = {name: rows for name, rows in receipt["counts"].items() if name not in NOT_FILLED | {"person"}}
    assert counted == {name: rows for name, rows in before.items() if name not in NOT_FILLED}


async def test_who_lost_the_lease_deletes_nothing_more(hub: Hub, filler: Filler) -> None:
    tenant = await hub.tenants.add("leaving")
    filler.fill(tenant)
    one, two = at_once(hub), at_once(hub)
    end = await one.ask(tenant, "leaving", actor="key_x", invoices=True)
    assert await one.work()
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE tenant_end SET owner = $1, until = now() + interval '1 hour'", two._owner)
    assert not await one.work(), "it is another's"
    (table,) = [table for table in await one.tables() if table.name == "checkpoint"]
    with pytest.raises(EndLost):
        await one._clear(end, tenant, table)
    assert filler.counts(tenant)["checkpoint"] == 3, "what was deleted without the lease came back"


async def test_what_an_end_needs(hub: Hub) -> None:
    tenant = await hub.tenants.add("leaving")
    ending = at_once(hub)
    for wrong in ("", "Leaving", "staying"):
        with pytest.raises(BadInput) as refused:
            await ending.ask(tenant, wrong, actor="key_x")
        assert refused.value.field == "slug"
    with pytest.raises(NotFound):
        await ending.ask(uuid.uuid4(), "leaving", actor="key_x")
    first = await ending.ask(tenant, "leaving", actor="key_x")
    assert await ending.ask(tenant, "leaving", actor="key_y") == first
    assert (await ending.receipt(first))["state"] == "stopping"
    assert not await ending.work(uuid.uuid4())
    assert (await finish(ending, first))["state"] == "deleted"
    with pytest.raises(NotFound):
        await ending.ask(tenant, "leaving", actor="key_x")


def test_the_statements_are_known_by_name() -> None:
    from crossdock.govern.programs.ending import SQL

    assert all(name_of(text) for text in SQL.values())
