"""A store is managed from the terminal."""

from __future__ import annotations

from tests.journey.cli.conftest import Terminal, answer, options, sandbox


def test_a_store_is_shown_changed_counted_and_ended(terminal: Terminal) -> None:
    with sandbox("woocommerce", "--orders", "2") as shop:
        assert terminal("connect", "woocommerce", *options(shop), "--name", "mine").exit_code == 0
        shown = answer(terminal("connections", "show", "mine", "--json"))
        assert (shown["state"], shown["account"]["version"]) == ("active", "11.0.1")
        words = ("streams.coupon.enabled=false", "start_date=2026-01-01", "name=yours")
        config = answer(terminal("connections", "set", "mine", *words, "--json"))["config"]
        assert (config["streams"], config["start_date"]) == ({"coupon": {"enabled": False}}, "2026-01-01")
        assert "start_date" not in answer(terminal("connections", "set", "yours", "start_date=", "--json"))["config"]
        wrong = terminal("connections", "set", "yours", "streams.banana.enabled=false")
        assert wrong.exit_code == 2
        assert "no such stream" in wrong.output
        given = shop["connect"]
        keys = ("--set", f"key={given['key']}", "--set", "secret=-")
        done = answer(terminal("connections", "rotate", "yours", *keys, "--json", given=given["secret"] + "\n"))
        assert done["rotated"] == ["key", "secret"]
        assert answer(terminal("connections", "stats", "yours", "--json"))["errors"] == []
        missing = answer(terminal("webhooks", "list", "yours", "--json"))["missing"]
        assert len(missing) == 15
        refused = terminal("webhooks", "register", "yours")
        assert "CROSSDOCK_PUBLIC_URL" in refused.output
        refused = terminal("connect", "woocommerce", "--authorize", given["url"])
        assert refused.exit_code != 0
        assert "CROSSDOCK_PUBLIC_URL" in refused.output
        ended = answer(terminal("connections", "disconnect", "yours", "--json"))
        assert (ended["state"], ended["left_behind"]) == ("revoked", [])
