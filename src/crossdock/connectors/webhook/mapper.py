"""Pure: an event as the hub publishes it, into the body of a message."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from crossdock.connect.connector import PlanRefused

_SHOWN = (("number", "Order"), ("status", "Status"), ("sku", "SKU"), ("role", "Role"))
"""Plain facts that may go to a channel. Health values never do: what is not named here is left out."""
_TEXT_LIMIT = 2000
"""Slack takes 3,000 characters in a section; ours stay well below."""


def standard(body: bytes) -> bytes:
    """Return the body of a Standard Webhooks message: the published event as it is.

    Raises :class:`PlanRefused` unless it is an object with ``type``, ``timestamp`` and ``data``.
    """
    _event(body)
    return body


def slack(body: bytes, store_name: str) -> bytes:
    """Return a Slack message about an event: ``text`` for notifications and two blocks.

    Every value is escaped (``&``, ``<``, ``>``), so that a customer called ``<!channel>`` calls nobody.
    """
    event = _event(body)
    found = orjson.loads(memoryview(event.data))
    data: dict[str, Any] = found if isinstance(found, dict) else {}
    headline = f"{event.type} {data.get('number') or data.get('id') or ''}".strip()
    facts = [f"*{label}:* {escape(str(data[name]))}" for name, label in _SHOWN if data.get(name)]
    total = amount(data)
    if total:
        facts.append(f"*Total:* {escape(total)}")
    person = who(data)
    if person:
        facts.append(f"*Customer:* {escape(person)}")
    text = escape(headline)[:_TEXT_LIMIT]
    lines = "\n".join((f"*{text}*", *facts))
    blocks: list[dict[str, Any]] = [{"type": "section", "text": {"type": "mrkdwn", "text": _cut(lines)}}]
    if store_name:
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": _cut(escape(store_name), 300)}]})
    return orjson.dumps({"text": text, "blocks": blocks})


def escape(text: str) -> str:
    """Escape Slack's three control characters, and flatten what would break or hide a line."""
    flat = "".join(c if c.isprintable() else " " for c in text)
    return flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def amount(data: dict[str, Any]) -> str:
    """Return ``35.25 USD`` for an order, "" for anything else."""
    total, currency = data.get("total"), data.get("currency")
    return f"{total} {currency}" if total not in (None, "") and currency else ""


def who(data: dict[str, Any]) -> str:
    """Return the buyer's name, where the event has one."""
    billing = data.get("billing")
    found = billing if isinstance(billing, dict) else data
    return " ".join(str(found[n]) for n in ("first_name", "last_name") if found.get(n))


def _cut(text: str, limit: int = _TEXT_LIMIT) -> str:
    """Cut a text without leaving half of an escape (``&am``) at its end."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    start = kept.rfind("&")
    if start >= 0 and ";" not in kept[start:]:
        kept = kept[:start]
    return kept + "…"


class _Event(msgspec.Struct):
    """The frame of a published event; its data is checked, but not built (4 KB in some 3 µs)."""

    type: str
    timestamp: msgspec.Raw
    data: msgspec.Raw


_DECODER = msgspec.json.Decoder(_Event)


def _event(body: bytes) -> _Event:
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError:
        rule = "the published event is no JSON object with type, timestamp and data"
        raise PlanRefused("body", rule, "replay it once its source is repaired") from None
