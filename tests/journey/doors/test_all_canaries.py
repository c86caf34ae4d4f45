"""Every secret the product has, and people in every role, go through a journey with faults and are found nowhere.

Searched are the log at debug, the database and a backup of it (bytes decoded), the metrics, every page, the errors of
the API, and the command lines of the product's processes. (``test_canaries`` sends the data of a shop and of a CRM.)
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pyotp
import pytest
import pytest_asyncio
from prometheus_client import generate_latest
from pydantic import SecretStr

from crossdock import metrics
from crossdock.connect.sandbox import answer_json, serving
from crossdock.govern.access import Role
from crossdock.govern.people import Kind
from crossdock.govern.vault import new_master_key
from crossdock.kit.ids import Prefix, show
from crossdock.settings import Settings
from crossdock.store import backup as store_backup
from crossdock.store import binaries
from crossdock.web.rooms import all_pages
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Street, door, is_problem, rows, street
from tests.journey.doors.test_canaries import PERSON, Watched, dumped, logged, personal
from tests.journey.plugin.stage import facts
from tests.support.browsing import Visitor, beside, visiting
from tests.support.hub import add_route, add_shop, add_sink, until, working

__all__ = ["logged"]

EMAIL = "thessaly.quorn@canaryloft.example"
NAME = "Thessaly Quorn-Wimbrel"
GUEST = "ottoline.frake@canaryloft.example"
WORD = "nineteen-violet-otters-on-a-ladder"
NEXT = "twenty-amber-otters-in-a-boat"
WRONG = "twelve-crimson-otters-asleep"
SMTP = "smtp-canary-Zk81vQ7mPx"
CLIENT = "oauth-client-canary-8f2bd7c1"
HOOK = "T0CANARY/B0CANARY/xYzCanaryPath77"


class Trove(Watched):
    """What is hidden, by name; ``people`` are searched for where nobody of the hub's own is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.people = dict(self.canaries)
        self.secrets: dict[str, str] = {}

    def hide(self, **values: str) -> None:
        self.secrets |= values
        self.canaries |= values

    def no_secret(self, name: str, text: str | bytes) -> None:
        low = text if isinstance(text, bytes) else text.encode()
        assert [word for word, value in self.secrets.items() if value.encode() in low] == [], name


@pytest.fixture
def watched() -> Trove:
    trove = Trove()
    trove.canaries |= {"user": EMAIL, "user name": NAME, "guest": GUEST}
    trove.hide(password=WORD, next_password=NEXT, wrong_password=WRONG, smtp=SMTP, client=CLIENT, hook=HOOK)
    trove.hide(master=new_master_key())
    return trove


@pytest_asyncio.fixture
async def opened(settings: Settings, watched: Trove) -> AsyncIterator[Hub]:
    known = {
        "master_key": SecretStr(watched.secrets["master"]),
        "report_at_hour": -1,
        "public_url": "https://hub.example.test",
    }
    async with open_hub(settings.model_copy(update=known)) as hub:
        yield hub


async def _enter(visitor: Visitor, hub: Hub, trove: Trove) -> None:
    """Come in first, log in wrongly and rightly, turn the second step on, ask for links."""
    first = await hub.people.first_run_link(visitor.url)
    assert first is not None
    trove.hide(first_run=re.split(r"[#/=]", first)[-1])
    token = await hub.people.links.first_run()
    assert token is not None
    used = await hub.people.links.use(Kind.FIRST_RUN, token, email=EMAIL, name=NAME, password=WORD)
    login = await visitor.get("/login")
    refused = await visitor.submit(login, "/login", email=EMAIL, password=WRONG)
    trove.no_secret("a refused login", refused.text)
    await visitor.submit(refused, "/login", email=EMAIL, password=WORD)
    session = visitor.cookies()["crossdock-session"]
    setup = await hub.people.account.plan_totp(session)
    changed = await hub.people.account.set_totp(session, pyotp.TOTP(setup.secret).now())
    invited = await hub.people.members.invite(await hub.tenants.find(), GUEST, Role.VIEWER, actor="cli")
    trove.hide(session=session, totp=setup.secret, turned=changed.begun.token, invite=invited.token)
    trove.hide(**{f"recovery {n}": code for n, code in enumerate(changed.codes)})
    reset = await hub.people.reaching.reset(used.person_id, actor="cli")
    trove.hide(reset=re.split(r"[#/=]", reset)[-1])


async def _programs(doors: Street, hub: Hub, trove: Trove) -> str:
    """Make every secret of programs over the API; returns the key."""
    tenant = await hub.tenants.find()
    _, key = await hub.keys.add(tenant, "canary", ["admin"])
    trove.hide(api_key=key)

    async def ask(path: str, body: Any, *named: str) -> Any:
        answer = await doors.post(f"/api/v1/{path}", body, key)
        for name in named:
            if answer.status < 300 and answer.json.get(name):
                trove.hide(**{f"{path} {name}": answer.json[name]})
        if answer.status >= 300:
            trove.no_secret(path, answer.body)
        return answer

    mail = {
        "host": "127.0.0.1",
        "port": 9,
        "security": "starttls",
        "sender": "hub@canaryloft.example",
        # whom alerts go to is told in the clear: it is the operator's own address
        "to": ["ops@canaryloft.example"],
        "user": "u",
        "password": SMTP,
    }
    made = await ask("alert-channels", {"kind": "email", "name": "ops", "form": mail})
    assert made.status == 201, made.body
    tried = await doors.post(f"/api/v1/alert-channels/{made.json['id']}/test", {}, key)
    trove.holds_none("a channel that fails", tried.body)
    await ask(
        "alert-channels", {"kind": "slack", "name": "s", "form": {"url": f"https://hooks.slack.com/services/{HOOK}"}}
    )
    await ask("oauth/apps", {"connector": "hubspot", "name": "a", "client_id": "c", "client_secret": CLIENT})
    await ask("keys", {"name": "second", "scopes": ["read"]}, "key")
    await ask("tokens", {"scopes": ["read"]}, "token")
    code = (await hub.pairing.code(tenant, actor="cli")).code
    paired = await hub.pairing.pair(code, facts())
    trove.hide(pairing=code.rpartition(".")[2], site_key=paired.made.key, site_secret=paired.made.secret)
    for wrong in ({"connector": "webhook", "form": {"url": f"http://127.0.0.1:9/{HOOK}", "secret": SMTP}},
                  {"connector": "woocommerce", "form": {"url": "https://127.0.0.1:9", "key": CLIENT, "secret": WRONG}},
                  {"connector": "hubspot", "form": {"token": CLIENT, "base_url": "http://127.0.0.1:9"}}):  # fmt: skip
        answer = await ask("connections", wrong)
        assert answer.status >= 400, wrong
    is_problem(await doors.get("/api/v1/me", key + "x"), 401, "unauthenticated")
    return key


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    """A receiver that refuses, and quotes what it got."""
    whole = b""
    while True:
        message = await receive()
        whole += message.get("body", b"")
        if not message.get("more_body"):
            break
    status = 401 if b'"number":"2"' in whole.replace(b" ", b"") else 400
    await answer_json(send, status, {"error": whole.decode(errors="replace")[:4000]})


async def _orders(doors: Street, hub: Hub) -> None:
    """Send orders of a person; their receiver refuses them, with all that stands in them."""
    async with serving(_echo) as echo, working(hub):
        shop, sink = await add_shop(hub), await add_sink(hub, echo.url)
        await add_route(hub, shop, sink, "*", "post")
        for number in range(1, 4):
            assert (await doors.hook(shop, personal(number))).status == 200
        refused = await doors.call("POST", door(shop), b"{", {"x-wc-webhook-signature": PERSON["email"]})
        assert refused.status == 401

        async def over() -> bool:
            return bool(await rows(hub, "SELECT 1 FROM attempt WHERE outcome <> 'delivered'"))

        await until(over)


async def _ids(hub: Hub) -> dict[str, str]:
    """Return the ids that pages are about."""
    found = {}
    for name, prefix, query in (
        ("order_id", Prefix.ORDER, "SELECT id FROM record WHERE stream = 'order'"),
        ("event_id", Prefix.EVENT, "SELECT id FROM event"),
        ("delivery_id", Prefix.DELIVERY, "SELECT id FROM delivery UNION SELECT id FROM delivery_done"),
        ("connection_id", Prefix.CONNECTION, "SELECT id FROM connection"),
        ("channel_id", Prefix.CHANNEL, "SELECT id FROM alert_channel"),
        ("route_id", Prefix.ROUTE, "SELECT id FROM route"),
    ):
        found[name] = show(prefix, (await rows(hub, query))[0]["id"])
    return found


async def _pages(visitor: Visitor, ids: dict[str, str]) -> AsyncIterator[tuple[str, str]]:
    for page in all_pages():
        if not page.acts:
            path = page.route.replace("{slug}", "default")
            path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: ids.get(found[1], "nothing"), path)
            seen = await visitor.get(path)
            assert seen.status < 500, path
            yield path, seen.text


def _restored(directory: Path) -> bytes:
    """Return a backup as text, bytes decoded."""
    ran = subprocess.run(
        [binaries.program("pg_restore"), "--file=-", str(directory / store_backup.DUMP)],
        capture_output=True,
        check=True,
    )
    decoded = [bytes.fromhex(found.decode()) for found in re.findall(rb"\\\\x((?:[0-9a-f]{2})+)", ran.stdout)]
    assert decoded
    return ran.stdout + b"\n".join(decoded) + (directory / store_backup.MANIFEST).read_bytes()


async def test_no_secret_and_no_person_is_found(
    logged: io.StringIO, opened: Hub, watched: Trove, database_url: str, tmp_path: Path
) -> None:
    async with visiting(opened) as visitor, street(opened) as doors:
        await _enter(visitor, opened, watched)
        await _programs(doors, opened, watched)
        await _orders(doors, opened)
        ids = await _ids(opened)
        async for path, text in _pages(visitor, ids):
            watched.no_secret(path, text)
        async with beside(visitor) as viewer:
            await viewer.enter(Role.VIEWER, email="viewer@people.example")
            async for path, text in _pages(viewer, ids):
                watched.no_secret(path, text)
                shown = [word for word, value in watched.people.items() if value.lower() in text.lower()]
                assert shown == [], path
        watched.holds_none("the metrics' door", (await doors.get("/metrics")).body)
    await opened.refusals.flush(opened.database)
    assert len(watched.secrets) > 25
    watched.holds_none("the log", logged.getvalue())
    watched.holds_none("the metrics", generate_latest(metrics.REGISTRY))
    dump = await asyncio.to_thread(dumped, database_url)
    assert b"INSERT INTO" in dump
    watched.holds_none("the database", dump)
    await store_backup.backup(opened.database, tmp_path / "backup")
    watched.holds_none("a backup", await asyncio.to_thread(_restored, tmp_path / "backup"))


async def test_a_process_tells_nothing_by_its_command_line_or_its_end(
    hub: Hub, settings: Settings, tmp_path: Path
) -> None:
    """Served by the product's own command with the key in the environment, and killed by SIGABRT in the midst."""
    assert settings.database_url is not None
    master = settings.master_key_file.read_text().strip()
    _, key = await hub.keys.add(await hub.tenants.find(), "canary", ["admin"])
    place = tmp_path / "place"
    place.mkdir()
    environment = {
        **os.environ,
        "CROSSDOCK_DATABASE_URL": settings.database_url.get_secret_value(),
        "CROSSDOCK_MASTER_KEY": master,
        "CROSSDOCK_DATA_DIR": str(place),
        "CROSSDOCK_CONFIG": os.devnull,
        "CROSSDOCK_LOG_LEVEL": "debug",
        "PYTHONFAULTHANDLER": "1",
    }
    said = place / "said"
    with said.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "crossdock", "serve", "--port", "0", "--json"),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=out,
            cwd=place,
        )
    assert process.stdout is not None
    url = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))["url"]
    try:
        async with aiohttp.ClientSession() as http:
            form = {"url": f"https://hooks.slack.com/services/{HOOK}"}
            body = {"kind": "slack", "name": "s", "form": form}
            async with http.post(
                f"{url}/api/v1/alert-channels", json=body, headers={"Authorization": f"Bearer {key}"}
            ) as one:
                assert one.status == 201, await one.text()
        lines = [path.read_bytes() for path in _processes(process.pid)]
        assert any(b"crossdock" in line for line in lines)
    finally:
        process.send_signal(signal.SIGABRT)
        await asyncio.wait_for(process.wait(), 30)
    left = _files(place)
    assert b"Fatal Python error" in said.read_bytes(), "the process told how it ended"
    for text in (*lines, *left):
        for secret in (master, key, HOOK):
            assert secret.encode() not in text


def _files(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in directory.rglob("*") if path.is_file()]


def _processes(pid: int) -> list[Path]:
    """Return the command lines of a process and of its children."""
    found = [Path(f"/proc/{pid}/cmdline")]
    for task in Path(f"/proc/{pid}/task").iterdir():
        children = (task / "children").read_text().split() if (task / "children").exists() else []
        for child in children:
            found += _processes(int(child))
    return found
