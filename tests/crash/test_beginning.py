"""A worker's beginning: no error of its first look leaves a process that answers and delivers nothing."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crossdock.cli.working import working
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.support.hub import until


class First:
    """Raises at the first passing of a place, and counts them all."""

    def __init__(self, place: str) -> None:
        self._place = place
        self.passed = 0

    async def reach(self, name: str) -> None:
        """Pass a place."""
        if name == self._place:
            self.passed += 1
            if self.passed == 1:
                raise RuntimeError("an error that nobody expects")


async def test_an_error_of_the_first_look_for_orphans_is_no_end(settings: Settings) -> None:
    """Found by the campaign: the worker ended, the door went on answering, and nothing was delivered any more."""
    probe = First("worker/orphans.owners")
    async with open_hub(settings, probe) as hub, working(hub):

        async def again() -> bool:
            return probe.passed > 1

        await until(again)


async def test_a_worker_that_cannot_begin_ends_what_it_works_for() -> None:
    async def listen(_channel: str, _callback: Any) -> None:
        raise RuntimeError("no ears")

    parts = {name: SimpleNamespace() for name in ("watch", "runs", "pump")}
    mute = SimpleNamespace(settings=SimpleNamespace(runs_at_once=1), database=SimpleNamespace(listen=listen), **parts)
    mute.watch.look, mute.pump.stop, mute.runs.due = None, lambda: None, asyncio.Event()
    with pytest.raises(RuntimeError, match="no ears"):
        async with asyncio.timeout(30), working(cast(Hub, mute)):
            await asyncio.Event().wait()


async def test_what_goes_wrong_beside_a_worker_is_told_as_it_is(hub: Hub) -> None:
    with pytest.raises(LookupError, match="the block's own"):
        async with working(hub):
            raise LookupError("the block's own")
