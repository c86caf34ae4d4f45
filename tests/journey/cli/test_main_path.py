"""The main job by commands alone: connect both sides, backfill, prove, look, replay; nobody else works."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from crossdock.cli.demo.doors import Door
from tests.journey.cli.conftest import Terminal, answer, options, sandbox


async def _change_a_deal(portal_url: str) -> None:
    door = Door(portal_url)
    deals = (await door.get("state?type=deals&history=false"))["objects"]["deals"]
    await door.post("act", act="edit", type="deals", id=deals[0]["id"], properties={"amount": "0.01"})


def test_a_shop_reaches_the_crm_by_commands(terminal: Terminal) -> None:
    """Every command that people use on the way, with its exit code; no secret in anything that is shown."""
    shown: list[str] = []

    def run(*words: str) -> Any:
        result = terminal(*words, "--json")
        shown.append(result.output)
        return answer(result)

    with sandbox("woocommerce", "--orders", "25") as shop, sandbox("hubspot") as portal:
        made = run("connect", "woocommerce", *options(shop), "--name", "my shop")
        assert made["webhooks"] == 0
        assert "CROSSDOCK_PUBLIC_URL" in " ".join(made["warnings"])
        assert run("connect", "hubspot", *options(portal), "--name", "my portal")["routes"]
        assert [row["ok"] for row in run("check")] == [True, True]
        done = run("backfill", "my shop")
        assert done[0]["state"] == "done"
        assert done[0]["read"] > 25
        assert run("pull")[0]["kind"] == "pull"
        orders = run("records", "my shop", "order")
        rest = run(
            "records", "my shop", "order", "--cursor", orders["next"]
        )  # the trash and drafts are lists of their own
        assert len(orders["items"]) + len(rest["items"]) <= 25 < len(orders["items"]) + 5
        deal = run("records", "my portal", "deal")["items"][0]
        one = run("records", "my portal", "deal", deal["external_id"])
        assert one["document"]["dealname"] == "[redacted]"
        assert one["document"]["amount"]
        proof = run("prove", "my shop")
        assert proof["ok"] is True
        assert [row["entity"] for row in proof["proof"]] == ["order", "customer", "product"]
        asyncio.run(_change_a_deal(portal["url"]))
        drifted = terminal("prove", "my shop", "--no-repair", "--json")
        assert drifted.exit_code == 1
        assert [(one["kind"], one["what"]) for one in answer(drifted)["differences"]] == [("drifted", "deals.amount")]
        assert terminal("prove").exit_code == 0  # it delivers again what has drifted
        assert {row["kind"] for row in run("runs")} == {"backfill", "pull"}
        events = run("events", "--stream", "order", "--limit", "3")
        assert len(events) == 3
        assert run("events", "show", events[0]["id"])["document"]["billing"]["last_name"] in ("[redacted]", "")
        delivered = run("deliveries", "list", "--state", "delivered", "--limit", "2")
        assert run("deliveries", "show", delivered[0]["id"])["tries"]
        assert run("replay", "--id", delivered[0]["id"])["deliveries"] == {"delivered": 1}
        assert run("replay", "--dead")["queued"] == 0
        route = run("routes")[0]
        assert run("routes", "remove", route["id"])["removed"] is True
        both = ("--from", "my shop", "--to", "my portal")
        again = run("routes", "add", *both, "--stream", route["stream"], "--action", route["action"])
        assert again["id"].startswith("rte_")
        assert run("connections", "pause", "my portal")["state"] == "paused"
        assert run("connections", "resume", "my portal")["state"] == "active"
        assert run("connections", "disconnect", "my shop")["state"] == "revoked"
        assert [row["name"] for row in run("connections")] == ["my portal"]
        secrets = [shop["connect"]["key"], shop["connect"]["secret"], portal["connect"]["token"]]
    assert not [secret for secret in secrets for text in shown if secret in text]


def test_a_wrong_secret_is_vendor_trouble_and_is_not_shown(terminal: Terminal) -> None:
    """Exit code 4, two lines, and not a word of the secret; it may come by standard input or the environment."""
    canary = "cs_" + "canary" * 6
    with sandbox("woocommerce", "--orders", "1") as shop:
        given = ("--url", shop["url"], "--key", shop["connect"]["key"], "--secret", "-", "--plain-http")
        result = terminal("connect", "woocommerce", *given, given=canary + "\n")
    assert result.exit_code == 4
    assert result.stderr.count("\n") == 2
    assert "what to do" in result.stderr
    assert canary not in result.output


def test_a_backup_is_restored_and_its_key_is_asked_for_first(terminal: Terminal, tmp_path: Path) -> None:
    """Without its master key a restore is refused by name; a full database is not overwritten."""
    assert answer(terminal("tenants", "add", "second", "--json"))["slug"] == "second"
    made = answer(terminal("backup", str(tmp_path / "kept"), "--json"))
    assert made["rows"]["tenant"] == 2
    assert terminal("backup", str(tmp_path / "kept")).exit_code == 3
    full = terminal("restore", str(tmp_path / "kept"))
    assert full.exit_code == 3
    assert "--force" in full.stderr
    (tmp_path / "keys" / "master.key").unlink()
    assert "master key" in terminal("restore", str(tmp_path / "kept"), "--force").stderr
    assert terminal("restore", str(tmp_path / "absent")).exit_code == 3
