"""A chore that fails as nothing should is done again, and keeps no other from being done."""

from __future__ import annotations

from crossdock.wiring import Hub
from crossdock.worker import Housekeeping


async def test_a_failing_chore_is_no_end_of_housekeeping(hub: Hub) -> None:
    housekeeping = Housekeeping(hub)
    done = []

    async def broken() -> None:
        done.append("broken")
        raise RuntimeError("what nobody expects")

    async def fine() -> None:
        done.append("fine")

    for chore in (broken, fine, broken):
        await housekeeping.do(chore)
    assert done == ["broken", "fine", "broken"]
