"""``crossdock watch``: what is wrong, why, and what to do."""

from __future__ import annotations

import pytest

from crossdock.cli.demo.doors import Door
from tests.journey.cli.conftest import Terminal, answer, options, sandbox


def test_a_look_on_demand(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    monkeypatch.setenv("CROSSDOCK_PUBLIC_URL", "http://127.0.0.1:9")
    with sandbox("woocommerce", "--orders", "3") as shop:
        answer(terminal("connect", "woocommerce", *options(shop), "--name", "tea", "--json"))
        assert answer(terminal("watch", "--now", "--json")) == []
        assert "All is well" in terminal("watch", "tea").output
        asyncio.run(Door(shop["url"]).put("dials", keys_revoked=True))
        result = terminal("watch", "tea", "--now", "--json")
        assert result.exit_code == 1
        (found,) = answer(result)
        assert (found["connection"], found["code"], found["state"]) == ("tea", "wrong-keys", "open")
        assert "new keys" in found["remedy"]
        asyncio.run(Door(shop["url"]).put("dials", keys_revoked=False))
        assert answer(terminal("watch", "tea", "--now", "--json")) == []
        (ended,) = answer(terminal("watch", "tea", "--all", "--json"))
        assert ended["state"] == "resolved"
        assert terminal("watch", "coffee").exit_code == 2
