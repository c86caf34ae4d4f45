"""Events from a terminal: listed by what they are known by, in parts that leave nothing out, and shown."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.flow.record import events as reading
from tests.journey.cli.conftest import Terminal, answer, options, sandbox


def test_events_are_listed_by_everything_they_are_known_by(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*words: str) -> Any:
        return answer(terminal(*words, "--json"))

    with sandbox("woocommerce", "--orders", "12") as shop, sandbox("webhook") as sink:
        run("connect", "woocommerce", *options(shop), "--name", "my shop")
        run("connect", "webhook", *options(sink), "--name", "my sink")
        run("backfill", "my shop")
    every = run("events", "list", "--limit", "500")
    ids = [one["id"] for one in every]
    assert {"order", "customer", "product"} <= {one["stream"] for one in every}
    orders = run("events", "list", "--stream", "order", "--limit", "500")
    assert 12 <= len(orders) < len(every)
    assert {one["stream"] for one in orders} == {"order"}
    assert {"record_id", "code", "connection_id", "seq", "recorded_at", "deliveries"} <= set(orders[0])
    assert [sorted(end) for end in orders[0]["deliveries"]] == [
        ["attempts", "destination", "replayed", "rule", "state"]
    ]
    first = orders[0]
    by_number = run("events", "list", "--stream", "order", "--of", f"#{first['code']}")
    assert by_number == run("events", "list", "--stream", "order", "--of", first["external_id"])
    assert {one["record_id"] for one in by_number} == {first["record_id"]}
    for words, found in (
        (("--connection", "my shop"), ids),
        (("--connection", "my sink"), []),
        (("--origin", "backfill"), ids),
        (("--origin", "webhook"), []),
        (("--type", first["type"], "--stream", "order"), [o["id"] for o in orders if o["type"] == first["type"]]),
        (("--since", "2020-01-01"), ids),
        (("--until", "2020-01-01"), []),
        (("--before", ids[3]), ids[4:]),
    ):
        assert [one["id"] for one in run("events", "list", *words, "--limit", "500")] == found, words
    # what was looked at is not what was found: the list goes on until it has as many as were asked for
    monkeypatch.setattr(reading, "MOST_LOOKED", 2)
    assert run("events", "list", "--stream", "order", "--limit", "500") == orders
    assert run("events", "list", "--stream", "order", "--limit", "5") == orders[:5]
    told = terminal("events", "list", "--stream", "order", "--limit", "3").stdout
    assert first["id"] in told
    assert "my sink:" in told
    assert "There is nothing yet" in terminal("events", "list", "--origin", "api").stdout


def test_a_wrong_value_is_told_with_what_to_do(terminal: Terminal) -> None:
    for words, told in (
        (("--origin", "shop"), "webhook, pull, plugin"),
        (("--before", "dlv_1"), "evt_"),
        (("--since", "yesterday"), "2026-11-21"),
        (("--connection", "nobody"), "nobody"),
        (("--limit", "0"), "limit"),
    ):
        refused = terminal("events", "list", *words)
        assert (refused.exit_code, told in refused.output) == (2, True), (words, refused.output)
