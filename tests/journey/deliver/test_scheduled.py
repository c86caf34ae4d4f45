"""Deliveries that wait for their time: they go out then, follow their source, and keep nobody else waiting."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossdock.connect.sandbox import serving
from crossdock.connectors.webhook import sandbox
from crossdock.govern.route_terms import terms_of
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.support.hub import add_shop, add_sink, order, signed, until, working

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = "meta_data[?key=='_at'].value | [0]"


def booked(number: int, at: datetime, *, minute: int = 0, **more: Any) -> dict[str, Any]:
    meta = [{"id": 1, "key": "_at", "value": at.isoformat()}]
    return order(number, modified=f"2026-11-20T10:{minute:02}:00", meta_data=meta, **more)


async def tell(hub: Hub, shop: Connection, document: dict[str, Any]) -> None:
    (receipt,) = await hub.journey.webhook(shop, *signed(document))
    assert receipt.verdict == "applied"


async def routed(hub: Hub, url: str, schedule: dict[str, Any], **choices: Any) -> tuple[Connection, uuid.UUID]:
    shop, sink = await add_shop(hub), await add_sink(hub, url)
    terms = terms_of({"schedule": schedule, **choices})
    made = await hub.connections.add_route(shop.tenant_id, shop, sink, "order", "post", "test", terms)
    assert made is not None
    return shop, made


async def waiting(hub: Hub) -> list[Any]:
    async with hub.database.engine() as conn:
        found: list[Any] = await conn.fetch("SELECT * FROM delivery ORDER BY seq, id")
        return found


async def ended(hub: Hub) -> list[tuple[str, str | None]]:
    async with hub.database.engine() as conn:
        rows = await conn.fetch("SELECT state, rule FROM delivery_done ORDER BY seq, id")
        return [(row["state"], row["rule"]) for row in rows]


async def put_off(hub: Hub, count: int = 1) -> list[Any]:
    """Wait until so many deliveries wait for a time that lies ahead."""

    async def all_are() -> list[Any]:
        rows = await waiting(hub)
        heads = [row for row in rows if row["head"]]
        far = datetime.now(UTC) + timedelta(minutes=10)
        return rows if len(heads) == count and all(r["due_at"] > far and r["state"] == "waiting" for r in heads) else []

    found: list[Any] = await until(all_are)
    return found


async def test_a_reminder_goes_out_at_its_time_and_its_neighbours_at_once(hub: Hub) -> None:
    soon = datetime.now(UTC) + timedelta(days=3)
    async with serving(sandbox.app(SECRET)) as receiver:
        shop, _ = await routed(hub, f"{receiver.url}/hook", {"at": AT, "offset_s": -86_400})
        await tell(hub, shop, booked(1, soon))
        await tell(hub, shop, booked(2, datetime.now(UTC) + timedelta(hours=3)))
        async with working(hub):
            await until(lambda: _one(hub, ("delivered", None)))
            (row,) = await put_off(hub)
    assert abs(row["due_at"] - (soon - timedelta(days=1))) < timedelta(seconds=5)
    assert row["attempt"] == 0, "waiting is no attempt"
    assert row["reason"].startswith("planned for")
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM attempt WHERE delivery_id = $1", row["id"]) == 0


async def _one(hub: Hub, end: tuple[str, str | None]) -> bool:
    return end in await ended(hub)


async def test_a_source_that_moves_re_plans_its_reminder(hub: Hub) -> None:
    """The route takes new orders only: the change itself is no message of its own."""
    soon = datetime.now(UTC) + timedelta(days=3)
    async with serving(sandbox.app(SECRET)) as receiver:
        shop, _ = await routed(hub, f"{receiver.url}/hook", {"at": AT}, types=["order.created"])
        await tell(hub, shop, booked(1, soon))
        async with working(hub):
            (first,) = await put_off(hub)
            await tell(hub, shop, booked(1, soon + timedelta(days=2), minute=1))

            async def moved() -> Any:
                (row,) = await waiting(hub)
                return row["due_at"] > soon + timedelta(days=1) and row

            row = await until(moved)
            assert row["id"] == first["id"]
            await tell(hub, shop, booked(1, datetime.now(UTC) - timedelta(hours=1), minute=2))
            await until(lambda: _one(hub, ("delivered", None)))
    assert await ended(hub) == [("delivered", None)]


@pytest.mark.parametrize(
    ("on_change", "ends"),
    [
        ("replan", [("skipped", "source-changed")]),
        ("skip", [("skipped", "source-changed")]),
        ("keep", []),
    ],
)
async def test_a_newer_message_takes_the_place_of_the_waiting_one(
    hub: Hub, on_change: str, ends: list[tuple[str, str]]
) -> None:
    soon = datetime.now(UTC) + timedelta(days=3)
    async with serving(sandbox.app(SECRET)) as receiver:
        shop, _ = await routed(hub, f"{receiver.url}/hook", {"at": AT, "on_change": on_change})
        await tell(hub, shop, booked(1, soon))
        async with working(hub):
            await put_off(hub)
            await tell(hub, shop, booked(1, soon + timedelta(days=1), minute=1))
            if ends:
                await until(lambda: _one(hub, ends[0]))
            rows = await put_off(hub)
    assert await ended(hub) == ends
    assert len(rows) == (1 if ends else 2)


async def test_a_cancelled_source_ends_its_reminder(hub: Hub) -> None:
    soon = datetime.now(UTC) + timedelta(days=3)
    async with serving(sandbox.app(SECRET)) as receiver:
        shop, _ = await routed(hub, f"{receiver.url}/hook", {"at": AT}, types=["order.created"])
        await tell(hub, shop, booked(1, soon))
        async with working(hub):
            await put_off(hub)
            await tell(hub, shop, booked(1, soon, minute=1, status="cancelled"))
            await until(lambda: _one(hub, ("skipped", "cancelled")))
    assert await waiting(hub) == []


async def test_a_new_schedule_is_asked_by_what_waits(hub: Hub) -> None:
    soon = datetime.now(UTC) + timedelta(days=3)
    async with serving(sandbox.app(SECRET)) as receiver:
        shop, route = await routed(hub, f"{receiver.url}/hook", {"at": AT})
        await tell(hub, shop, booked(1, soon))
        async with working(hub):
            await put_off(hub)
            await hub.connections.change_route(shop.tenant_id, route, terms_of({"schedule": None}), actor="test")
            await until(lambda: _one(hub, ("delivered", None)))


async def test_a_route_that_is_switched_off_ends_what_waits_and_takes_nothing(hub: Hub) -> None:
    async with serving(sandbox.app(SECRET)) as receiver:
        shop, route = await routed(hub, f"{receiver.url}/hook", {"delay_s": 86_400})
        await tell(hub, shop, order(1))
        async with working(hub):
            await put_off(hub)
            await hub.connections.switch_route(shop.tenant_id, route, on=False, actor="test")
            await until(lambda: _one(hub, ("skipped", "route-removed")))
            await tell(hub, shop, order(2))
            assert await waiting(hub) == []
            await hub.connections.switch_route(shop.tenant_id, route, on=True, actor="test")
            await tell(hub, shop, order(3))
            await put_off(hub)
