"""A site that runs the plugin, as far as the hub's door sees it: it pairs, signs and tells."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crossdock.kit.site_signing import Way, sign
from crossdock.wiring import Hub
from tests.journey.doors.street import Answer, Street

BASE = "/api/integrations/wordpress"
URL = "https://shop.example"


def facts(**more: Any) -> dict[str, Any]:
    """Return SITE."""
    return {
        "instance": "5b0b1b9e-59a2-4f0e-8d52-0f5a3f0c9a11",
        "url": URL,
        "site_url": URL,
        "rest_url": f"{URL}/wp-json/",
        "name": "Tea shop",
        "wordpress": "6.9",
        "php": "8.2.35",
        "plugin": "1.0.0",
        "woocommerce": "11.0.1",
        "hpos": True,
        "currency": "USD",
        "time_zone": "Europe/Berlin",
        "locale": "de_DE",
        "multisite": False,
        "blog_id": 1,
        "environment": "production",
        **more,
    }


def customer(number: int = 7, mail: str = "ada@example.com", **more: Any) -> dict[str, Any]:
    """Return a customer in WooCommerce's shape."""
    return {
        "id": number,
        "email": mail,
        "first_name": "Ada",
        "last_name": "Person-Canary",
        "role": "customer",
        "username": f"user{number}",
        "date_created_gmt": "2026-11-20T09:00:00",
        "date_modified_gmt": "2026-11-20T09:00:00",
        "billing": {"email": mail},
        "shipping": [],
        "is_paying_customer": False,
        "meta_data": [],
        **more,
    }


def item(kind: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an ITEM that happened now."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {"id": str(uuid.uuid4()), "kind": kind, "action": "saved", "occurred_at": at, "data": data, **more}


class Site:
    """The calling side."""

    def __init__(self, street: Street, **said: Any) -> None:
        self.street = street
        self.facts = facts(**said)
        self.key = self.secret = ""
        self.told: dict[str, Any] = {}

    async def pair(self, code: str) -> Answer:
        """Bring a code."""
        answer = await self.street.post(f"{BASE}/pair", {"code": code, "site": self.facts})
        if answer.status == 201:
            self.told = answer.json["data"]
            self.key, self.secret = self.told["key"], self.told["secret"]
        return answer

    def signed(
        self, method: str, path: str, body: bytes, *, at: float | None = None, nonce: str = "", secret: str = ""
    ) -> dict[str, str]:
        """Return the headers of a signed request."""
        stamp, once = int(time.time() if at is None else at), nonce or secrets.token_urlsafe(18)
        return {
            "X-Crossdock-Key": self.key,
            "X-Crossdock-Timestamp": str(stamp),
            "X-Crossdock-Nonce": once,
            "X-Crossdock-Signature": sign(secret or self.secret, Way.TO_HUB, method, path, stamp, once, body),
        }

    async def call(self, method: str, path: str, value: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Call a door of the room, signed unless ``headers`` say otherwise."""
        body = b"" if value is None else value if isinstance(value, bytes) else json.dumps(value).encode()
        given = self.signed(method, BASE + path, body) if headers is None else headers
        return await self.street.call(method, BASE + path, body or None, given)

    async def tell(self, *items: dict[str, Any]) -> list[dict[str, Any]]:
        """Send a batch; returns the results."""
        site = {name: self.facts[name] for name in ("instance", "url", "plugin")}
        answer = await self.call("POST", "/batch", {"site": site, "items": list(items)})
        assert answer.status == 200, answer.body
        results: list[dict[str, Any]] = answer.json["data"]["results"]
        assert sum(answer.json["data"]["counts"].values()) == len(results) == len(items)
        return results


async def paired(hub: Hub, street: Street, **said: Any) -> Site:
    """Return a site that has been paired with a new code."""
    site = Site(street, **said)
    code = await hub.pairing.code(await hub.tenants.find(), actor="test")
    answer = await site.pair(code.code)
    assert answer.status == 201, answer.body
    return site
