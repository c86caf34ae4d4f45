"""OAuth 2.0 from the terminal: apps, a page to open, what was granted."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest

from crossdock.cli.opening import settings
from crossdock.wiring import open_hub
from tests.journey.cli.conftest import Terminal, answer, sandbox

HUB = "http://127.0.0.1:9"


async def accepted(url: str) -> None:
    """Accept on the page, and come back to the hub (a process of its own elsewhere)."""
    async with aiohttp.ClientSession() as session, session.get(url, allow_redirects=False) as response:
        back = dict(parse_qsl(urlsplit(response.headers["location"]).query))
    async with open_hub(settings()) as hub:
        await hub.oauth.complete(back)


def test_a_portal_is_connected_shown_and_reconnected(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSDOCK_PUBLIC_URL", HUB)
    with sandbox("hubspot") as portal:
        form = ("--set", f"base_url={portal['url']}")
        assert "crossdock oauth authorize hubspot" in terminal("connect", "hubspot", "--help").output
        none = terminal("oauth", "authorize", "hubspot", *form)
        assert (none.exit_code != 0, "crossdock oauth apps add hubspot" in none.output) == (True, True)
        given = ("--client-id", "sandbox-app", "--client-secret", "-", "--name", "Main")
        app = answer(terminal("oauth", "apps", "add", "hubspot", *given, "--json", given="sandbox-app-secret\n"))
        assert (app["name"], app["connections"], "sandbox-app-secret" in str(app)) == ("Main", 0, False)
        assert [one["id"] for one in answer(terminal("oauth", "apps", "--json"))] == [app["id"]]
        words = (*form, "--set", "app_secret=-", "--name", "mine", "--no-wait", "--json")
        asked = answer(terminal("oauth", "authorize", "hubspot", *words, given="signing-secret\n"))
        asyncio.run(accepted(asked["url"]))
        shown = answer(terminal("oauth", "show", "mine", "--json"))
        assert (shown["app"], shown["renewals"], shown["problem"]) == ("Main", 0, "")
        assert terminal("check", "mine").exit_code == 0
        again = answer(terminal("oauth", "reconnect", "mine", "--no-wait", "--json"))
        asyncio.run(accepted(again["url"]))
        assert answer(terminal("oauth", "show", "mine", "--json"))["renewals"] == 1
        held = terminal("oauth", "apps", "remove", "Main")
        assert (held.exit_code != 0, "1 connections" in held.output) == (True, True)
        changed = answer(terminal("oauth", "apps", "set", "Main", "--name", "First", "--scope", "oauth", "--json"))
        assert (changed["name"], changed["scopes"]) == ("First", ["oauth"])
        assert answer(terminal("connections", "disconnect", "mine", "--json"))["left_behind"] == []
        assert answer(terminal("oauth", "apps", "remove", app["id"], "--json"))["name"] == "First"
        wrong = terminal("oauth", "authorize", "hubspot", "--set", "nonsense")
        assert (wrong.exit_code, "FIELD=VALUE" in wrong.output) == (2, True)
