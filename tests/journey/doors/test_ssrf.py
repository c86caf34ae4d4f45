"""Whatever address somebody gives the hub, it is not led to this machine, this network or a cloud's metadata."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from crossdock.connect import catalogue
from crossdock.connect.egress import EgressRefused, Guard
from crossdock.connect.manifest import FieldKind
from crossdock.connect.sandbox import serving
from crossdock.govern.alerts.channels import FORMS
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Street, street
from tests.journey.plugin.stage import facts

SOURCES = Path(__file__).parents[3] / "src" / "crossdock"
OUTWARD = {
    "connect/client.py": "the one client of vendors: guard, resolver and socket factory",
    "connect/certificate.py": "a second look at a host whose address the client's resolver has judged",
    "govern/alerts/mail.py": "mail: resolves once, judges each address, connects to what was judged",
}
"""The only files that open connections to where people say."""
_OPENS = re.compile(
    r"aiohttp\.(ClientSession|TCPConnector)|\b(open_connection|create_connection|urlopen|HTTPSConnection)\b"
)

INSIDE = (
    "https://127.0.0.1:{port}/x", "https://localhost:{port}/x", "https://localhost.:{port}/x", "https://127.0.0.1.:{port}/x",
    "https://[::1]:{port}/x", "https://[::ffff:127.0.0.1]:{port}/x", "https://[::ffff:7f00:1]:{port}/x",
    "https://2130706433:{port}/x", "https://0x7f000001:{port}/x", "https://0177.0.0.1:{port}/x", "https://127.1:{port}/x",
    "https://0:{port}/x", "https://[::]:{port}/x", "https://[64:ff9b::7f00:1]:{port}/x", "https://[2002:7f00:1::]:{port}/x",
    "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/latest", "https://100.100.100.200/latest",
    "https://168.63.129.16/machine", "https://10.0.0.1/x", "https://192.168.0.1/x", "https://172.16.0.1/x",
    "https://user:pass@127.0.0.1:{port}/x", "https://shop.example@127.0.0.1:{port}/x", "https://127.0.0.1:{port}\\@shop.example/",
    "https://①②⑦.⓪.⓪.①:{port}/x", "https://127。0。0。1:{port}/x", "https://shop.example:22/x", "https://shop.example:6379/x",
    "file:///etc/passwd", "gopher://127.0.0.1:{port}/_x", "http://127.0.0.1:{port}/x", "//127.0.0.1:{port}/x",
)  # fmt: skip


def test_only_known_rooms_open_connections() -> None:
    found = set()
    for file in SOURCES.rglob("*.py"):
        name = str(file.relative_to(SOURCES))
        if "sandbox" in name or name.startswith("cli/demo/") or name == "api/samples.py":
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        code = [
            ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call | ast.Import | ast.ImportFrom)
        ]
        if any(_OPENS.search(line.partition("(")[0]) for line in code):
            found.add(name)
    assert found == set(OUTWARD)


class Inside:
    """A server of this machine that nobody must reach; it counts who does."""

    def __init__(self) -> None:
        self.seen = 0
        self.port = 0

    def met(self, _reader: Any, writer: asyncio.StreamWriter) -> None:
        self.seen += 1
        writer.close()


@contextlib.asynccontextmanager
async def _guarded(settings: Settings) -> AsyncIterator[tuple[Hub, Street, Inside, str]]:
    """Open a hub as in production, beside a server that listens on this machine."""
    inside = Inside()
    server = await asyncio.start_server(inside.met, "127.0.0.1", 0)
    inside.port = server.sockets[0].getsockname()[1]
    known = settings.model_copy(
        update={"production": True, "egress_allow": (), "public_url": "https://hub.example", "call_timeout_s": 1.0}
    )
    async with server, open_hub(known) as hub, street(hub) as doors:
        _, key = await hub.keys.add(await hub.tenants.find(), "all", ["admin"])
        yield hub, doors, inside, key


def places(url: str) -> dict[str, tuple[str, Any]]:
    """Return every place of the API that takes an address: path and body."""
    found: dict[str, tuple[str, Any]] = {}
    known = catalogue.catalogue()
    for name in catalogue.names():
        fields = known.get(name).manifest.form
        filled = {f.name: "x" * 24 for f in fields if f.kind is FieldKind.SECRET}
        named = [f.name for f in fields if f.kind is FieldKind.URL or f.name == "url"]
        assert named, f"{name} takes no address: say so here"
        for field in named:
            form = {**filled, **({"format": "standard"} if name == "webhook" else {}), field: url}
            found[f"connection {name}.{field}"] = ("connections", {"connector": name, "name": name, "form": form})
    found["authorize"] = ("connections/authorize", {"connector": "woocommerce", "name": "n", "url": url})
    for kind, fields in FORMS.items():
        if "url" in fields:
            found[f"channel {kind}"] = ("alert-channels", {"kind": kind, "name": kind, "form": {"url": url}})
    found["pairing"] = ("plugin/pairings", {"name": "site", "site": url})
    found["connect link"] = ("connect-links", {"connector": "woocommerce", "name": "n", "return_url": url})
    return found


def test_every_place_that_takes_an_address_is_known() -> None:
    """Whoever adds a field that holds an address adds it to the places."""
    taking = set()
    for file in (SOURCES / "api" / "resources").glob("*.py"):
        for name in re.findall(
            r"^    (\w*(?:url|site|address))\s*:\s*(?:str|Annotated\[str)", file.read_text("utf-8"), re.MULTILINE
        ):
            taking.add(f"{file.stem}.{name}")
    named = "connect_links oauth stores webhooks live_records plugin orders customers products crm_deals"
    answers = {f"{one}.url" for one in named.split()}
    assert taking - answers <= {"stores.url", "connect_links.return_url", "plugin.site", "commands.tracking_url"}
    # a tracking address is told to the shop, and never opened by the hub


async def test_no_place_leads_inside(settings: Settings) -> None:
    """Refused on its face, or at the latest when it would be connected; consent pages are opened by browsers alone."""
    wrong = []
    async with _guarded(settings) as (_, doors, inside, key):
        for url in INSIDE:
            for name, (path, body) in places(url.replace("{port}", str(inside.port))).items():
                answer = await doors.post(f"/api/v1/{path}", body, key)
                if answer.status >= 500 and answer.status != 502:
                    wrong.append(f"{url} {name}: {answer.status}")
                elif path == "alert-channels" and answer.status == 201:
                    channel = f"/api/v1/alert-channels/{answer.json['id']}"
                    if (await doors.post(f"{channel}/test", {}, key)).json["ok"]:
                        wrong.append(f"{url} {name}: sent")
                    await doors.call("DELETE", channel, None, {"Authorization": f"Bearer {key}"})
                elif answer.status < 400 and name.startswith("connection"):
                    wrong.append(f"{url} {name}: {answer.status}")
            if inside.seen:
                wrong.append(f"{url}: reached")
                inside.seen = 0
    assert wrong == []


async def test_a_mail_server_inside_is_not_reached(settings: Settings) -> None:
    async with _guarded(settings) as (_, doors, inside, key):
        for host in ("127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1", "0x7f.1", "2130706433", "169.254.169.254"):
            form = {
                "host": host,
                "port": inside.port,
                "security": "tls",
                "sender": "a@b.example",
                "to": ["c@d.example"],
            }
            made = await doors.post("/api/v1/alert-channels", {"kind": "email", "name": host, "form": form}, key)
            if made.status == 201:
                tried = await doors.post(f"/api/v1/alert-channels/{made.json['id']}/test", {}, key)
                assert tried.json["ok"] is False, host
        assert inside.seen == 0


async def test_a_site_that_says_where_it_is_does_not_lead_inside(settings: Settings) -> None:
    """The plugin tells its own REST address: commands go there, and no further than elsewhere."""
    async with _guarded(settings) as (hub, doors, inside, key):
        code = (await hub.pairing.code(await hub.tenants.find(), actor="test")).code
        inner = f"https://127.0.0.1:{inside.port}"
        await hub.pairing.pair(code, facts(url=inner, site_url=inner, rest_url=f"{inner}/wp-json/"))
        (site,) = (await doors.get("/api/v1/plugin/sites", key)).json
        assert (await doors.get(f"/api/v1/plugin/sites/{site['id']}/status", key)).status in (400, 409, 502)
        told = await doors.post(f"/api/v1/plugin/sites/{site['id']}/commands", {"action": "ping"}, key)
        assert told.status in (400, 409, 502)
        assert inside.seen == 0


async def test_a_redirect_is_followed_nowhere(settings: Settings) -> None:
    """A host that is open answers with the way to one that is not."""
    seen: list[str] = []

    async def turning(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        seen.append(scope["path"])
        status = 301 + len(seen) % 2 * 6
        headers = [(b"location", f"http://127.0.0.2:{port}/inside".encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    inside = Inside()
    server = await asyncio.start_server(inside.met, "127.0.0.2", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_hub(settings) as hub, street(hub) as doors, serving(turning) as host:
        _, key = await hub.keys.add(await hub.tenants.find(), "all", ["admin"])
        for name, (path, body) in places(host.url).items():
            if "form" in body:
                body["form"] |= {"plain_http": True} if name.startswith("connection") and "hubspot" not in name else {}
            answer = await doors.post(f"/api/v1/{path}", body, key)
            if path == "alert-channels" and answer.status == 201:
                await doors.post(f"/api/v1/alert-channels/{answer.json['id']}/test", {}, key)
        assert len(seen) >= 4, "the host itself was asked"
        assert inside.seen == 0


async def test_a_name_that_changes_its_mind_gains_nothing(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """DNS rebinding: public at the first look-up, this machine at the next; and both at once."""
    async with _guarded(settings) as (_, doors, inside, key):
        loop = asyncio.get_running_loop()
        real, asked = loop.getaddrinfo, []

        async def turning(host: Any, port: Any, **more: Any) -> Any:
            if host not in ("rebound.example", "both.example"):
                return await real(host, port, **more)
            asked.append(host)
            here = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", inside.port))
            away = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", inside.port))
            return [away, here] if host == "both.example" or len(asked) % 2 else [here]

        monkeypatch.setattr(loop, "getaddrinfo", turning)
        for host in ("rebound.example", "both.example"):
            for _ in range(2):
                form = {"url": f"https://{host}:{inside.port}/x", "secret": "whsec_" + "a" * 32, "format": "standard"}
                body = {"connector": "webhook", "name": host, "form": form}
                assert (await doors.post("/api/v1/connections", body, key)).status >= 400
        assert asked
        assert inside.seen == 0


@pytest.mark.parametrize("port", [22, 25, 110, 143, 465, 587, 3306, 5432, 6379, 9200, 11211, 27017])
def test_ports_of_other_protocols_are_refused_in_production(port: int) -> None:
    with pytest.raises(EgressRefused, match="another protocol"):
        Guard().check_url(f"https://shop.example:{port}/x")
    Guard(production=False).check_url(f"https://shop.example:{port}/x")
    Guard().check_url("https://shop.example:8443/x")
