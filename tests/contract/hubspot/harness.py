"""HubSpot's other side: a sandbox portal on loopback."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from yarl import URL

from crossdock.connect.client import Reply, Transport
from crossdock.connect.connector import Access, Refused
from crossdock.connect.egress import Guard
from crossdock.connect.sandbox import serving
from crossdock.connect.suite import Variant
from crossdock.connectors.hubspot import CONNECTOR
from crossdock.connectors.hubspot.sandbox import ALL_SCOPES, HubSpotSandbox, Settings
from crossdock.connectors.hubspot.webhook import DOOR
from crossdock.model.plan import Resolved, Verb, Write
from tests.contract.hubspot.scripted import TOKEN, access
from tests.unit.hubspot.shop import ORDER, mapped

ROOT = Path(__file__).parents[3]
NARROW = "pat-na1-canary-narrow-0042"
"""A token that may only read contacts."""


class PortalBench:
    """A sandbox portal, access to it, and a person's hands in it."""

    retry_after_s = 10.0
    stream = "contact"
    many = 250

    def __init__(self, url: str, transport: Transport, **config: Any) -> None:
        self.url, self.transport = url, transport
        self.good = access(url, transport, **config)
        self.bad: Access | None = access(url, transport, token="pat-na1-canary-of-nobody", **config)
        self.narrow = access(url, transport, token=NARROW, **config)
        self._numbers = itertools.count(1)

    async def raw(self, method: str, path: str, body: Any = None, token: str | None = TOKEN) -> Reply:
        """Call the sandbox without the connector's client."""
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        sent = b"" if body is None else orjson.dumps(body)
        return await self.transport.send(method, URL(self.url + path, encoded=True), headers, sent, 10.0)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Use the control door."""
        reply = await self.raw(method, f"/_sandbox/{path}", body)
        assert reply.status == 200, reply.body
        return reply.json()

    async def turn(self, **dials: Any) -> None:
        """Turn dials."""
        await self.control("PUT", "dials", dials)

    async def act(self, act: str, **what: Any) -> Any:
        """Do what a person does in the CRM."""
        return await self.control("POST", "act", {"act": act, **what})

    async def requests(self) -> int:
        """Return how many requests came."""
        counts = (await self.control("GET", "state"))["requests"]
        return sum(number for statuses in counts.values() for number in statuses.values())

    async def live(self, kind: str) -> list[dict[str, Any]]:
        """Return the properties of the live records of a kind, with their id."""
        held = (await self.control("GET", f"state?type={kind}&history=false"))["objects"][kind]
        return [{"id": one["id"], **one["properties"]} for one in held if not one["archived"]]

    def writes(self, count: int, *, poisoned: int | None = None) -> tuple[str, list[Resolved]]:
        """Return upserts of fresh deals; the poisoned one's amount is no number."""
        made = []
        for at in range(count):
            key = f"shop:order:{next(self._numbers)}"
            amount = "a lot" if at == poisoned else "12.50"
            fields: dict[str, str | None] = {"crossdock_key": key, "dealname": key, "amount": amount}
            write = Write(Verb.UPSERT, "deals", key, match=("crossdock_key", key), parent_key=key)
            made.append(Resolved(write, None, fields))
        return "deal", made

    async def held(self) -> Mapping[str, int]:
        """Count live deals by our key."""
        return Counter(deal["crossdock_key"] for deal in await self.live("deals"))

    async def refusals(self) -> Mapping[str, bool]:
        """Try what HubSpot refuses."""
        upsert = "/crm/objects/2026-09/contacts/batch/upsert"

        def row(email: str, **properties: str) -> dict[str, Any]:
            return {"id": email, "idProperty": "email", "properties": properties}

        many = [row(f"p{n}@example.test") for n in range(101)]
        twice = [row("a@example.test"), row("A@example.test")]
        deals = "/crm/objects/2026-09/deals"
        amount = {"properties": {"amount": "much"}, "associations": []}
        seen = {
            "no token": (await self.raw("GET", deals, token=None), 401),
            "an unknown token": (await self.raw("GET", deals, token="pat-x"), 401),
            "a missing scope": (await self.raw("GET", deals, token=NARROW), 403),
            "an unknown property": (await self.raw("POST", upsert, {"inputs": [row("a@example.test", nope="1")]}), 400),
            "a bad type": (await self.raw("POST", deals, amount), 400),
            "a bad address": (await self.raw("POST", upsert, {"inputs": [row("nobody")]}), 400),
            "101 in a batch": (await self.raw("POST", upsert, {"inputs": many}), 400),
            "one key twice in a batch": (await self.raw("POST", upsert, {"inputs": twice}), 400),
            "an unknown object": (await self.raw("GET", "/crm/objects/2026-09/unicorns"), 400),
        }
        return {name: reply.status == expected for name, (reply, expected) in seen.items()}

    async def seed(self, count: int) -> list[str]:
        """Put contacts into the portal behind our back."""
        made = []
        for _ in range(count):
            email = f"p{next(self._numbers)}@example.test"
            made.append((await self.act("create", type="contacts", properties={"email": email}))["id"])
        return made

    async def touch(self, external_id: str) -> None:
        """Change a contact."""
        await self.act("edit", type="contacts", id=external_id, properties={"firstname": f"Name {next(self._numbers)}"})

    async def ids(self) -> set[str]:
        """Return the ids of the live contacts."""
        return {one["id"] for one in await self.live("contacts")}

    async def accepts(self, variant: Variant) -> bool:
        """Whether our door takes a message that the portal's app signed."""
        url = "https://hub.example.test/webhooks/hubspot/app/54321"
        await self.control("PUT", "settings", {"webhook_url": url})
        await self.seed(1)
        (message,) = (await self.control("POST", "webhooks"))["messages"]
        stale = 301 if variant is Variant.STALE else 0
        at = int(message["headers"]["x-hubspot-request-timestamp"]) / 1000 + stale
        told = {**message["headers"], ":method": "POST", ":url": url, ":received-at": str(at)}
        body = message["body"].encode()
        secret = "another" if variant is Variant.BAD else "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
        try:
            DOOR.verify(told, body[:-1] + b"}" if variant is Variant.OTHER_BODY else body, secret)
        except Refused:
            return False
        return bool(DOOR.parse(body))

    async def sell(self, lines: int) -> str:
        """Make a won deal with what belongs to it."""
        number = next(self._numbers)
        won = {"pipeline": "default", "dealstage": "closedwon", "hubspot_owner_id": "77001"}

        async def make(kind: str, **properties: str) -> str:
            return str((await self.act("create", type=kind, properties=properties))["id"])

        deal = await make("deals", dealname=f"Deal {number}", deal_currency_code="EUR", **won)
        ends = [
            ("line_items", await make("line_items", name=f"L{at}", price="2.5", quantity="3")) for at in range(lines)
        ]
        ends.append(("contacts", await make("contacts", email=f"buyer{number}@example.test")))
        ends.append(("companies", await make("companies", name=f"Buyer {number}")))
        for other, end in ends:
            body = {"inputs": [{"from": {"id": deal}, "to": {"id": end}}]}
            path = f"/crm/associations/2026-09/deals/{other}/batch/associate/default"
            assert (await self.raw("POST", path, body)).ok
        # search sees it after seconds
        await self.control("POST", "clock", {"advance_s": 10})
        return deal

    async def touch_deal(self, deal_id: str) -> None:
        """Change a deal."""
        await self.act("edit", type="deals", id=deal_id, properties={"description": f"{next(self._numbers)}"})

    async def numbers(self) -> Mapping[str, str]:
        """Return the invoice numbers on deals."""
        name = "crossdock_invoice_number"
        return {one["id"]: one[name] for one in await self.live("deals") if one.get(name)}

    def round_trips(self) -> Sequence[tuple[Any, Any]]:
        """What the mapping writes says what the order says."""
        deal = mapped(ORDER).one("deals")
        line = mapped(ORDER).objects["line_items"][0]
        assert CONNECTOR.destination is not None
        same = CONNECTOR.destination(self.good).equal
        return [
            (ORDER.total, Decimal(deal["amount"] or "")),
            (ORDER.paid_at, datetime.fromisoformat(deal["closedate"] or "")),
            (ORDER.lines[0].quantity, Decimal(line["quantity"] or "")),
            (True, same("deals", "amount", deal["amount"], "32.4")),
            (True, same("deals", "closedate", deal["closedate"], "2026-01-31T12:05:00.000Z")),
            (False, same("deals", "amount", deal["amount"], "32.41")),
        ]


class PortalHarness:
    """Starts a sandbox portal."""

    connector = CONNECTOR
    folder = ROOT / "src" / "crossdock" / "connectors" / "hubspot"
    page = ROOT / "docs" / "reference" / "connectors" / "hubspot.md"

    @contextlib.asynccontextmanager
    async def open(self, *, config: Mapping[str, Any] | None = None, **settings: Any) -> AsyncIterator[PortalBench]:
        """Start a fresh portal; ``config`` adds to the connection's choices."""
        tokens = {TOKEN: list(ALL_SCOPES), NARROW: ["crm.objects.contacts.read"]}
        app = HubSpotSandbox(Settings(**{"tokens": tokens, "per_10s": 100_000, "search_per_s": 1_000, **settings}))
        guard = Guard(("127.0.0.1/32",), production=False)
        async with serving(app) as served, Transport(guard) as transport:
            yield PortalBench(served.url, transport, **(config or {}))


HARNESS = PortalHarness()
