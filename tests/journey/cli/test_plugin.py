"""Sites with the plugin from the terminal: a code, the site that used it, and its end."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from typing import Any

import pytest

from crossdock.cli.opening import settings
from crossdock.wiring import open_hub
from tests.journey.cli.conftest import Terminal, answer, sandbox
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


def test_a_site_is_asked_paused_and_told_to_send(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSDOCK_PUBLIC_URL", "https://hub.example")
    with sandbox("wordpress") as ready:
        url = ready["connect"]["url"]
        said = facts(url=url, site_url=url, rest_url=f"{url}/wp-json/")

        async def paired() -> Any:
            async with open_hub(settings()) as hub:
                code = await hub.pairing.code(await hub.tenants.find(), actor="test")
                return await hub.pairing.pair(code.code, said)

        made = asyncio.run(paired()).made
        turned = {"key": made.key, "secret": made.secret}
        request = urllib.request.Request(f"{url}/_sandbox/settings", json.dumps(turned).encode(), method="PUT")
        with urllib.request.urlopen(request, timeout=10) as done:
            assert done.status == 200
        assert "takes the hub's signature" in terminal("plugin", "ping", url).output
        (site,) = answer(terminal("plugin", "sites", "--json"))
        allowed = terminal("connections", "set", site["connection"]["name"], "plain_http=true")
        assert allowed.exit_code == 0, allowed.output
        tried = terminal("check", site["connection"]["name"])
        assert tried.exit_code == 0, tried.output
        paused = answer(terminal("plugin", "pause", url, "--reason", "moving", "--json"))
        assert (paused["action"], paused["status"]) == ("pause", "done")
        told = terminal("plugin", "status", url).output
        assert "paused (moving)" in told
        assert "plugin 1.0.0" in told
        assert answer(terminal("plugin", "status", url, "--json"))["sending"]["paused"] is True
        assert "sends again" in terminal("plugin", "resume", url).output
        assert "all it has" in terminal("plugin", "export", url, "order,customer").output
        assert terminal("plugin", "refresh", url, "order", "1", "2").exit_code == 0
        wrong = terminal("plugin", "export", url, "posts")
        assert (wrong.exit_code, "no such kind" in wrong.output) == (2, True), wrong.output
        nobody = terminal("plugin", "ping", "https://nobody.example")
        assert nobody.exit_code != 0
        state = json.loads(urllib.request.urlopen(f"{url}/_sandbox/state", timeout=10).read())
        assert sorted(state["commands"].values()) == ["export", "pause", "ping", "refresh", "resume"]
