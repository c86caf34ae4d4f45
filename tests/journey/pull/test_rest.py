"""A slow sweep rests before it comes again; a pull that somebody asked for never does."""

from __future__ import annotations

from typing import Any

from crossdock.connect.connector import Page
from crossdock.flow.pull import Reading
from crossdock.flow.run import Run, RunKind
from crossdock.kit.failpoints import NONE
from crossdock.kit.ids import new_id
from crossdock.wiring import Hub
from tests.support.hub import add_shop


class CountingShop:
    """A source without entities that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def page(self, stream: str, cursor: dict[str, Any] | None, *, full: bool = False) -> Page:
        del cursor, full
        self.asked.append(stream)
        return Page((), {}, done=True)


class OneSource:
    """A directory that knows one source."""

    def __init__(self, hub: Hub, source: CountingShop) -> None:
        self._hub, self._source = hub, source

    async def connection(self, connection_id: Any) -> Any:
        return await self._hub.directory.connection(connection_id)

    async def source(self, connection_id: Any) -> Any:
        del connection_id
        return self._source

    def streams(self, connection: Any) -> tuple[str, ...]:
        del connection
        return ("customer",)


async def test_scheduled_pulls_rest_and_asked_ones_do_not(hub: Hub) -> None:
    shop = await add_shop(hub)
    source = CountingShop()
    reading = Reading(hub.database, OneSource(hub, source), hub.journey, hub.runs, NONE)

    async def pull(*streams: str) -> dict[str, Any]:
        run = Run(new_id(), shop.tenant_id, shop.id, RunKind.PULL, streams, 1, 0, {})
        async with hub.database.engine() as conn:
            await conn.execute("DELETE FROM run")
            await conn.execute(
                "INSERT INTO run (id, tenant_id, connection_id, kind, streams, state, epoch)"
                " VALUES ($1, $2, $3, 'pull', '{}', 'running', 1)",
                run.id,
                run.tenant_id,
                run.connection_id,
            )
        return await reading(run)

    assert (await pull())["customer"]["done"]
    assert (await pull())["customer"] == {"rests": True}
    assert (await pull("customer"))["customer"]["done"]
    assert source.asked == ["customer", "customer"]
