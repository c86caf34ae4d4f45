"""Alerts, their rules and channels from the terminal."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from crossdock.govern.alerts import Listing
from crossdock.settings import Settings
from crossdock.wiring import open_hub
from tests.journey.alerts.test_alerts import add_dead
from tests.journey.cli.conftest import Terminal, answer
from tests.support.hub import add_sink


@pytest.fixture
def trouble(settings: Settings) -> str:
    """One alert stands: three dead letters of one destination. Returns the alert's id."""

    async def build() -> str:
        async with open_hub(settings) as hub:
            await add_dead(hub, await add_sink(hub, "http://127.0.0.1:9/"), 3)
            await add_sink(hub, "http://127.0.0.1:9/", "idle")
            assert await hub.alerting.alerts.evaluate("test")
            async with hub.database.engine() as conn:
                (found,) = await hub.alerting.alerts.listed(conn, await hub.tenants.find(), Listing(10, True))
            return str(found["id"])

    return asyncio.run(build())


class Inbox:
    """Takes posts in a thread of its own; answers ``status``."""

    def __init__(self) -> None:
        self.posts: list[bytes] = []
        self.status = 200
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                inbox.posts.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(inbox.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks/secret-path-canary"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    made = Inbox()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join(20)


def test_an_alert_is_listed_shown_and_taken_over(terminal: Terminal, trouble: str) -> None:
    listed = terminal("alerts", "--json")
    assert listed.exit_code == 1, "an error stands"
    (alert,) = answer(listed)
    assert (alert["id"], alert["kind"], alert["count"], alert["connection"]) == (trouble, "dead_letters", 3, "sink")
    assert answer(terminal("alerts", "list", "--connection", "sink", "--json")) == [alert]
    idle = terminal("alerts", "--connection", "idle")
    assert (idle.exit_code, "All is well" in idle.stdout) == (0, True)
    assert trouble in terminal("alerts").stdout, "an id is not broken: it is copied"

    shown = answer(terminal("alerts", "show", trouble, "--json"))
    assert (shown["state"], shown["acknowledged_by"]) == ("open", None)
    assert f"id               {trouble}" in terminal("alerts", "show", trouble).stdout
    taken = answer(terminal("alerts", "acknowledge", trouble, "--json"))
    assert (taken["state"], taken["acknowledged_by"]) == ("acknowledged", "cli")
    assert answer(terminal("alerts", "acknowledge", trouble, "--json")) == taken, "taken over once"
    assert answer(terminal("alerts", "show", trouble, "--json")) == taken
    wrong = terminal("alerts", "show", "alr_00000000000000000000000001")
    assert (wrong.exit_code, "there is no" in wrong.output) == (2, True)


def test_rules_are_listed_set_and_taken_back(terminal: Terminal, trouble: str) -> None:
    rules = answer(terminal("alerts", "rules", "--json"))
    assert {rule["id"] for rule in rules if not rule["default"]} == set()
    assert "dead_letters" in terminal("alerts", "rules", "list").stdout
    words = ("--set", "count=4", "--severity", "warning", "--connection", "sink")
    made = answer(terminal("alerts", "rules", "set", "dead_letters", *words, "--json"))
    assert (made["settings"]["count"], made["severity"], made["enabled"]) == (4, "warning", True)
    assert [one["id"] for one in answer(terminal("alerts", "rules", "--json")) if not one["default"]] == [made["id"]]
    off = answer(terminal("alerts", "rules", "set", "dead_letters", "--off", "--connection", "sink", "--json"))
    assert (off["id"], off["enabled"]) == (made["id"], False), "one rule a connection"
    assert answer(terminal("alerts", "--json")) == [], "what a rule found ends with it"
    assert [one["id"] for one in answer(terminal("alerts", "--all", "--json"))] == [trouble]
    for given, said in (
        (("weather",), "no rule"),
        (("silence", "--set", "hours=many"), "hours is a number"),
        (("silence", "--set", "hours"), "no NAME=VALUE"),
        (("silence", "--set", "minutes=1"), "minutes"),
    ):
        refused = terminal("alerts", "rules", "set", *given)
        assert (refused.exit_code, said in refused.output) == (2, True), refused.output
    assert answer(terminal("alerts", "rules", "reset", off["id"], "--json")) == {"id": off["id"]}
    assert answer(terminal("alerts", "rules", "--json")) == rules
    assert terminal("alerts", "rules", "reset", off["id"]).exit_code == 2


def test_a_channel_is_added_tested_changed_and_dropped(terminal: Terminal, inbox: Inbox) -> None:
    assert "crossdock alerts channels add NAME --as email" in terminal("alerts", "channels").stdout.replace("\n", " ")
    words = ("--as", "webhook", "--set", "url=", "--least", "error", "--kind", "dead_letters", "--no-report")
    asked = terminal("alerts", "channels", "add", "ops", *words, "--json", given=inbox.url + "\n")
    made = answer(asked)
    assert made["secret"].startswith("whsec_"), "shown once"
    assert (made["name"], made["least"], made["kinds"], made["report"]) == ("ops", "error", ["dead_letters"], False)
    listed = terminal("alerts", "channels", "--json")
    assert [one["id"] for one in answer(listed)] == [made["id"]]
    for told in (listed.output, terminal("alerts", "channels").output, asked.output):
        assert "secret-path-canary" not in told
    assert made["secret"] not in listed.output

    assert answer(terminal("alerts", "channels", "test", "ops", "--json")) == {"ok": True, "problem": ""}
    assert json.loads(inbox.posts[0])["type"] == "crossdock.test"
    inbox.status = 404
    failed = terminal("alerts", "channels", "test", "ops", "--json")
    assert (failed.exit_code, answer(failed)["problem"]) == (1, "the receiver answered 404")

    changed = answer(terminal("alerts", "channels", "change", "ops", "--least", "warning", "--report", "--json"))
    assert (changed["least"], changed["report"], changed["state"]) == ("warning", True, made["state"])
    off = answer(terminal("alerts", "channels", "change", made["id"], "--off", "--json"))
    assert off["enabled"] is False
    twice = terminal("alerts", "channels", "add", "ops", "--as", "slack", "--set", f"url={inbox.url}")
    assert (twice.exit_code, "there is a channel 'ops' already" in twice.output) == (2, True)
    assert answer(terminal("alerts", "channels", "drop", "ops", "--json")) == {"channel": "ops"}
    assert answer(terminal("alerts", "channels", "--json")) == []
    for verb in ("test", "change", "drop"):
        assert terminal("alerts", "channels", verb, "ops").exit_code == 2


def test_a_report_says_what_there_is_to_do(terminal: Terminal, trouble: str) -> None:
    told = terminal("report", "--json")
    assert (told.exit_code, answer(told)["ok"], len(answer(told)["to_do"])) == (1, False, 1), trouble
    assert "1 thing to do" in terminal("report").stdout
    calm = terminal("alerts", "rules", "set", "dead_letters", "--off")
    assert calm.exit_code == 0
    assert terminal("report").exit_code == 0
    for day in ("yesterday", "2020-01-01"):
        assert terminal("report", "--day", day).exit_code == 2
