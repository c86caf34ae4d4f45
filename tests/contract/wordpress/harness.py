"""WordPress's other side: a sandbox site on loopback, and signatures built by hand."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson
from yarl import URL

from crossdock.connect import catalogue
from crossdock.connect import site_meta as mapper
from crossdock.connect.client import Reply, Transport
from crossdock.connect.connector import Access, Context
from crossdock.connect.egress import Guard
from crossdock.connect.sandbox import serving
from crossdock.connect.suite import Variant
from crossdock.connectors.wordpress.sandbox import Settings, Site, build
from crossdock.kit.clock import SystemClock
from crossdock.kit.ids import new_id
from crossdock.model.connection import Connection, ConnectionState
from crossdock.model.mapping import Mapped
from crossdock.model.plan import Plan, Resolved

CONNECTOR = catalogue.get("wordpress")
"""As the catalogue gives it, with the words of the connector it speaks like."""
ROOT = Path(__file__).parents[3]
KEY = "cdk_" + "canary0key" * 4
SECRET = "cds_" + "canary1secret" * 4
UID = "site-example"


def by_hand(
    secret: str, method: str, target: str, body: bytes, *, stamp: int | None = None, nonce: str = "", key: str = KEY
) -> dict[str, str]:
    """Build the headers of a request of the hub's, with none of the product's code."""
    at = str(int(time.time()) if stamp is None else stamp)
    nonce = nonce or secrets.token_hex(12)
    said = b"v1-hub\n" + f"{method}\n{target}\n{at}\n{nonce}\n".encode() + body
    return {
        "content-type": "application/json",
        "x-crossdock-key": key,
        "x-crossdock-timestamp": at,
        "x-crossdock-nonce": nonce,
        "x-crossdock-signature": "v1=" + hmac.new(secret.encode(), said, hashlib.sha256).hexdigest(),
    }


def context(speaker: tuple[str, str] | None = None, **changes: Any) -> Context:
    """Return the context of one contact whose address is ana@example.com."""
    known: dict[str, Any] = {
        "store_uid": "hubspot-1",
        "store_name": "Portal",
        "store_url": "",
        "config": {},
        "account": {},
        "event_type": "contact.updated",
        "external_id": "501",
        "presence": "live",
        "speakers": {"ana@example.com": speaker} if speaker else {},
    }
    return Context(**{**known, **changes})


class SiteBench:
    """A sandbox site, access to it, and raw HTTP beside the connector."""

    retry_after_s = 3.0

    def __init__(self, url: str, transport: Transport, site: Site) -> None:
        self.url, self.transport, self.site = url, transport, site
        self.good = self.access()
        self.bad: Access | None = self.access(secret="cds_" + "another0secret" * 3)

    def access(
        self, key: str = KEY, secret: str = SECRET, *, account: dict[str, Any] | None = None, **config: Any
    ) -> Access:
        """Return access to the site."""
        connection = Connection(
            id=new_id(),
            tenant_id=new_id(),
            connector="wordpress",
            name="site",
            state=ConnectionState.ACTIVE,
            account_uid=UID,
            config={"url": self.url, "plain_http": True, **config},
            account=account or {},
        )
        given = {name: value for name, value in (("site_key", key), ("site_secret", secret)) if value}
        return Access(connection, given, self.transport, SystemClock())

    async def raw(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Reply:
        """Call the site without the connector."""
        return await self.transport.send(method, URL(self.url + path, encoded=True), headers or {}, body, 10.0)

    async def turn(self, **dials: Any) -> None:
        """Turn dials."""
        reply = await self.raw("PUT", "/_sandbox/dials", {}, orjson.dumps(dials))
        assert reply.status == 200, reply.body

    async def requests(self) -> int:
        """Return how many requests came."""
        return self.site.requests

    def plan(self, entity: Any, said: Context, **meta: str | None) -> Plan:
        """Plan a contact or a deal as the pump does. Raises ``PlanRefused``."""
        assert CONNECTOR.destination is not None
        mapped = Mapped({"meta": (meta,)} if meta else {})
        return CONNECTOR.destination(self.good).plan("write_meta", entity, mapped, said)

    def asked(self, user: int, delivery: str = "", **meta: str) -> Resolved:
        """Return one write to a user."""
        said = context(("customer", f"{UID}:{user}"))
        (step,) = self.plan({"id": "501", "email": "Ana@example.com"}, said, **meta).steps
        return Resolved(step.writes[0], None, {}, idempotency_key=delivery or f"evt_{new_id().hex}")

    def writes(self, count: int, *, poisoned: int | None = None) -> tuple[str, list[Resolved]]:
        """Return writes to fresh users; the poisoned one names a key that sites do not let anybody write."""
        found = []
        for at in range(count):
            write = self.asked(int(self.site.add("customer")["id"]), crossdock_crm_id=f"50{at}")
            if at == poisoned:
                said = msgspec.structs.replace(mapper.read(write.write.body), meta={"wp_capabilities": "administrator"})
                bad = msgspec.structs.replace(write.write, body=msgspec.json.encode(said))
                write = msgspec.structs.replace(write, write=bad)
            found.append(write)
        return "write_meta", found

    async def held(self) -> Mapping[str, int]:
        """Return whose meta was written, and how often."""
        return dict(self.site.writes)

    async def accepts(self, variant: Variant) -> bool:
        """Send a ping whose signature was built by hand."""
        body = orjson.dumps({"commands": [{"id": str(new_id()), "action": "ping"}]})
        stamp = int(time.time()) - (301 if variant is Variant.STALE else 0)
        secret = "cds_another" if variant is Variant.BAD else SECRET
        headers = by_hand(secret, "POST", "/wp-json/crossdock/v1/commands", body, stamp=stamp)
        sent = body.replace(b"ping", b"pong") if variant is Variant.OTHER_BODY else body
        return (await self.raw("POST", "/wp-json/crossdock/v1/commands", headers, sent)).status == 200

    async def command(self, given: Any, **changes: Any) -> dict[str, Any]:
        """Send one command by hand; return what became of it."""
        body = orjson.dumps({"commands": [given]})
        headers = by_hand(SECRET, "POST", "/wp-json/crossdock/v1/commands", body) | changes
        reply = await self.raw("POST", "/wp-json/crossdock/v1/commands", headers, body)
        (result,) = reply.json()["results"]
        return dict(result)

    async def refusals(self) -> Mapping[str, bool]:
        """Try what the plugin refuses."""
        user = int(self.site.add("customer")["id"])
        target = {"kind": "user", "id": user}
        write = {"id": str(new_id()), "action": "write_meta", "target": target}
        tried: dict[str, tuple[Any, str]] = {
            "a key outside the list": ({**write, "meta": {"role": "administrator"}}, "key-not-allowed"),
            "an unknown user": (
                {**write, "target": {"kind": "user", "id": 999}, "meta": {"crossdock_crm_id": "1"}},
                "no-such-user",
            ),
            "an unknown kind": (
                {**write, "target": {"kind": "post", "id": user}, "meta": {"crossdock_crm_id": "1"}},
                "bad-target",
            ),
            "no meta": ({**write, "meta": {}}, "bad-meta"),
            "a long value": ({**write, "meta": {"crossdock_crm_id": "x" * 2001}}, "bad-value"),
            "an unknown action": ({"id": str(new_id()), "action": "delete_site"}, "unknown-action"),
            "an id that is none": ({"id": "1", "action": "ping"}, "bad-id"),
            "kinds that are none": ({"id": str(new_id()), "action": "export", "kinds": ["post"]}, "bad-kinds"),
            "a kind that is none": ({"id": str(new_id()), "action": "refresh", "kind": "post", "ids": [1]}, "bad-kind"),
            "no ids": ({"id": str(new_id()), "action": "refresh", "kind": "order"}, "bad-ids"),
        }
        seen = {name: (await self.command(given))["problem"]["code"] == code for name, (given, code) in tried.items()}
        assert not self.site.writes
        return seen | await self._signed_refusals()

    async def _signed_refusals(self) -> dict[str, bool]:
        path = "/wp-json/crossdock/v1/commands"
        body = orjson.dumps({"commands": [{"id": str(new_id()), "action": "ping"}]})
        many = orjson.dumps({"commands": [{"id": str(new_id()), "action": "ping"} for _ in range(51)]})
        once = by_hand(SECRET, "POST", path, body)
        turned = by_hand(SECRET, "POST", path, body)
        said = b"v1\n" + f"POST\n{path}\n".encode()
        said += f"{turned['x-crossdock-timestamp']}\n{turned['x-crossdock-nonce']}\n".encode() + body
        turned["x-crossdock-signature"] = "v1=" + hmac.new(SECRET.encode(), said, hashlib.sha256).hexdigest()
        short = by_hand(SECRET, "POST", path, body, nonce="short")
        tried: list[tuple[str, dict[str, str], bytes, int, str]] = [
            ("no signature", {}, body, 401, "unknown-key"),
            ("another key", by_hand(SECRET, "POST", path, body, key="cdk_x"), body, 401, "unknown-key"),
            ("another path signed", by_hand(SECRET, "POST", f"{path}?x=1", body), body, 401, "bad-signature"),
            ("another method signed", by_hand(SECRET, "GET", path, body), body, 401, "bad-signature"),
            ("the site's own direction", turned, body, 401, "bad-signature"),
            ("a short nonce", short, body, 401, "bad-signature"),
            ("once", once, body, 200, ""),
            ("twice", once, body, 401, "nonce-replayed"),
            ("51 commands", by_hand(SECRET, "POST", path, many), many, 422, "bad-commands"),
            ("no commands", by_hand(SECRET, "POST", path, b"{}"), b"{}", 422, "bad-commands"),
            ("no JSON", by_hand(SECRET, "POST", path, b"{"), b"{", 422, "bad-commands"),
        ]
        found = {}
        for name, headers, sent, status, code in tried:
            reply = await self.raw("POST", path, headers, sent)
            found[name] = reply.status == status and (not code or reply.json()["code"] == code)
        return found

    def round_trips(self) -> Sequence[tuple[Any, Any]]:
        """What a plan says comes back from its command as it is sent."""
        write = self.asked(12, "evt_1", crossdock_crm_id="501", crossdock_lead_status="OPEN")
        sent = orjson.loads(msgspec.json.encode(mapper.command_of(write)))
        deal = {"id": "9", "crossdock_key": f"{UID}:order:17"}
        (step,) = self.plan(deal, context(), crossdock_crm_id="9").steps
        again = mapper.command_of(Resolved(write.write, None, {}, idempotency_key="evt_1"))
        return [
            ({"kind": "user", "id": 12}, sent["target"]),
            ({"crossdock_crm_id": "501", "crossdock_lead_status": "OPEN"}, sent["meta"]),
            (("order", 17), msgspec.structs.astuple(mapper.read(step.writes[0].body).target)),
            (sent["id"], again.id),
        ]


class SiteHarness:
    """Starts a sandbox site."""

    connector = CONNECTOR
    folder = ROOT / "src" / "crossdock" / "connectors" / "wordpress"
    page = ROOT / "docs" / "reference" / "connectors" / "wordpress.md"

    @contextlib.asynccontextmanager
    async def open(self, **settings: Any) -> AsyncIterator[SiteBench]:
        """Start a fresh site."""
        guard = Guard(("127.0.0.1/32",), production=False)
        site = Site(Settings(key=KEY, secret=SECRET, **settings))
        async with serving(build(site)) as served, Transport(guard) as transport:
            yield SiteBench(served.url, transport, site)


HARNESS = SiteHarness()
