"""What is remembered is believed only while the ears have proven themselves: cut, silent, behind a pooler."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from pydantic import SecretStr

from crossdock.model.connection import Connection
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.caches.wire import Wire, wire_to
from tests.support.hub import add_shop, until


class Deaf:
    """A hub that hears over a wire which can be cut, and the shop it remembers."""

    def __init__(self, hub: Hub, wire: Wire, shop: Connection) -> None:
        self.hub, self.wire, self.shop = hub, wire, shop

    async def name(self) -> str:
        return (await self.hub.directory.connection(self.shop.id)).name

    async def rename(self, name: str) -> None:
        async with self.hub.database.engine() as conn:
            await conn.execute("UPDATE connection SET name = $2 WHERE id = $1", self.shop.id, name)

    def called(self, name: str) -> Callable[[], Awaitable[Any]]:
        async def is_so() -> bool:
            return await self.name() == name

        return is_so


@pytest_asyncio.fixture
async def deaf(settings: Settings, database_url: str) -> AsyncIterator[Deaf]:
    async with (
        wire_to(database_url) as wire,
        open_hub(settings.model_copy(update={"listen_url": SecretStr(wire.url)})) as hub,
    ):
        hub.database.ears.start()
        await asyncio.wait_for(hub.database.ears.connected.wait(), 10)
        yield Deaf(hub, wire, await add_shop(hub))


async def test_what_is_heard_is_answered_from_memory(deaf: Deaf) -> None:
    assert await deaf.hub.database.ears.prove()
    first = await deaf.hub.directory.source(deaf.shop.id)
    assert await deaf.hub.directory.source(deaf.shop.id) is first
    await deaf.rename("renamed")
    await until(deaf.called("renamed"))
    assert await deaf.hub.directory.source(deaf.shop.id) is not first


async def test_a_wire_that_is_cut_is_laid_again_and_everything_is_dropped(deaf: Deaf) -> None:
    assert await deaf.name() == "shop"
    deaf.wire.cut()
    await deaf.rename("while it was cut")
    await until(deaf.called("while it was cut"))
    await until(deaf.hub.database.ears.prove)
    await deaf.rename("heard again")
    await until(deaf.called("heard again"))
    assert deaf.hub.database.ears.proven


async def test_a_wire_that_is_silent_is_not_believed(deaf: Deaf) -> None:
    """No end is told that it was cut: only the question on the wire itself finds out."""
    assert await deaf.name() == "shop"
    deaf.wire.dumb = True
    await deaf.rename("nobody was told")
    await until(deaf.called("nobody was told"))
    deaf.wire.dumb = False
    deaf.wire.cut()
    await until(deaf.hub.database.ears.prove)


async def test_a_change_during_the_reading_is_not_overlooked(hub: Hub) -> None:
    """What is dropped while it is read is read again: the answer may have been made before the change."""
    shop = await add_shop(hub)
    hub.database.ears.start()
    await until(hub.database.ears.prove)
    read = hub.directory._entries
    began, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_known: Any) -> Any:
        began.set()
        await go_on.wait()
        return "the old one"

    hub.directory.forget(shop.id)
    reading = asyncio.create_task(read.get(shop.id, slowly))
    await began.wait()
    hub.directory.forget(shop.id)
    go_on.set()
    assert await reading == "the old one"

    async def newly(_known: Any) -> Any:
        return "the new one"

    assert await read.get(shop.id, newly) == "the new one"
