"""A proof by command: readable on a terminal, complete as CSV and as a signed report, an exit code that says it."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path

from crossdock.cli.demo.doors import Door
from tests.journey.cli.conftest import Terminal, answer, options, sandbox


async def _meddle(portal_url: str) -> str:
    """Change one deal and archive another; returns the number of the changed one's order."""
    door = Door(portal_url)
    state = await door.get("state?type=deals&history=false")
    live = [deal for deal in state["objects"]["deals"] if not deal["archived"]]
    await door.post("act", act="edit", type="deals", id=live[0]["id"], properties={"amount": "0.01"})
    await door.post("act", act="archive", type="deals", id=live[1]["id"])
    return str(live[0]["properties"]["crossdock_order_number"])


def test_what_a_proof_shows_writes_and_signs(terminal: Terminal, tmp_path: Path) -> None:
    with sandbox("woocommerce", "--orders", "6") as shop, sandbox("hubspot") as portal:
        answer(terminal("connect", "woocommerce", *options(shop), "--name", "shop", "--json"))
        answer(terminal("connect", "hubspot", *options(portal), "--name", "crm", "--json"))
        answer(terminal("backfill", "shop", "--json"))
        number = asyncio.run(_meddle(portal["url"]))
        report, table = tmp_path / "report.json", tmp_path / "report.csv"
        files = ("--report", str(report), "--csv", str(table))
        shown = terminal("prove", "shop", "--no-repair", *files)
        assert shown.exit_code == 1
        text = " ".join(shown.stdout.split())
        assert f"order {number}: drifted deals.amount at crm" in text
        assert "Cause: the destination holds another value than the mapping gives" in text
        assert "Remedy:" in text
        assert "/api/v1/orders/ord_" in text
        assert "Cost:" in text
        assert text.endswith("Not proven.")

        above, below = table.read_text().split("\n\n")
        rows = list(csv.DictReader(above.splitlines()))
        assert next((row["entity"], row["missing"], row["drifted"]) for row in rows) == ("order", "1", "1")
        exceptions = list(csv.DictReader(below.splitlines()))
        assert {(one["kind"], one["what"]) for one in exceptions} == {("drifted", "deals.amount"), ("missing", "deals")}
        assert all(one["cause"] and one["remedy"] and one["record"] and one["event"] for one in exceptions)

        assert answer(terminal("prove", "--verify", str(report), "--json")) == {"genuine": True}
        told = json.loads(report.read_text())
        assert len(told["exceptions"]) == told["report"]["exceptions"]["count"] == 2
        for tampered in (
            {**told, "exceptions": told["exceptions"][:1]},
            {**told, "report": {**told["report"], "ok": True}},
        ):
            report.write_text(json.dumps(tampered))
            forged = terminal("prove", "--verify", str(report), "--json")
            assert (forged.exit_code, answer(forged)) == (1, {"genuine": False})

        repaired = terminal("prove", "shop", "--depth", "light")
        assert repaired.exit_code == 0, repaired.output
        said = " ".join(repaired.stdout.split())
        assert "read lightly" in said
        assert "2 delivered again" in said
        assert said.endswith("Proven: nothing is missing, doubled or different.")
        made = answer(terminal("prove", "shop", "--json"))
        assert (made["ok"], made["exceptions"]["count"], made["repairs"]) == (True, 0, {})
        assert made["costs"]["store"] > 0
        assert made["costs"]["destinations"]["crm"] > 0
        listed = answer(terminal("proofs", "--json"))
        assert [(one["store"], one["ok"], one["exceptions"]) for one in listed] == [
            ("shop", True, 0),
            ("shop", True, 2),
            ("shop", False, 2),
        ]
        first = answer(terminal("proofs", "show", listed[-1]["id"], "--limit", "1", "--json"))
        rest = answer(terminal("proofs", "show", listed[-1]["id"], "--after", first["next"], "--json"))
        assert [one["state"] for one in (*first["exceptions"], *rest["exceptions"])] == ["open", "open"]
        assert "Cause:" in terminal("proofs", "show", listed[-1]["id"]).stdout
        assert terminal("proofs", "show", "prf_nothing").exit_code == 2
