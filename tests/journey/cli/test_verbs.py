"""Verbs about single runs, deliveries and orders from the terminal."""

from __future__ import annotations

import asyncio

import pytest

from crossdock.settings import Settings
from crossdock.wiring import open_hub
from tests.journey.cli.conftest import Terminal, answer
from tests.journey.cli.test_dead_letters import _town as dead_town
from tests.support.hub import add_shop, add_wish_routes, order, signed


@pytest.fixture
def shop(settings: Settings) -> None:
    """A shop that may be written to, with one order."""

    async def build() -> None:
        async with open_hub(settings) as hub:
            made = await add_shop(hub)
            await add_wish_routes(hub, made)
            await hub.journey.webhook(made, *signed(order(1)))

    asyncio.run(build())


@pytest.mark.usefixtures("shop")
def test_a_run_is_shown_and_cancelled_once(terminal: Terminal) -> None:
    (queued,) = answer(terminal("pull", "shop", "--stream", "order", "--no-wait", "--json"))
    shown = answer(terminal("runs", "show", queued["id"], "--json"))
    assert (shown["id"], shown["kind"], shown["state"]) == (queued["id"], "pull", "waiting")
    assert [one["id"] for one in answer(terminal("runs", "--kind", "pull", "--store", "shop", "--json"))] == [
        queued["id"]
    ]
    assert answer(terminal("runs", "cancel", queued["id"], "--json")) == {"id": queued["id"], "state": "cancelled"}
    over = answer(terminal("runs", "show", queued["id"], "--json"))
    assert (over["state"], over["problem"]) == ("cancelled", "cancelled by cli")
    twice = terminal("runs", "cancel", queued["id"])
    assert (twice.exit_code, "the run is cancelled already" in twice.output) == (2, True)
    (rate,) = answer(terminal("runs", "stats", "--json"))
    assert (rate["kind"], rate["ended"], rate["cancelled"]) == ("pull", 1, 1)
    for verb in ("show", "cancel"):
        unknown = terminal("runs", verb, "run_00000000000000000000000001")
        assert (unknown.exit_code, "there is no such run" in unknown.output) == (2, True)


def test_a_dead_letter_is_retried_once_or_discarded(terminal: Terminal, settings: Settings) -> None:
    asyncio.run(dead_town(settings))
    first, second = (one["id"] for one in answer(terminal("deliveries", "--state", "dead", "--json")))
    assert answer(terminal("deliveries", "retry", first, "--json")) == {"id": first, "queued": 1}
    twice = terminal("deliveries", "retry", first)
    assert (twice.exit_code, "was retried already" in twice.output) == (2, True)
    gone = answer(terminal("deliveries", "discard", second, "--reason", "no longer wanted", "--json"))
    assert gone["id"] == second
    assert terminal("deliveries", "discard", second, "--reason", "again").exit_code == 2
    assert answer(terminal("dead-letters", "--json")) == []
    assert asyncio.run(_actors(settings)) == {"cli"}


async def _actors(settings: Settings) -> set[str]:
    async with open_hub(settings) as hub, hub.database.engine() as conn:
        return {row["actor"] for row in await conn.fetch("SELECT actor FROM audit_entry WHERE action LIKE 'delivery%'")}


@pytest.mark.usefixtures("shop")
def test_what_is_to_change_in_a_shop_is_recorded_once_a_key(terminal: Terminal) -> None:
    said = answer(terminal("orders", "note", "1", "packed", "--customer", "--key", "a", "--json"))
    assert (said["duplicate"], len(said["delivery_ids"])) == (False, 1)
    again = answer(terminal("orders", "note", "1", "packed", "--customer", "--key", "a", "--json"))
    assert (again["duplicate"], again["event_id"], again["delivery_ids"]) == (
        True,
        said["event_id"],
        said["delivery_ids"],
    )
    done = answer(terminal("orders", "status", said["order"], "completed", "--expected", "processing", "--json"))
    assert (done["order"], done["duplicate"]) == (said["order"], False)
    assert terminal("orders", "fulfil", "1", "--tracking", "T-1", "--carrier", "DHL").exit_code == 0
    waiting = answer(terminal("undelivered", "--json"))
    assert sorted(one["stream"] for one in answer(terminal("deliveries", "--json"))) == [
        "fulfilment",
        "order_note",
        "order_status",
    ]
    assert len(waiting) == 3
    for words, what in (
        (("refund", "1", "--amount", "much"), "that is no amount"),
        (("fulfil", "1", "--line", "11"), "is no line and quantity"),
        (("note", "404", "text"), "404"),
    ):
        refused = terminal("orders", *words)
        assert (refused.exit_code, what in refused.output) == (2, True), refused.output
    assert len(answer(terminal("undelivered", "--json"))) == 3
