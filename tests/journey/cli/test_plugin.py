"""Sites with the plugin from the terminal: a code, the site that used it, and its end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crossdock.cli.opening import settings
from crossdock.wiring import open_hub
from tests.journey.cli.conftest import Terminal, answer
from tests.journey.plugin.stage import facts


async def use(code: str) -> Any:
    """Bring the code to a hub (a process of its own elsewhere)."""
    async with open_hub(settings()) as hub:
        return await hub.pairing.pair(code, facts())


def test_a_site_is_paired_listed_and_revoked(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = terminal("plugin", "pair")
    assert (nowhere.exit_code, "CROSSDOCK_PUBLIC_URL" in nowhere.output) == (2, True)
    monkeypatch.setenv("CROSSDOCK_PUBLIC_URL", "https://hub.example")
    assert "No site is paired yet" in terminal("plugin", "sites").output
    made = answer(terminal("plugin", "pair", "--site", "shop.example", "--json"))
    assert made["link"].startswith("https://shop.example/wp-admin/")
    paired = asyncio.run(use(made["code"]))
    (site,) = answer(terminal("plugin", "sites", "--json"))
    assert site["url"] == "https://shop.example"
    assert paired.made.secret not in str(site)
    assert "shop.example" in terminal("plugin", "sites").output
    changed = answer(terminal("plugin", "set", "https://shop.example", "--unsigned", "--per-minute", "60", "--json"))
    assert (changed["signature_required"], changed["per_minute"]) == (False, 60)
    again = answer(terminal("plugin", "pair", "--connection", site["connection"]["name"], "--json"))
    assert again["link"].startswith("https://shop.example/wp-admin/")
    rotated = answer(terminal("plugin", "rotate", site["id"], "--json"))
    assert rotated["secret"].startswith("cds_")
    assert rotated["secret"] != paired.made.secret
    gone = terminal("plugin", "revoke", site["connection"]["id"])
    assert "has ended" in gone.output
    assert terminal("plugin", "revoke", "https://shop.example").exit_code != 0
    assert answer(terminal("plugin", "sites", "--json")) == []
    assert answer(terminal("plugin", "sites", "--revoked", "--json"))[0]["id"] == site["id"]
