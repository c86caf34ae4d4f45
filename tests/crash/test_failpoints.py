"""A worker lost at any of the named places: the next one goes on, nothing is lost and nothing is there twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from crossdock.settings import Settings
from crossdock.store.settings import StoreSettings
from crossdock.wiring import open_hub
from crossdock.worker import Worker
from tests.crash.stage import Stage, quiet, staged
from tests.crash.strike import Strike
from tests.support.database import TestServer
from tests.support.hub import until, working

PLACES = {
    "deliver.claimed": (1,),
    "deliver.before_call": (2,),
    "deliver.after_call": (1, 2, 3, 4),
    "deliver.advanced": (2,),
    "pull.read": (2,),
    "pull.saved": (1, 3),
}
STRIKES = [(name, nth) for name, hits in PLACES.items() for nth in hits]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Short deadlines: a lost worker's calls are over soon."""
    return settings.model_copy(update={"call_timeout_s": 0.5, "lease_s": 0.6})


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


@pytest.mark.parametrize(("name", "nth"), STRIKES)
async def test_a_worker_lost_anywhere_loses_and_doubles_nothing(
    stage: Stage, settings: Settings, name: str, nth: int
) -> None:
    strike = Strike(name, nth)
    async with open_hub(settings, strike) as first:
        await stage.connect(first)
        doomed = asyncio.create_task(Worker(first).run())
        try:
            await asyncio.wait_for(strike.struck.wait(), 30)
        finally:
            doomed.cancel()
            await asyncio.gather(doomed, return_exceptions=True)
    async with open_hub(settings) as second, working(second):
        proof = await stage.proven(second)
    assert proof.ok, (proof.rows, proof.differences[:10])
    await stage.no_doubles()


@pytest.mark.parametrize("nth", range(5))
async def test_an_answer_cut_after_any_write_is_looked_up_not_doubled(
    stage: Stage, settings: Settings, nth: int
) -> None:
    cut = CutAfter(stage, nth)
    async with open_hub(settings, cut) as hub:
        await stage.connect(hub)
        async with working(hub):
            await quiet(hub)
            proof = await stage.proven(hub)
        async with hub.database.engine() as conn:
            doubted = await conn.fetchval("SELECT count(*) FROM attempt WHERE outcome = 'unknown'")
    assert cut.turned
    assert (await stage.dial())["cut_after_effect"] == 0
    assert doubted > 0
    assert proof.ok, (proof.rows, proof.differences[:10])
    await stage.no_doubles()


class CutAfter:
    """Turns the portal's dial before the nth step goes out, so that its first write takes effect unanswered."""

    def __init__(self, stage: Stage, nth: int) -> None:
        self._stage = stage
        self._left = nth
        self.turned = False

    async def reach(self, name: str) -> None:
        """Count the calls."""
        if name != "deliver.before_call":
            return
        if self._left == 0:
            self.turned = True
            await self._stage.dial(cut_after_effect=1)
        self._left -= 1


async def test_a_database_that_ends_every_session_delays_nothing_for_long(
    stage: Stage, settings: Settings, store_settings: StoreSettings, postgres: TestServer
) -> None:
    """As a restart of the server does."""
    async with open_hub(settings) as hub:
        await stage.connect(hub)
        async with working(hub):

            async def begun() -> bool:
                return bool((await stage.portal())["counts"]["contacts"]["live"])

            await until(begun)
            ended = await asyncio.to_thread(
                postgres.admin,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                store_settings.database,
            )
            proof = await stage.proven(hub)
    assert len(ended) > 1
    assert proof.ok, (proof.rows, proof.differences[:10])
    await stage.no_doubles()
