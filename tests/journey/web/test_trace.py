"""The trace of an event: its whole story, whatever happened on the way."""

from __future__ import annotations

import orjson
import pytest

from crossdock.govern.access import Role
from crossdock.wiring import Hub
from tests.support.browsing import visiting
from tests.support.hub import working
from tests.support.traffic import Street

pytestmark = pytest.mark.asyncio


async def test_the_story_of_an_event_from_receipt_to_evidence(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        await street.tell(1)
        await street.tell(1, 5, status="completed")
        await street.ended(2)
        await visitor.enter(Role.VIEWER)
        _, event = await street.events()
        seen = await visitor.get(f"/t/default/events/{event}")
        assert seen.status == 200
        assert "Order #1 was updated at shop" in seen.words
        assert "1 delivery: 1 delivered." in seen.words
        stops = [" ".join(h3.text_content().split()) for h3 in seen.doc.xpath("//ol[@class='line']//h3")]
        assert stops[0].startswith("Received by webhook")
        assert stops[1].startswith("Recorded as state 2 of this order")
        assert stops[2].startswith("Routed 1 route takes it")
        assert any(stop.startswith("Attempt 1") and "Delivered" in stop for stop in stops)
        assert stops[-1].startswith("Delivered to sink")
        assert "statusprocessingcompleted" in " ".join(seen.rows())


async def test_persons_are_masked_until_an_operator_asks(hub: Hub, street: Street) -> None:
    await street.tell(1)
    (event,) = await street.events()
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get(f"/t/default/events/{event}")
        assert "Person-Canary" not in seen.text
        assert "uest1@" not in seen.text
        assert "Show persons" not in seen.text
        assert (await visitor.get(f"/t/default/events/{event}?people=shown")).status == 403
    async with visiting(hub) as operator:
        await operator.enter(Role.OPERATOR)
        masked = await operator.get(f"/t/default/events/{event}")
        assert "Person-Canary" not in masked.text
        shown = await operator.get(f"/t/default/events/{event}?people=shown")
        assert "Person-Canary" in shown.text


async def test_failures_and_waits_are_told_with_request_and_answer(hub: Hub, street: Street) -> None:
    await street.dial(next_errors=2)
    async with working(hub), visiting(hub) as visitor:
        await street.tell(1)
        await street.ended(1)
        await visitor.enter(Role.VIEWER)
        (event,) = await street.events()
        seen = await visitor.get(f"/t/default/events/{event}")
        assert "Attempt 3" in seen.words
        assert "It surely took no effect" in seen.words
        assert "HTTP 50" in seen.words


async def test_what_waits_says_for_what(hub: Hub, street: Street) -> None:
    await street.tell(1)
    (event,) = await street.events()
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get(f"/t/default/events/{event}")
        assert "It waits for its turn." in seen.words
        assert "1 delivery: 1 under way." in seen.words


async def test_a_route_that_does_not_take_it_says_why(hub: Hub, street: Street) -> None:
    async with hub.database.transaction() as conn:
        await conn.execute("UPDATE route SET types = '{order.deleted}'")
        await conn.execute("UPDATE connection SET route_epoch = route_epoch + 1")
    await street.tell(1)
    (event,) = await street.events()
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get(f"/t/default/events/{event}")
        assert "no route takes it" in seen.words
        assert "it takes only order.deleted" in seen.words


async def test_a_body_that_is_gone_is_said_to_be_gone(hub: Hub, street: Street) -> None:
    await street.tell(1)
    async with hub.database.transaction() as conn:
        await conn.execute("UPDATE event SET body = NULL")
    (event,) = await street.events()
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get(f"/t/default/events/{event}")
        assert seen.status == 200
        assert "older than the time bodies are kept" in seen.words


async def test_the_story_is_a_file_without_persons(hub: Hub, street: Street) -> None:
    await street.tell(1)
    (event,) = await street.events()
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get(f"/t/default/events/{event}?format=json")
        told = orjson.loads(seen.text)
        assert told["event"]["id"] == event
        assert told["story"][0]["title"] == "Received by webhook"
        assert "Person-Canary" not in seen.text


async def test_there_is_no_such_event(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        assert (await visitor.get("/t/default/events/evt_00000000000000000000000000")).status == 404
        assert (await visitor.get("/t/default/events/nonsense")).status in (400, 422)
