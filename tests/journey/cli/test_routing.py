"""Routes from the terminal: added, shown, changed, switched, given a second destination, removed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crossdock.settings import Settings
from crossdock.wiring import open_hub
from tests.journey.cli.conftest import Terminal, answer
from tests.support.hub import add_shop, add_sink

NEW = ("--from", "shop", "--to", "sink", "--stream", "order", "--action", "post")


@pytest.fixture
def town(settings: Settings) -> Settings:
    """A shop and two receivers, and no route."""

    async def build() -> None:
        async with open_hub(settings) as hub:
            await add_shop(hub)
            await add_sink(hub, "http://127.0.0.1:9/")
            await add_sink(hub, "http://127.0.0.1:9/other", "second")

    asyncio.run(build())
    return settings


async def audited(settings: Settings) -> list[tuple[str, str]]:
    """Return who did what."""
    async with open_hub(settings) as hub, hub.database.engine() as conn:
        return [tuple(row) for row in await conn.fetch("SELECT actor, action FROM audit_entry ORDER BY id")]


def test_a_route_is_added_shown_changed_switched_and_removed(terminal: Terminal, town: Settings) -> None:
    assert "There is no route" in terminal("routes").stdout
    more = ("--priority", "bulk", "--historical", "--type", "order.created", "--skip-status", "draft")
    route = answer(terminal("routes", "add", *NEW, *more, "--delay", "60", "--quiet", "21:00-08:00", "--json"))["id"]
    assert route.startswith("rte_")
    shown: dict[str, Any] = answer(terminal("routes", "show", route, "--json"))
    chosen = {name: shown[name] for name in ("source", "destination", "stream", "action", "priority", "historical")}
    assert list(chosen.values()) == ["shop", "sink", "order", "post", "bulk", True]
    assert (shown["types"], shown["skip_statuses"], shown["enabled"]) == (["order.created"], ["draft"], True)
    assert shown["schedule"] | {"delay_s": 60, "quiet": {"from": "21:00", "to": "08:00"}} == shown["schedule"]
    assert answer(terminal("routes", "--json")) == [shown]

    changed = answer(terminal("routes", "change", route, "--priority", "live", "--not-historical", "--json"))
    assert changed == {**shown, "priority": "live", "historical": False}
    assert answer(terminal("routes", "change", route, "--at-once", "--json"))["schedule"] is None
    assert answer(terminal("routes", "disable", route, "--json"))["enabled"] is False
    assert answer(terminal("routes", "show", route, "--json"))["enabled"] is False
    assert answer(terminal("routes", "enable", route, "--json"))["enabled"] is True

    assert answer(terminal("routes", "remove", route, "--json")) == {"id": route, "removed": True}
    assert answer(terminal("routes", "--json")) == []
    done = asyncio.run(audited(town))
    names = ("add", "change", "change", "disable", "enable", "remove")
    assert done == [("cli", f"route.{name}") for name in names]


def test_a_second_destination_stands_at_its_route(terminal: Terminal, town: Settings) -> None:
    del town
    route = answer(terminal("routes", "add", *NEW, "--json"))["id"]
    assert answer(terminal("routes", "show", route, "--json"))["fallback"] is None
    made = answer(terminal("routes", "fallback", route, "--to", "second", "--after", "90", "--json"))
    given = {name: made[name] for name in ("fallback_id", "fallback", "action", "after_s")}
    assert (given["fallback"], given["action"], given["after_s"], made["critical"]) == ("second", "post", 90, True)
    (listed,) = answer(terminal("routes", "--json"))
    assert listed["fallback"] == given
    told = terminal("routes", "show", route).stdout
    assert ["fallback.after_s", "90"] in [line.split() for line in told.splitlines()]
    assert answer(terminal("routes", "fallback", route, "--json"))["fallback"] is None
    assert answer(terminal("routes", "show", route, "--json"))["fallback"] is None


def test_what_cannot_be_is_refused_and_changes_nothing(terminal: Terminal, town: Settings) -> None:
    route = answer(terminal("routes", "add", *NEW, "--json"))["id"]
    unknown = "rte_00000000000000000000000001"
    for words, said in (
        (("routes", "add", *NEW), "there is such a route already"),
        (("routes", "add", *NEW[:2], "--to", "nobody", *NEW[4:]), "nobody"),
        (("routes", "add", *NEW[:5], "banana", *NEW[6:]), "no stream 'banana'"),
        (("routes", "add", *NEW[:6], "--action", "sing"), "takes no 'sing'"),
        (("routes", "change", route, "--priority", "urgent"), "priority"),
        (("routes", "fallback", route, "--to", "sink"), "is the first or the source"),
        (("routes", "show", unknown), "there is no such route"),
        (("routes", "disable", unknown), "there is no such route"),
        (("routes", "remove", unknown), "there is no such route"),
        (("routes", "show", "banana"), "that is no such id"),
    ):
        refused = terminal(*words)
        assert (refused.exit_code, said in refused.output) == (2, True), refused.output
    assert [one["id"] for one in answer(terminal("routes", "--json"))] == [route]
    assert asyncio.run(audited(town)) == [("cli", "route.add")]
