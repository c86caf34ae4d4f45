"""Deliveries on pages: found, looked at, and what is done to one and to many."""

from __future__ import annotations

import pytest

from crossdock.flow.deliver import Waiting
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, parse
from crossdock.model.route import Priority
from crossdock.wiring import Hub
from tests.support.browsing import visiting
from tests.support.hub import until, working
from tests.support.traffic import Street

pytestmark = pytest.mark.asyncio


async def test_the_list_tells_each_state_and_filters(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        await street.dies(1)
        await street.tell(1)
        await street.ended(1)
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get("/t/default/deliveries")
        assert len(seen.rows()) == 2
        assert "#1" in seen.rows()[0]
        assert "Delivered" in seen.rows()[0]
        assert "Dead" in seen.rows()[1]
        assert len((await visitor.get("/t/default/deliveries?state=dead")).rows()) == 1
        assert (await visitor.get("/t/default/deliveries?state=waiting")).rows() == []
        assert (await visitor.get("/t/default/deliveries?until=2020-01-01")).rows() == []
        assert (await visitor.get("/t/default/deliveries?state=nonsense")).status in (400, 422)
        assert "Discard" not in seen.words
        assert (await visitor.get("/t/default/deliveries/act?do=hurry")).status == 403


async def test_what_a_rule_skipped_is_found_by_the_rule(hub: Hub, street: Street) -> None:
    await street.tell(1)
    await street.tell(2)
    waiting = [row["id"] for row in await street.rows("SELECT id FROM delivery ORDER BY id")]
    done = await Waiting(hub.database, hub.hints).discard(street.tenant, waiting[:1], "a test", actor="a test")
    assert done == 1
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        (row,) = (await visitor.get("/t/default/deliveries?rule=discarded")).rows()
        assert "somebody discarded it" in row
        assert (await visitor.get("/t/default/deliveries?rule=echo")).rows() == []


async def test_one_is_told_with_its_attempts_and_sent_again(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        (dead,) = await street.dies(1)
        await visitor.enter(Role.OPERATOR)
        seen = await visitor.get(f"/t/default/deliveries/{dead}")
        assert "#101 to sink" in seen.words
        assert "rejected" in seen.rows()[0]
        assert "The destination refuses it as it is." in seen.words
        again = await visitor.submit(seen, f"/t/default/deliveries/{dead}/retry")
        assert "It goes out again." in again.words
        await street.ended(1)
        assert "sent again" in (await visitor.get(f"/t/default/deliveries/{dead}")).words


async def test_a_dead_one_is_discarded_with_a_reason(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        (dead,) = await street.dies(1)
        await visitor.enter(Role.OPERATOR)
        seen = await visitor.get(f"/t/default/deliveries/{dead}")
        silent = await visitor.submit(seen, f"/t/default/deliveries/{dead}/discard", reason="")
        assert silent.status == 422
        assert "Say why" in silent.words
        done = await visitor.submit(seen, f"/t/default/deliveries/{dead}/discard", reason="a test order")
        assert "It is discarded." in done.words
        assert "somebody discarded it" in done.words


async def test_what_failed_is_tried_now(hub: Hub, street: Street) -> None:
    await street.tell(1)
    async with hub.database.transaction() as conn:
        await conn.execute("UPDATE delivery SET attempt = 2, due_at = now() + interval '3 days', reason = '503'")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        asked = await visitor.get("/t/default/deliveries/act?do=hurry")
        assert "Try 1 delivery now?" in asked.words
        done = await visitor.submit(asked, "/t/default/deliveries/act")
        assert "1 are tried now." in done.words
        async with working(hub):
            await street.ended(1)


async def test_what_waits_gets_another_priority(hub: Hub, street: Street) -> None:
    for number in (1, 2):
        await street.tell(number)
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        asked = await visitor.get("/t/default/deliveries/act?do=reprioritise")
        done = await visitor.submit(asked, "/t/default/deliveries/act", priority="bulk")
        assert "2 have the priority bulk now." in done.words
        rows = await street.rows("SELECT DISTINCT priority FROM delivery")
        assert [row["priority"] for row in rows] == [Priority.BULK]


async def test_what_waits_is_discarded_after_the_word_and_what_stood_behind_goes_on(hub: Hub, street: Street) -> None:
    await street.tell(1)
    await street.tell(1, 5, status="completed")
    await street.tell(2)
    heads = await street.rows("SELECT d.id, d.head FROM delivery d JOIN record r ON r.id = d.record_id ORDER BY d.id")
    assert [row["head"] for row in heads] == [True, False, True]
    done = await Waiting(hub.database, hub.hints).discard(street.tenant, [heads[0]["id"]], "old", actor="a test")
    assert done == 1
    left = await street.rows("SELECT id, head FROM delivery ORDER BY id")
    assert [row["head"] for row in left] == [True, True], "what stood behind it is the head now"
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        asked = await visitor.get("/t/default/deliveries/act?do=discard")
        assert "Discard 2 deliveries for good?" in asked.words
        wrong = await visitor.submit(asked, "/t/default/deliveries/act", reason="a test", confirm="x")
        assert wrong.status == 422
        assert len(await street.rows("SELECT 1 FROM delivery")) == 2
        told = await visitor.submit(asked, "/t/default/deliveries/act", reason="a test", confirm="discard")
        assert "2 are discarded." in told.words
    assert await street.rows("SELECT 1 FROM delivery") == []
    audited = await street.rows("SELECT action FROM audit_entry WHERE action = 'delivery.discard'")
    assert len(audited) == 2


async def test_what_a_worker_has_in_hand_is_left_alone(hub: Hub, street: Street) -> None:
    await street.tell(1)
    async with hub.database.transaction() as conn:
        await conn.execute("UPDATE delivery SET state = 'claimed', attempt = 1, lane_epoch = 1")
    ids = [row["id"] for row in await street.rows("SELECT id FROM delivery")]
    waiting = Waiting(hub.database, hub.hints)
    assert await waiting.discard(street.tenant, ids, "a test", actor="a test") == 0
    assert await waiting.hurry(street.tenant, ids, actor="a test") == 0
    other = await hub.tenants.add("other")
    async with hub.database.transaction() as conn:
        await conn.execute("UPDATE delivery SET state = 'waiting'")
    assert await waiting.discard(other, ids, "a test", actor="x") == 0


async def test_what_ended_goes_out_again_by_filter(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        await street.tell(1)
        (delivery,) = await street.ended(1)
        await visitor.enter(Role.OPERATOR)
        asked = await visitor.get("/t/default/deliveries/act?do=replay&state=delivered")
        assert "Deliver 1 delivery again?" in asked.words
        done = await visitor.submit(asked, "/t/default/deliveries/act", since="2020-01-01")
        assert "/t/default/runs/run_" in done.url
        await street.ended(2)

        async def twice() -> bool:
            return int((await street.received())["requests"]) == 2

        await until(twice)
    assert parse(Prefix.DELIVERY, delivery)
