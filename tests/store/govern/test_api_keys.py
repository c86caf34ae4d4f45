"""API keys on a real database: what they look like, how long they live, how they are rotated and seen in use."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import string
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from crossdock.errors import BadInput, Conflict, NotFound, Unauthenticated
from crossdock.govern.keys import NEVER, KeyLives, Keys
from crossdock.govern.programs import key_text
from crossdock.kit.ids import Prefix, parse
from crossdock.kit.redact import text
from crossdock.wiring import Hub
from tests.support.hub import blocked, until

DAY = timedelta(days=1)


async def one(hub: Hub, key_id: Any) -> dict[str, Any]:
    return (await hub.keys.list(await hub.tenants.find(), key_id))[0]


async def actions(hub: Hub) -> list[tuple[str, str]]:
    async with hub.database.engine() as conn:
        rows = await conn.fetch("SELECT actor, action FROM audit_entry WHERE action LIKE 'key.%' ORDER BY id")
    return [(row["actor"], row["action"]) for row in rows]


def test_a_key_shows_what_it_is_and_carries_a_checksum() -> None:
    live, test = key_text.made(), key_text.made(test=True)
    assert (live[:4], test[:9], len(live), len(test)) == ("cdk_", "cdk_test_", 53, 58)
    assert key_text.could_be(live)
    assert key_text.could_be(test)
    assert set(live[4:]) <= set(string.ascii_letters + string.digits)
    for at in range(4, len(live)):
        other = "A" if live[at] != "A" else "B"
        assert not key_text.could_be(live[:at] + other + live[at + 1 :]), "a slip of the pen is no key"
    for wrong in ("", "cdk_", live[:-1], live + "0", live.replace("cdk_", "sk_"), f" {live}", live + "\n", test[4:]):
        assert not key_text.could_be(wrong)
    assert key_text.could_be("cdk_" + "a-_9" * 10 + "xyz"), "the form before checksums goes on"
    assert live not in text(f"it said {live}")


async def test_a_slip_of_the_pen_costs_no_statement() -> None:
    class Nothing:
        def engine(self) -> Any:
            raise AssertionError("it asked the database")

        transaction = engine

    with pytest.raises(Unauthenticated):
        await Keys(Nothing()).verify(key_text.made()[:-1] + "!")


async def test_how_long_a_key_lives(hub: Hub) -> None:
    tenant = await hub.tenants.find()
    async with Keys(hub.database, KeyLives(30 * DAY, 90 * DAY)) as keys:
        now = datetime.now(UTC)
        usual = (await one(hub, (await keys.add(tenant, "usual", ["read"]))[0]))["expires_at"]
        assert timedelta() <= usual - now - 30 * DAY < timedelta(minutes=5)
        asked = now + 89 * DAY
        assert (await one(hub, (await keys.add(tenant, "asked", ["read"], asked))[0]))["expires_at"] == asked
        for wrong in (now, now - DAY, now + 91 * DAY, NEVER):
            with pytest.raises(BadInput) as refused:
                await keys.add(tenant, "wrong", ["read"], wrong)
            assert refused.value.field == "expires_at"
    assert (await one(hub, (await hub.keys.add(tenant, "free", ["read"]))[0]))["expires_at"] is None
    assert (await one(hub, (await hub.keys.add(tenant, "free", ["read"], NEVER))[0]))["expires_at"] is None
    for name in ("", "  ", "x" * 201):
        with pytest.raises(BadInput):
            await hub.keys.add(tenant, name, ["read"])


async def test_a_key_is_rotated_with_an_overlap_and_once(hub: Hub) -> None:
    tenant, other = await hub.tenants.find(), await hub.tenants.add("other")
    old, text_of_old = await hub.keys.add(tenant, "robot", ["read", "write"], datetime.now(UTC) + 10 * DAY)
    with pytest.raises(NotFound):
        await hub.keys.rotate(other, old, DAY)
    for wrong in (timedelta(seconds=-1), 31 * DAY):
        with pytest.raises(BadInput):
            await hub.keys.rotate(tenant, old, wrong)
    new, text_of_new, ends = await hub.keys.rotate(tenant, old, DAY, actor="usr_x")
    found, before = await hub.keys.verify(text_of_new), await hub.keys.verify(text_of_old)
    assert (found.key_id, found.name, found.scopes) == (new, before.name, before.scopes)
    shown = await one(hub, new)
    assert parse(Prefix.KEY, shown["replaces"]) == old
    assert abs(shown["expires_at"] - shown["created_at"] - 10 * DAY) < timedelta(minutes=5), "the same span of life"
    assert (await one(hub, old))["expires_at"] == ends < datetime.now(UTC) + DAY
    with pytest.raises(Conflict):
        await hub.keys.rotate(tenant, old, DAY)
    await hub.keys.rotate(tenant, new, timedelta())
    with pytest.raises(Unauthenticated):
        await hub.keys.verify(text_of_new)
    with pytest.raises(Conflict):
        await hub.keys.rotate(tenant, new, DAY)
    assert [action for _, action in await actions(hub)].count("key.rotate") == 2
    assert ("usr_x", "key.rotate") in await actions(hub)


async def test_of_two_who_rotate_a_key_at_once_one_does(hub: Hub) -> None:
    tenant = await hub.tenants.find()
    old, _ = await hub.keys.add(tenant, "robot", ["read"])
    async with hub.database.transaction() as conn:
        await conn.fetchval("SELECT 1 FROM api_key WHERE id = $1 FOR UPDATE", old)
        both = [apart(hub.keys.rotate(tenant, old, DAY)) for _ in range(2)]
        await until(lambda: blocked(hub, 2))
    made = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one).__name__ for one in made) == ["Conflict", "tuple"]
    assert len(await hub.keys.list(tenant)) == 2


def apart(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Do it over connections of its own."""
    return asyncio.create_task(work, context=contextvars.Context())


async def test_a_key_that_ends_sooner_than_the_overlap_is_not_prolonged(hub: Hub) -> None:
    tenant, soon = await hub.tenants.find(), datetime.now(UTC) + timedelta(hours=1)
    old, _ = await hub.keys.add(tenant, "robot", ["read"], soon)
    _, _, ends = await hub.keys.rotate(tenant, old, DAY)
    assert ends == (await one(hub, old))["expires_at"] == soon


class NoRoom:
    """A database that reads, and has no room to write."""

    def __init__(self, hub: Hub) -> None:
        self.transaction = hub.database.transaction
        self._engine = hub.database.engine

    @contextlib.asynccontextmanager
    async def engine(self) -> AsyncIterator[Any]:
        async with self._engine() as conn:
            yield Reading(conn)


class Reading:
    """A connection of it."""

    def __init__(self, conn: Any) -> None:
        self.fetchrow = conn.fetchrow

    async def execute(self, *_: object) -> None:
        raise asyncpg.DiskFullError("no room")


async def test_a_key_acts_though_its_use_cannot_be_noted(hub: Hub) -> None:
    _, text_of_key = await hub.keys.add(await hub.tenants.find(), "robot", ["read"])
    async with Keys(NoRoom(hub)) as keys:
        assert (await keys.verify(text_of_key)).name == "robot"


async def test_use_is_noted_at_most_once_a_minute(hub: Hub) -> None:
    tenant = await hub.tenants.find()
    key_id, key = await hub.keys.add(tenant, "robot", ["read"])
    assert (await one(hub, key_id))["used_at"] is None
    await hub.keys.verify(key)

    async def seen() -> Any:
        return (await one(hub, key_id))["used_at"]

    first = await until(seen)
    async with Keys(hub.database) as keys:
        await keys.verify(key)
    assert await seen() == first, "it was noted within the minute"
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE api_key SET used_at = used_at - interval '61 seconds'")
    async with Keys(hub.database) as keys:
        await keys.verify(key)
    assert await seen() >= first, "leaving waits for what is to be noted"


async def test_use_of_a_key_tells_no_process_to_forget_it(hub: Hub) -> None:
    heard: list[str] = []
    end = await hub.database.listen("crossdock_cache", heard.append)
    await hub.database.ears.connected.wait()
    tenant = await hub.tenants.find()
    key_id, key = await hub.keys.add(tenant, "robot", ["read"])
    await until(lambda: _said(heard, 1))
    async with Keys(hub.database) as keys:
        await keys.verify(key)
    await hub.keys.revoke(tenant, key_id)
    await until(lambda: _said(heard, 2))
    await end()
    assert [told for told in heard if told.startswith("key:")] == [f"key:{key_id}"] * 2


async def _said(heard: list[str], times: int) -> bool:
    return len([told for told in heard if told.startswith("key:")]) >= times


async def test_a_test_side_is_a_tenant_of_its_own(hub: Hub) -> None:
    live = await hub.tenants.find()
    side = await hub.tenants.test_side(live)
    assert side == await hub.tenants.test_side(live) == await hub.tenants.test_side(side)
    assert side != live
    shown = {row["slug"]: row["test_of"] for row in await hub.tenants.list()}
    assert shown == {"default": None, "default-test": "default"}
    _, test_key = await hub.keys.add(side, "trial", ["read"])
    _, live_key = await hub.keys.add(live, "robot", ["read"])
    assert (test_key.startswith("cdk_test_"), live_key.startswith("cdk_test_")) == (True, False)
    trial = await hub.keys.verify(test_key)
    assert (trial.tenant_id, trial.test, trial.slug) == (side, True, "default-test")
    assert not (await hub.keys.verify(live_key)).test
    assert [row["test"] for row in await hub.keys.list(live)] == [True, False], "the live side sees both"
    assert [row["name"] for row in await hub.keys.list(side)] == ["trial"], "the test side its own alone"
    with pytest.raises(NotFound):
        await hub.keys.revoke(side, (await hub.keys.verify(live_key)).key_id)  # type: ignore[arg-type]
    await hub.keys.revoke(live, trial.key_id)  # type: ignore[arg-type]
    with pytest.raises(Unauthenticated):
        await hub.keys.verify(test_key)


async def test_the_name_of_a_test_side_gives_way(hub: Hub) -> None:
    taken = await hub.tenants.add("shop-test")
    live, long = await hub.tenants.add("shop"), await hub.tenants.add("a" * 55 + "-bcdefgh")
    await hub.tenants.test_side(live)
    await hub.tenants.test_side(long)
    slugs = {row["slug"]: row["test_of"] for row in await hub.tenants.list()}
    assert slugs["shop-test-2"] == "shop"
    assert slugs["a" * 55 + "-test"] == "a" * 55 + "-bcdefgh"
    assert await hub.tenants.find("shop-test") == taken
