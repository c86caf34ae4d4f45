"""The page that leads from a portal to its first invoice, followed word by word."""

from __future__ import annotations

import asyncio
import re
import shlex
from pathlib import Path
from typing import Any

import aiohttp

from crossdock.cli.demo.doors import Door
from crossdock.connectors.hubspot.sandbox import TOKEN
from tests.journey.cli.conftest import Terminal, answer, options, sandbox

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "deals-to-invoices.md"
EXAMPLES = ("20000000001", "20000000002")


async def sold(url: str, number: int) -> str:
    """Make a won deal with a line and a company; return its id."""
    door = Door(url)

    async def make(kind: str, **properties: str) -> str:
        return str((await door.post("act", act="create", type=kind, properties=properties))["id"])

    won = {"pipeline": "default", "dealstage": "closedwon", "deal_currency_code": "EUR"}
    deal = await make("deals", dealname=f"Tea {number}", **won)
    line = await make("line_items", name="Tea", price="10", quantity="2")
    firm = await make("companies", name=f"Tea {number} Ltd", country="Germany", address="1 Leaf St", city="Ulm")
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:
        for other, end in (("line_items", line), ("companies", firm)):
            path = f"{url}/crm/associations/2026-09/deals/{other}/batch/associate/default"
            async with session.post(path, json={"inputs": [{"from": {"id": deal}, "to": {"id": end}}]}) as reply:
                assert reply.status == 200
    await door.post("clock", advance_s=10)
    return deal


async def numbers(url: str) -> dict[str, str]:
    held = (await Door(url).get("state?type=deals&history=false"))["objects"]["deals"]
    name = "crossdock_invoice_number"
    return {one["id"]: one["properties"][name] for one in held if name in one["properties"]}


async def win(url: str, deal: str) -> None:
    door = Door(url)
    for stage in ("contractsent", "closedwon"):
        await door.post("act", act="edit", type="deals", id=deal, properties={"dealstage": stage})
        await door.post("clock", advance_s=120)


def commands(ids: dict[str, str]) -> list[list[str]]:
    """Return the page's commands in order, with these deals in place of its examples."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    assert len(lines) >= 13
    assert all(line.startswith("crossdock ") for line in lines)
    return [[ids.get(word, word) for word in shlex.split(line)[1:]] for line in lines]


def test_the_page_leads_to_the_first_invoice(terminal: Terminal, tmp_path: Path) -> None:
    """Every command of the page; what each made is looked at in the portal."""
    file = tmp_path / "terms.yaml"
    told: dict[str, Any] = {}
    with sandbox("hubspot") as portal:
        url = portal["connect"]["base-url"]
        deals = [asyncio.run(sold(url, number)) for number in range(3)]
        for words in commands(dict(zip(EXAMPLES, deals, strict=False))):
            given = [str(file) if word == "terms.yaml" else word for word in words]
            if words[:2] == ["connect", "hubspot"]:
                given = ["connect", "hubspot", *options(portal), *words[words.index("--name") :]]
            if ">" in given:
                shown = terminal(*given[: given.index(">")])
                file.write_text(shown.stdout, encoding="utf-8")
                continue
            told[" ".join(words[:3])] = answer(terminal(*given, "--json"))
            if words[:2] == ["deals", "invoice"] and "--preview" not in words:
                assert list(asyncio.run(numbers(url))) == deals[:1]
            if "--preview" in words:
                assert told["deals invoice portal"]["invoice"]["totals"]["due"] == "23.80"
                assert asyncio.run(numbers(url)) == {}
        (made,) = answer(terminal("deals", "show", "portal", deals[0], "--json"))["invoices"]
        assert made["state"] == "issued"
        found = asyncio.run(numbers(url))
        assert sorted(found) == sorted(deals), "the last days were processed, and the first has its invoice already"
        assert len(set(found.values())) == 3
        assert told["deals process portal"]["counters"] == {"read": 2, "already": 2}
        assert [one["kind"] for one in told["runs list --kind"]] == ["invoice"] * 3
        # the route of the page's last part: one more deal, recorded open and won
        routed = asyncio.run(sold(url, 9))
        terminal("pull", "portal")
        asyncio.run(win(url, routed))
        assert terminal("pull", "portal").exit_code == 0
        assert routed in asyncio.run(numbers(url))


def test_lists_are_filtered_and_refusals_named(terminal: Terminal) -> None:
    """People's data with --body alone; a deal that cannot be invoiced says why, with exit code 2."""
    with sandbox("hubspot") as portal:
        url = portal["connect"]["base-url"]
        terminal("connect", "hubspot", *options(portal), "--name", "portal")
        deal = asyncio.run(sold(url, 1))
        (row,) = answer(terminal("deals", "list", "portal", "--stage", "Closed Won", "--json"))["items"]
        assert (row["id"], row["name"]) == (deal, "[redacted]")
        assert answer(terminal("deals", "list", "portal", "--body", "--json"))["items"][0]["name"] == "Tea 1"
        assert "Tea 1 Ltd" in terminal("deals", "show", "portal", deal, "--body").output
        assert "Closed Won" in terminal("deals", "list", "portal").output
        assert deal in terminal("records", "portal", "deal").output
        wrong = terminal("deals", "list", "portal", "--stage", "paid")
        assert (wrong.exit_code, "no stage" in wrong.output) == (2, True)
        refused = terminal("deals", "invoice", "portal", deal)
        assert (refused.exit_code, "terms" in refused.output) == (2, True)
        assert terminal("deals", "process", "portal").exit_code == 2
