"""Dead letters and replays from the terminal: for people and for programs."""

from __future__ import annotations

import asyncio
import csv
import io
import json

import pytest

from crossdock.settings import Settings
from crossdock.wiring import open_hub
from tests.journey.cli.conftest import Terminal, answer
from tests.support.hub import add_route, add_shop, add_sink, order, signed, until, working


async def _town(settings: Settings) -> None:
    """Let two orders die: their bodies are gone before they can go out."""
    async with open_hub(settings) as hub:
        shop, sink = await add_shop(hub), await add_sink(hub, "http://127.0.0.1:9/")
        await add_route(hub, shop, sink, "*", "post")
        for number in (1, 2):
            await hub.journey.webhook(shop, *signed(order(number)))
        async with hub.database.engine() as conn:
            await conn.execute("UPDATE event SET body = NULL")

        async def dead() -> bool:
            async with hub.database.engine() as conn:
                return bool(await conn.fetchval("SELECT count(*) FROM delivery_done WHERE state = 'dead'") == 2)

        async with working(hub):
            await until(dead)


def test_dead_letters_are_grouped_shown_exported_retried_and_discarded(terminal: Terminal, settings: Settings) -> None:
    asyncio.run(_town(settings))
    (group,) = answer(terminal("dead-letters", "--json"))
    assert (group["code"], group["rule"], group["standing"]) == ("body-expired", "retention", 2)
    assert group["cause_id"] in terminal("dead-letters").stdout.replace("\n", "")
    listed = answer(terminal("deliveries", "list", "--state", "dead", "--stream", "order", "--json"))
    assert [one["external_id"] for one in listed] == ["2", "1"]
    shown = answer(terminal("deliveries", "show", listed[0]["id"], "--json"))
    assert shown["cause"]["cause_id"] == group["cause_id"]
    assert shown["tries"][0]["detail"]["answer"]["code"] == "body-expired"
    assert "body-expired" in terminal("deliveries", "show", listed[0]["id"]).stdout
    assert [one["state"] for one in answer(terminal("undelivered", "--json"))] == ["dead", "dead"]
    table = list(csv.DictReader(io.StringIO(terminal("dead-letters", "export", "--format", "csv").stdout)))
    assert [row["external_id"] for row in table] == ["1", "2"]
    lines = terminal("dead-letters", "export", "--cause", group["cause_id"]).stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [row["id"] for row in table]
    dry = answer(terminal("replay", "--dead", "--dry-run", "--json"))
    assert dry["preview"]["messages"] == 2
    done = answer(terminal("dead-letters", "retry", "--cause", group["cause_id"], "--wait", "--json"))
    assert (done["queued"], done["deliveries"]) == (2, {"dead": 2})
    (again,) = answer(terminal("dead-letters", "--json"))
    assert (again["standing"], again["seen"]) == (2, 4)
    assert terminal("dead-letters", "discard", "--reason", "x").exit_code == 2, "all of them is too easily said"
    ended = answer(
        terminal("dead-letters", "discard", "--stream", "order", "--reason", "a test shop", "--wait", "--json")
    )
    assert ended["queued"] == 2
    assert answer(terminal("dead-letters", "--json")) == []
    assert "no dead letter" in terminal("dead-letters").stdout
    replays = answer(terminal("replays", "--json"))
    assert [one["asked"]["do"] for one in replays] == ["discard", "retry", "retry"]
    assert "queued 2" in terminal("replays", "show", replays[0]["id"]).stdout


@pytest.mark.parametrize(
    "words",
    [
        ("deliveries", "retry", "dlv_x"),
        ("deliveries", "list", "--since", "never"),
        ("deliveries", "list", "--record", "ord_x"),
        ("dead-letters", "list", "--cause", "x"),
        ("dead-letters", "export", "--format", "xml"),
        ("replay", "--since", "2026-11-21", "--mapping", "oldest"),
        ("replays", "show", "run_x"),
    ],
)
def test_wrong_use_is_said(terminal: Terminal, words: tuple[str, ...]) -> None:
    found = terminal(*words, "--json")
    assert found.exit_code == 2, found.output
    assert found.stdout == ""
    assert json.loads(found.stderr)["error"]
