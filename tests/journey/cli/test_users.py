"""``crossdock users``: who may come in, from the machine itself; and the link that ``serve`` prints."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from crossdock.govern.people import Kind
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.cli.conftest import Terminal, answer
from tests.support.people import PASSWORD

EMAIL = "ann@people.example"


def token_of(link: str, page: str) -> str:
    assert link.startswith(f"http://127.0.0.1:8484{page}?token="), link
    return link.partition("=")[2]


def within(settings: Settings, work: Any) -> Any:
    """Do something with a hub of the test's own, as somebody at a page would."""

    async def whole() -> Any:
        async with open_hub(settings) as hub:
            return await work(hub)

    return asyncio.run(whole())


@pytest.fixture
def ann(terminal: Terminal, settings: Settings) -> str:
    """Ann, owner of the default tenant, who came in; returns her id."""
    made = answer(terminal("users", "add", EMAIL, "--role", "owner", "--json"))
    assert made["mailed"] is False

    async def come(hub: Hub) -> None:
        await hub.people.links.use(Kind.INVITE, token_of(made["link"], "/invite"), name="Ann", password=PASSWORD)

    within(settings, come)
    shown: str = made["id"]
    return shown


def test_somebody_is_added_by_a_link_and_never_by_a_password(terminal: Terminal, ann: str) -> None:
    (row,) = answer(terminal("users", "--json"))
    assert (row["id"], row["email"], row["name"], row["role"], row["state"]) == (ann, EMAIL, "Ann", "owner", "active")
    told = terminal("users", "add", "bob@people.example")
    assert told.exit_code == 0
    assert "/invite?token=" in told.stdout
    assert "works once" in told.stderr
    assert terminal("users", "add", EMAIL).exit_code == 2
    assert "is a member already" in terminal("users", "add", EMAIL).stderr


def test_without_a_mail_server_an_invitation_prints_its_link_and_says_why(terminal: Terminal) -> None:
    told = terminal("users", "invite", EMAIL, "--role", "admin")
    assert "It was not mailed: no mail server is set up for it." in " ".join(told.stderr.split())
    assert "/invite?token=" in told.stdout
    again = answer(terminal("users", "link", EMAIL, "--json"))
    assert again["link"] != told.stdout.strip()
    assert answer(terminal("users", "list", "--json"))[0]["role"] == "admin"


def test_roles_are_changed_and_the_last_owner_stays(terminal: Terminal, ann: str) -> None:
    refused = terminal("users", "role", EMAIL, "viewer")
    assert refused.exit_code == 2
    assert "without an owner" in refused.stderr
    assert terminal("users", "disable", ann).exit_code == 2
    assert terminal("users", "remove", ann).exit_code == 2
    assert terminal("users", "add", "bob@people.example", "--role", "emperor").exit_code == 2
    assert terminal("users", "add", "bob@people.example", "--role", "viewer").exit_code == 0
    assert terminal("users", "role", "bob@people.example", "operator").exit_code == 0
    assert {row["role"] for row in answer(terminal("users", "--json"))} == {"owner", "operator"}
    assert terminal("users", "remove", "bob@people.example").exit_code == 0
    assert len(answer(terminal("users", "--json"))) == 1


def test_somebody_is_shut_out_and_let_in_again(terminal: Terminal, ann: str, settings: Settings) -> None:
    del ann
    made = answer(terminal("users", "add", "bob@people.example", "--json"))

    async def log_in(hub: Hub) -> str:
        token = token_of(made["link"], "/invite")
        await hub.people.links.use(Kind.INVITE, token, name="Bob", password=PASSWORD)
        return (await hub.people.sessions.begin("bob@people.example", PASSWORD, agent="curl/8", address="")).token

    token = within(settings, log_in)
    assert [row["agent"] for row in answer(terminal("users", "sessions", made["id"], "--json"))] == ["curl"]
    assert terminal("users", "disable", "bob@people.example").exit_code == 0
    assert within(settings, lambda hub: hub.people.sessions.seat(token, None)) is None
    assert {row["state"] for row in answer(terminal("users", "--json"))} == {"active", "disabled"}
    assert terminal("users", "enable", made["id"]).exit_code == 0
    assert {row["state"] for row in answer(terminal("users", "--json"))} == {"active"}


def test_sessions_are_ended_from_the_machine(terminal: Terminal, ann: str, settings: Settings) -> None:
    begin = within(settings, lambda hub: hub.people.sessions.begin(EMAIL, PASSWORD, agent="", address=""))
    assert answer(terminal("users", "sessions", ann, "--end", "--json"))["ended"] == 1
    assert within(settings, lambda hub: hub.people.sessions.seat(begin.token, None)) is None
    assert "Nobody is logged in" in terminal("users", "sessions", ann).stdout


def test_a_lost_password_and_a_lost_phone_are_mended_by_a_link(
    terminal: Terminal, ann: str, settings: Settings
) -> None:
    made = answer(terminal("users", "reset", EMAIL, "--totp", "--json"))
    assert made["totp_off"] is True

    async def renew(hub: Hub) -> str:
        await hub.people.links.use(Kind.RESET, token_of(made["link"], "/reset"), password="a lamp and a bicycle")
        return (await hub.people.sessions.begin(EMAIL, "a lamp and a bicycle", agent="", address="")).token

    assert within(settings, renew)
    unknown = terminal("users", "reset", "nobody@people.example")
    assert unknown.exit_code == 2
    assert "nobody@people.example" not in unknown.output
    assert ann in answer(terminal("users", "--json"))[0]["id"]


def test_the_first_link_is_printed_while_there_is_nobody(terminal: Terminal) -> None:
    link = answer(terminal("users", "link", "--json"))["link"]
    assert token_of(link, "/welcome")
    assert "crossdock users link" in terminal("users").stdout
    assert terminal("users", "add", EMAIL).exit_code == 0
    over = terminal("users", "link")
    assert over.exit_code == 2
    assert "somebody has come in already" in over.stderr


@pytest.fixture
def served(terminal: Terminal) -> Iterator[Any]:
    """Start ``serve`` and return what it says in JSON; ended at the end."""
    del terminal
    started: list[subprocess.Popen[str]] = []

    def start() -> dict[str, Any]:
        words = [sys.executable, "-m", "crossdock", "serve", "--no-worker", "--port", "0", "--json"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
        started.append(process)
        assert process.stdout is not None
        said: dict[str, Any] = json.loads(process.stdout.readline())
        return said

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
    for process in started:
        assert process.wait(30) == 0
        assert process.stdout is not None
        process.stdout.close()


def test_serve_prints_a_new_first_link_at_every_start_until_somebody_came(served: Any, settings: Settings) -> None:
    one, two = served(), served()
    for said in (one, two):
        assert said["dashboard"] == said["url"]
        assert said["first_run"].startswith(f"{said['url']}/welcome?token=")
    tokens = [said["first_run"].partition("=")[2] for said in (one, two)]

    async def come(hub: Hub) -> None:
        with pytest.raises(Exception, match="replaced by a newer one"):
            await hub.people.links.look(Kind.FIRST_RUN, tokens[0])
        await hub.people.links.use(Kind.FIRST_RUN, tokens[1], email=EMAIL, name="Ann", password=PASSWORD)

    within(settings, come)
    assert served()["first_run"] is None
