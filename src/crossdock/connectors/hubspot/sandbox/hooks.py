"""What the portal's app is told: events, gathered and signed as the vendor does. Nothing is sent by itself.

``POST /_sandbox/webhooks`` takes what waits, up to a hundred events a message, as requests that are ready to be sent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import deque
from itertools import count
from typing import Any
from urllib.parse import unquote

import orjson

from crossdock.connectors.hubspot.sandbox.catalogue import SINGULAR
from crossdock.connectors.hubspot.sandbox.instants import MovableClock
from crossdock.connectors.hubspot.sandbox.settings import Settings

EVENTS = 100
"""In one message (vendor)."""
_TOLD = frozenset({"contacts", "companies", "deals", "products", "line_items"})
_SIGNED_DECODED = {"%3A", "%2F", "%3F", "%40", "%21", "%24", "%27", "%28", "%29", "%2A", "%2C", "%3B"}


class Hooks:
    """Events that the app has not been told yet; none are kept while no address is set."""

    def __init__(self, settings: Settings, clock: MovableClock) -> None:
        self._settings = settings
        self._clock = clock
        self._events: deque[dict[str, Any]] = deque(maxlen=100_000)
        self._numbers = count(1)

    def tell(self, kind: str, verb: str, record_id: str, source: str, **more: Any) -> None:
        """Note an event about a record."""
        if not self._settings.webhook_url or kind not in _TOLD:
            return
        event = {
            "eventId": next(self._numbers),
            "subscriptionId": 12345,
            "portalId": self._settings.portal_id,
            "appId": self._settings.app_id,
            "occurredAt": self._clock.ms(),
            "subscriptionType": f"{SINGULAR[kind]}.{verb}",
            "attemptNumber": 0,
            "objectId": int(record_id),
            "changeSource": source,
            **more,
        }
        if source == "INTEGRATION":
            event["sourceId"] = str(self._settings.app_id)
        self._events.append(event)

    def take(self) -> list[dict[str, Any]]:
        """Return the messages that wait: ``{url, headers, body}`` each, signed now."""
        messages = []
        while self._events:
            events = [self._events.popleft() for _ in range(min(EVENTS, len(self._events)))]
            messages.append(self.signed(orjson.dumps(events).decode()))
        return messages

    def signed(self, body: str) -> dict[str, Any]:
        """Return one message."""
        settings = self._settings
        headers = {"content-type": "application/json", "user-agent": "HubSpot Connect 2.0"}
        if settings.webhook_signature == "v3":
            at = str(self._clock.ms())
            signed = f"POST{_decoded(settings.webhook_url)}{body}{at}".encode()
            digest = hmac.new(settings.app_secret.encode(), signed, "sha256").digest()
            headers["x-hubspot-signature-v3"] = base64.b64encode(digest).decode()
            headers["x-hubspot-request-timestamp"] = at
        else:
            about = f"POST{settings.webhook_url}" if settings.webhook_signature == "v2" else ""
            text = f"{settings.app_secret}{about}{body}"
            headers["x-hubspot-signature"] = hashlib.sha256(text.encode()).hexdigest()
            headers["x-hubspot-signature-version"] = settings.webhook_signature
        return {"url": settings.webhook_url, "headers": headers, "body": body}


def _decoded(url: str) -> str:
    parts = url.split("%")
    text = parts[0]
    for part in parts[1:]:
        escape = f"%{part[:2].upper()}"
        text += unquote(escape) + part[2:] if escape in _SIGNED_DECODED else f"%{part}"
    return text
