"""Notices by HTTP: signed JSON (Standard Webhooks), and Slack's incoming webhooks. Behind the egress guard."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from crossdock.connect.auth import standard_webhooks
from crossdock.connect.client import CallFailed, Reply, Transport
from crossdock.govern.alerts.mail import NotSent

TIMEOUT_S = 15.0
_LONGEST_WAIT_S = 3600.0


async def post_signed(
    transport: Transport, secrets: Mapping[str, str], message_id: str, at: datetime, body: Any
) -> None:
    """Post signed JSON; the id is the same for every attempt. Raises :class:`NotSent`."""
    raw = orjson.dumps(body)
    keys = (standard_webhooks.key_of(secrets["secret"]),)
    headers = standard_webhooks.headers(keys, message_id, int(at.timestamp()), raw)
    _judge(await _post(transport, secrets["url"], headers, raw))


async def post_slack(transport: Transport, secrets: Mapping[str, str], body: Any) -> None:
    """Post to a Slack incoming webhook, which answers ``ok``. Raises :class:`NotSent`."""
    _judge(await _post(transport, secrets["url"], {}, orjson.dumps(body)))


async def _post(transport: Transport, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
    try:
        checked = transport.checked(url)
        return await transport.send("POST", checked, {**headers, "Content-Type": "application/json"}, body, TIMEOUT_S)
    except CallFailed as failed:
        raise NotSent(f"{failed.reason}; {failed.remedy}" if failed.remedy else failed.reason) from None


def _judge(reply: Reply) -> None:
    if reply.ok:
        return
    given = reply.headers.get("Retry-After", "")
    after = min(float(given), _LONGEST_WAIT_S) if given.isdigit() else None
    if reply.redirected:
        raise NotSent(f"the address points elsewhere ({reply.status}); give the new address")
    raise NotSent(f"the receiver answered {reply.status}", after)
