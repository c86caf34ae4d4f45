"""The site's own calls to the hub: pairing and signed batches."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
from yarl import URL

from crossdock.connectors.wordpress.sandbox import signing
from crossdock.connectors.wordpress.sandbox.site import Site

BASE = "/api/integrations/wordpress"
MOST = 100


class Sender:
    """Calls the hub as the plugin does."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.hub = ""

    async def call(
        self, method: str, target: str, body: bytes = b"", *, signed: bool = True, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Make one call; returns ``status``, ``headers`` and ``body``."""
        said, whole = self._site.settings, urlsplit(self.hub).path.rstrip("/") + target
        given = signing.to_hub(said.key, said.secret, method, whole, body) if signed else {}
        given |= {"Content-Type": "application/json", **(headers or {})}
        url = URL(f"{self.hub.rstrip('/')}{target}", encoded=True)
        async with (
            aiohttp.ClientSession(trust_env=False) as session,
            session.request(method, url, data=body or None, headers=given, allow_redirects=False) as answer,
        ):
            text = await answer.read()
            told = orjson.loads(text) if "json" in answer.content_type else {"text": text.decode("utf-8", "replace")}
            return {
                "status": answer.status,
                "headers": {str(name): value for name, value in answer.headers.items()},
                "body": told,
            }

    async def pair(self, hub: str, code: str, url: str) -> dict[str, Any]:
        """Use a pairing code; the key and the secret are kept."""
        self.hub = hub
        body = orjson.dumps({"code": code, "site": self._site.facts(url)})
        told = await self.call("POST", f"{BASE}/pair", body, signed=False)
        data = told["body"].get("data") or {}
        if told["status"] == 201:
            self._site.settings.key, self._site.settings.secret = data["key"], data["secret"]
        return told

    async def send(self, url: str, items: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
        """Send what waits (or some items as they are) in batches; rows that the hub answered leave the outbox."""
        site = self._site
        if items is None:
            if site.settings.paused:
                return []
            items = site.ready()
        told = []
        for start in range(0, len(items), MOST):
            part = items[start : start + MOST]
            facts = site.facts(url)
            said = {name: facts[name] for name in ("instance", "url", "plugin")}
            answer = await self.call("POST", f"{BASE}/batch", orjson.dumps({"site": said, "items": part}))
            told.append(answer)
            site.answers.append(answer)
            if answer["status"] == 200:
                self._settle(part)
        return told

    def _settle(self, part: list[dict[str, Any]]) -> None:
        done = {item["id"] for item in part}
        self._site.sent += part
        self._site.outbox = [row for row in self._site.outbox if row["id"] not in done]
