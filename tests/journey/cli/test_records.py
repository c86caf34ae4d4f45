"""Orders, customers, products and changes from a terminal: people's data only when it is asked for."""

from __future__ import annotations

from typing import Any

from tests.journey.cli.conftest import Terminal, answer, options, sandbox


def test_records_are_listed_shown_and_followed(terminal: Terminal) -> None:
    def run(*words: str) -> Any:
        return answer(terminal(*words, "--json"))

    with sandbox("woocommerce", "--orders", "12") as shop:
        run("connect", "woocommerce", *options(shop), "--name", "my shop")
        run("backfill", "my shop")
    listed = run("orders", "list", "--limit", "100")
    assert len(listed) >= 12
    number = listed[0]["data"]["number"]
    assert [one["id"] for one in run("orders", "list", "--number", number)] == [listed[0]["id"]]
    masked = run("orders", "show", listed[0]["id"])
    assert masked["data"]["billing"]["email"] in ("[redacted]", "")
    person = run("customers", "list", "--body")[0]
    assert person["data"]["email"].count("@") == 1
    assert run("customers", "list", "--email", person["data"]["email"])[0]["id"] == person["id"]
    assert run("products", "list", "--status", "publish")
    shown = terminal("orders", "list")
    assert number in shown.output
    assert "@" not in shown.output
    seen: list[str] = []
    after: list[str] = []
    while True:
        page = run("changes", "--stream", "order", "--limit", "5", *after)
        seen += [one["external_id"] for one in page["items"]]
        after = ["--after", page["next"]]
        if not page["more"]:
            break
    assert sorted(seen) == sorted(one["external_id"] for one in listed)
    assert run("changes", "--after", "now")["items"] == []
    wrong = terminal("changes", "--after", "yesterday")
    assert wrong.exit_code == 2
    assert "cursor" in wrong.output
