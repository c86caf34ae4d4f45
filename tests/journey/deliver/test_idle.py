"""A worker with nothing to do asks the database little, however many of them there are."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio

from crossdock.connect.sandbox import serving
from crossdock.connectors.webhook import sandbox as receiver
from crossdock.flow.deliver.ports import Limits
from crossdock.flow.deliver.pump import SQL as QUEUE
from crossdock.kit.clock import SetClock
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.support.hub import add_route, add_shop, add_sink, order, product, signed, until, working


class Counted:
    """Counts the statements of a process."""

    def __init__(self) -> None:
        self.places: Counter[str] = Counter()

    async def reach(self, name: str) -> None:
        self.places[name] += 1

    @property
    def statements(self) -> int:
        # a place before a statement, one after it; before a commit and after it
        told = {name: count for name, count in self.places.items() if "/" in name and not name.endswith(" done")}
        return sum(count for name, count in told.items() if not name.startswith("committed "))


@pytest_asyncio.fixture
async def counted(settings: Settings) -> AsyncIterator[tuple[Hub, Counted]]:
    counter = Counted()
    async with open_hub(settings, counter) as hub:
        yield hub, counter


async def test_an_idle_worker_asks_a_bounded_number_of_times(counted: tuple[Hub, Counted]) -> None:
    hub, counter = counted
    await add_shop(hub)
    for n in range(20):
        await add_sink(hub, "http://127.0.0.1:9/", f"sink-{n}")
    async with working(hub):
        await until(_rested(counter))
        before, earlier, most = counter.statements, counter.places.copy(), 6.0
        began = time.monotonic()
        await asyncio.sleep(most)
        asked, most = counter.statements - before, time.monotonic() - began
    assert asked > 0, "it does look"
    # ten loops look every two seconds, the chores at their own pace
    assert asked / most <= 25, (counter.places - earlier).most_common(20)


def _rested(counter: Counted):  # type: ignore[no-untyped-def]
    seen = [0]

    async def rested() -> bool:
        await asyncio.sleep(0.5)
        before, seen[0] = seen[0], counter.statements
        return 0 < seen[0] - before < 20

    return rested


async def test_no_lane_is_taken_again_and_again_when_nothing_is_due(counted: tuple[Hub, Counted]) -> None:
    hub, _ = counted
    lanes = [(await add_sink(hub, "http://127.0.0.1:9/", f"sink-{n}")).id for n in range(5)]
    async with working(hub):
        hub.hints.ring(set(lanes), False)
        await asyncio.sleep(3)
    async with hub.database.engine() as conn:
        epochs = [row["epoch"] for row in await conn.fetch("SELECT epoch FROM lane")]
        due = await conn.fetchval("SELECT count(*) FROM lane WHERE due_at IS NOT NULL")
    assert max(epochs) <= 2
    assert due == 0


async def test_a_lane_that_is_due_is_told_of_again_for_a_hint_may_have_hidden_it(counted: tuple[Hub, Counted]) -> None:
    hub, _ = counted
    shop, sink = await add_shop(hub), await add_sink(hub, "http://127.0.0.1:9/")
    await add_route(hub, shop, sink, "*", "post")
    await hub.journey.webhook(shop, *signed(order(1)))
    async with hub.database.engine() as conn:
        await conn.execute(QUEUE["hint_lanes"], [sink.id], False, "first")
        assert await conn.fetchval("SELECT due_at <= now() AND best = 1 FROM lane WHERE id = $1", sink.id)
    heard: asyncio.Queue[str] = asyncio.Queue()
    unlisten = await hub.database.listen("crossdock_lane", heard.put_nowait)
    assert await heard.get() == "", "it is listened to only from here on"
    async with hub.database.transaction() as conn:
        await conn.execute(QUEUE["hint_lanes"], [sink.id], False, "second")
        # in a task of its own: one that holds a connection is given the same again, and nothing is locked for that one
        beside = asyncio.create_task(hub.pump.take("test"))
        assert await beside is None, "what is locked is passed over"
    async with asyncio.timeout(60):
        while await heard.get() != "second":
            pass
    await unlisten()
    assert await hub.pump.take("test") is not None


async def test_a_visit_looks_again_only_where_there_was_much(counted: tuple[Hub, Counted]) -> None:
    hub, counter = counted
    async with serving(receiver.app("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")) as served:
        shop, sink = await add_shop(hub), await add_sink(hub, f"{served.url}/hook")
        await add_route(hub, shop, sink, "*", "post")
        looks = []
        for numbers in (range(1, 2), range(2, 252)):
            async with asyncio.TaskGroup() as tasks:
                for number in numbers:
                    tasks.create_task(hub.journey.webhook(shop, *signed(order(number))))
            async with hub.database.engine() as conn:
                await conn.execute("UPDATE lane SET due_at = now()")
            before = counter.places["deliver/queue.claim"]
            taken = await hub.pump.take("test")
            assert taken is not None
            await hub.pump.drain(taken)
            looks.append(counter.places["deliver/queue.claim"] - before)
        async with hub.database.engine() as conn:
            assert not await conn.fetchval("SELECT count(*) FROM delivery")
    assert looks[0] == 2, "one that finds it, and one that finds no more when it is settled"
    assert looks[1] >= 7, "three batches, and one empty look of each of the four that were under way at once"


async def test_beside_other_lanes_a_backlog_goes_in_small_batches(settings: Settings) -> None:
    """Others' messages then wait for a short statement at most. No time passes here: the company stays."""
    counter = Counted()
    async with (
        open_hub(settings, counter, clock=SetClock(datetime.now(UTC))) as hub,
        serving(receiver.app("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")) as served,
    ):
        shop, sink = await add_shop(hub), await add_sink(hub, f"{served.url}/hook")
        other = await add_sink(hub, f"{served.url}/other", "other")
        await add_route(hub, shop, sink, "order", "post")
        await add_route(hub, shop, other, "product", "post")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hub.journey.webhook(shop, *signed(product(), "product.updated")))
            for number in range(1, 252):
                tasks.create_task(hub.journey.webhook(shop, *signed(order(number))))
        async with hub.database.engine() as conn:
            await conn.execute("UPDATE lane SET due_at = now()")
        taken = {one.lane.id: one for _ in range(2) if (one := await hub.pump.take("test")) is not None}
        assert set(taken) == {sink.id, other.id}
        await hub.pump.drain(taken[other.id])
        before = counter.places["deliver/queue.claim"]
        await hub.pump.drain(taken[sink.id])
        assert counter.places["deliver/queue.claim"] - before >= 251 / Limits().messages_beside
