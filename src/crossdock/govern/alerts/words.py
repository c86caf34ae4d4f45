"""What is said: the document of a notice, and its forms for people, for programs and for Slack. Pure.

A document holds names of connections, counts and causes in the hub's own words; no personal data and no secrets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from crossdock.govern.alerts.course import Happening, What
from crossdock.kit.ids import Prefix, show

_SIGN = {What.RAISED: "!", What.REMINDER: "…", What.GROWN: "!!", What.RECOVERED: "✓"}
_HEAD = {
    What.RAISED: "Alert",
    What.REMINDER: "Still",
    What.GROWN: "Ten times as many",
    What.RECOVERED: "Over",
}
_LONGEST = 2900
"""Slack takes 3,000 characters a section."""
Document = Mapping[str, Any]


def document_of(tenant: str, happened: Sequence[Happening], now: datetime, base: str) -> dict[str, Any]:
    """Return what is said of some happenings. ``base`` is the hub's public address, empty when it has none."""
    return {"tenant": tenant, "at": now, "alerts": [_alert(one, base) for one in happened]}


def _alert(happening: Happening, base: str) -> dict[str, Any]:
    alert, about = happening.alert, happening.alert.trouble
    return {
        "what": str(happening.what),
        "id": show(Prefix.ALERT, alert.id),
        "kind": about.kind,
        "severity": about.severity,
        "title": about.title,
        "cause": about.cause,
        "remedy": about.remedy,
        "command": about.command,
        "link": base + about.link,
        "connection_id": show(Prefix.CONNECTION, about.connection_id) if about.connection_id else None,
        "count": about.count,
        "since": about.since,
        "ended_at": alert.ended_at,
    }


def title_of(topic: str, document: Document) -> str:
    """Return the one line that says it."""
    if topic == "test":
        return "Crossdock: this channel works"
    if topic == "report":
        return str(document["title"])
    alerts = document["alerts"]
    if len(alerts) == 1:
        one = alerts[0]
        return f"{_HEAD[What(one['what'])]}: {one['title']}"
    counts = {what: sum(one["what"] == what for one in alerts) for what in What}
    words = {
        What.RAISED: "raised",
        What.GROWN: "grown",
        What.REMINDER: "still standing",
        What.RECOVERED: "over",
    }
    return f"{len(alerts)} alerts: " + ", ".join(f"{n} {words[what]}" for what, n in counts.items() if n)


def text_of(topic: str, document: Document) -> str:
    """Return the whole text of a mail."""
    if topic == "test":
        return f"A test of the channel {document['channel']}, asked for by a person. There is nothing to do.\n"
    if topic == "report":
        return str(document["text"])
    return "\n\n".join(_paragraph(one) for one in document["alerts"]) + "\n"


def _paragraph(one: Mapping[str, Any]) -> str:
    what = What(one["what"])
    lines = [f"{_HEAD[what]}: {one['title']}"]
    if what is What.RECOVERED:
        lines.append(f"  since     {_time(one['since'])}, over at {_time(one['ended_at'])}")
    else:
        lines += [
            f"  since     {_time(one['since'])}",
            f"  how many  {one['count']:,}",
            f"  cause     {one['cause']}",
            f"  to do     {one['remedy']}",
        ]
    lines += [
        f"  see       {one['command']}",
        f"            {one['link']}",
        f"  alert     {one['id']} ({one['severity']})",
    ]
    return "\n".join(lines)


def slack_of(topic: str, document: Document) -> dict[str, Any]:
    """Return the body of Slack's incoming webhook: ``text`` is what notifications show, blocks what the channel shows.

    Slack reads ``&``, ``<`` and ``>`` as markup (its "escaping text" rules), so they are written as entities.
    """
    title = _escaped(title_of(topic, document))
    if topic != "alerts":
        return {"text": title, "blocks": [_section(f"*{title}*\n{_escaped(text_of(topic, document))}")]}
    blocks = []
    for one in document["alerts"][:20]:
        what = What(one["what"])
        lines = [f"*{_SIGN[what]} {_HEAD[what]}: {_escaped(one['title'])}*"]
        if what is not What.RECOVERED:
            lines += [_escaped(f"{one['cause']}\nTo do: {one['remedy']}"), f"`{_escaped(one['command'])}`"]
        lines.append(f"since {_time(one['since'])} · {one['severity']} · {one['id']}")
        blocks.append(_section("\n".join(lines)))
    if (left := len(document["alerts"]) - len(blocks)) > 0:
        blocks.append(_section(f"and {left} more: `crossdock alerts`"))
    return {"text": title, "blocks": blocks}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:_LONGEST]}}


def json_of(topic: str, document: Document, made_at: datetime) -> dict[str, Any]:
    """Return the body for programs, in the shape of Standard Webhooks: type, timestamp, data."""
    return {
        "type": f"crossdock.{topic}",
        "timestamp": made_at,
        "data": {"title": title_of(topic, document), **document},
    }


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(value: Any) -> str:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return "–" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
