"""``deal.won``: told once each time a deal is won, and never of what was won before anybody looked."""

from __future__ import annotations

import pytest

from crossdock.flow.record.rule import turned
from crossdock.flow.run import RunKind
from crossdock.model.observation import Turn
from tests.journey.hubspot.stage import ALL, Place, Portal
from tests.support.hub import until, working

pytestmark = pytest.mark.asyncio


async def told(place: Place, portal: Portal) -> None:
    """Bring what the portal's app has to tell, twice and the newest first; wait until it was read."""
    messages = await portal.messages()
    for message in (*reversed(messages), *messages):
        assert (await place.send(message)).status == 200

    async def read() -> bool:
        return not await place.bells()

    await until(read)


async def kinds(place: Place, deal: str) -> list[str]:
    async with place.hub.database.engine() as conn:
        rows = await conn.fetch("SELECT type FROM event WHERE external_id = $1 ORDER BY seq", deal)
    return [str(row["type"]).removeprefix("deal.") for row in rows]


async def test_each_win_is_told_once(place: Place) -> None:
    """Won, changed while won, moved to another won stage, lost, won again: two wins, whatever comes twice."""
    portal = await place.portal(62515)
    path = "/crm/pipelines/2026-09/deals/default/stages"
    stage = {"label": "Paid", "displayOrder": 9, "metadata": {"probability": "1.0"}}
    paid = (await portal.call("POST", path, stage))["id"]
    connection = await place.connected(portal)
    await place.hub.connections.check(connection.tenant_id, connection.id)
    deal = await portal.make("deals", dealname="Tea", dealstage="contractsent", pipeline="default")
    async with working(place.hub):
        for change in (
            {"amount": "7"},
            {"dealstage": "closedwon"},
            {"amount": "8"},
            {"dealstage": paid},
            {"dealstage": "closedlost"},
            {"dealstage": "closedwon", "amount": "9"},
        ):
            await told(place, portal)
            await portal.act("edit", type="deals", id=deal, properties=change)
        await told(place, portal)
    assert await kinds(place, deal) == ["created", "updated", "won", "updated", "updated", "updated", "won"]


async def test_what_was_won_before_is_no_news(place: Place) -> None:
    """A backfill tells no win, nor does a change of a deal that was won before the portal was connected."""
    portal = await place.portal(62515)
    won = {"dealstage": "closedwon", "pipeline": "default"}
    old, older = [await portal.make("deals", dealname=name, **won) for name in ("old", "older")]
    assert await portal.messages()
    connection = await place.connected(portal)
    async with working(place.hub):
        await portal.act("edit", type="deals", id=old, properties={"amount": "7"})
        new = await portal.make("deals", dealname="new", **won)
        await told(place, portal)
        await place.hub.runs.add(connection.tenant_id, connection.id, RunKind.BACKFILL, ("deal",))

        async def read() -> bool:
            return bool(await kinds(place, older))

        await until(read)
    assert [await kinds(place, each) for each in (old, older, new)] == [["created"], ["created"], ["won"]]
    assert set(ALL) == {"contact", "company", "deal"}


@pytest.mark.parametrize(
    ("turn", "before", "after", "told"),
    [
        (None, "open", "won", False),
        (Turn("won"), "open", "won", True),
        (Turn("won"), "won", "won", False),
        (Turn("won", frozenset({"won", "paid"})), "paid", "won", False),
        (Turn("won"), None, "won", False),
        (Turn("won", first=True), None, "won", True),
    ],
)
async def test_a_turn_is_a_change(turn: Turn | None, before: str | None, after: str, told: bool) -> None:
    """From another state, that means something else; of what was never seen only where its time says so."""
    assert turned(turn, before, after) is told
