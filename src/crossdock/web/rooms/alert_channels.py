"""Channels: where alerts go. Made, tried, changed and removed; what was said on each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from crossdock.errors import BadInput
from crossdock.govern.access import Role
from crossdock.govern.alerts import FORMS, NewChannel
from crossdock.kit.ids import Prefix, parse
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.rooms.alerts import NAMES

ROOM = Room()
KINDS = {"email": "E-mail", "webhook": "Webhook", "slack": "Slack"}
_NOTICES = 20
_SECRETS = ("password", "secret", "url")
"""Fields that are never shown again: left empty in a change, they stay."""


@ROOM.page("/alerts/channels")
async def channels(desk: Desk) -> Response:
    """Show where alerts go."""
    rows = await desk.hub.alerting.channels.listed(desk.tenant_id)
    if desk.query.get("format"):
        columns = ("id", "name", "kind", "state", "least", "kinds", "report", "problem", "failing_since", "sent_at")
        return await desk.export("alert-channels", columns, rows)
    return desk.show("alerts/channels.html", rows=rows)


@ROOM.page("/alerts/channels/new", role=Role.ADMIN)
async def new(desk: Desk) -> Response:
    """Ask what a new channel needs."""
    return desk.show("alerts/new_channel.html", **_form(desk.query.get("kind", "email"), {}))


@ROOM.action("/alerts/channels", role=Role.ADMIN)
async def add(desk: Desk) -> Response:
    """Make a channel."""
    kind, sent = desk.text("kind"), _sent(desk)
    desk.expect("alerts/new_channel.html", **_form(kind, sent))
    told = NewChannel(
        name=sent["name"],
        kind=kind,
        form=_fields(kind, desk),
        least=sent["least"],
        kinds=tuple(sent["kinds"]),
        report=sent["report"],
    )
    made = await desk.hub.alerting.channels.add(desk.tenant_id, told, actor=desk.actor)
    if made.get("secret"):
        return await _shown(desk, made, secret=made["secret"])
    path = f"/alerts/channels/{made['id']}"
    return desk.go(path, said=f"“{made['name']}” is made. Send a test to see that it works.")


@ROOM.page("/alerts/channels/{channel_id}")
async def channel(desk: Desk) -> Response:
    """Show a channel: how it does, what was said on it, and what is set."""
    found = await desk.hub.alerting.channels.one(desk.tenant_id, desk.id(Prefix.CHANNEL, "channel_id"))
    return await _shown(desk, found)


@ROOM.action("/alerts/channels/{channel_id}", role=Role.ADMIN)
async def change(desk: Desk) -> Response:
    """Change a channel."""
    wanted = desk.id(Prefix.CHANNEL, "channel_id")
    held = await desk.hub.alerting.channels.one(desk.tenant_id, wanted)
    sent = {**_sent(desk), "enabled": "enabled" in desk.form}
    desk.expect("alerts/channel.html", **await _facts(desk, held, sent))
    given = {**sent, "form": _fields(held["kind"], desk)}
    await desk.hub.alerting.channels.change(desk.tenant_id, wanted, given, actor=desk.actor)
    return desk.go(f"/alerts/channels/{held['id']}", said="The channel is changed.")


@ROOM.action("/alerts/channels/{channel_id}/test", role=Role.ADMIN)
async def test(desk: Desk) -> Response:
    """Send a test at once and say how it went."""
    wanted = desk.id(Prefix.CHANNEL, "channel_id")
    problem = await desk.hub.alerting.notices.test(desk.tenant_id, wanted)
    found = await desk.hub.alerting.channels.one(desk.tenant_id, wanted)
    return await _shown(desk, found, tested=problem)


@ROOM.page("/alerts/channels/{channel_id}/remove", role=Role.ADMIN)
async def ask_remove(desk: Desk) -> Response:
    """Ask before a channel is removed."""
    found = await desk.hub.alerting.channels.one(desk.tenant_id, desk.id(Prefix.CHANNEL, "channel_id"))
    return _question(desk, found)


@ROOM.action("/alerts/channels/{channel_id}/remove", role=Role.ADMIN)
async def remove(desk: Desk) -> Response:
    """Remove a channel."""
    wanted = desk.id(Prefix.CHANNEL, "channel_id")
    found = await desk.hub.alerting.channels.one(desk.tenant_id, wanted)
    if desk.text("confirm") != found["name"]:
        return _question(desk, found, BadInput("that is not its name", field="confirm"))
    await desk.hub.alerting.channels.drop(desk.tenant_id, wanted, actor=desk.actor)
    return desk.go("/alerts/channels", said=f"“{found['name']}” is removed.")


def _question(desk: Desk, found: Mapping[str, Any], problem: BadInput | None = None) -> Response:
    path = f"/alerts/channels/{found['id']}"
    return desk.confirm(
        title=f"Remove {found['name']}?",
        said=f"Alerts no longer go there; {found['waiting']} notices that wait for it are dropped.",
        action=desk.to(f"{path}/remove"),
        label=f"Remove {found['name']}",
        back=desk.to(path),
        name=found["name"],
        tone="bad",
        problem=problem,
    )


async def _shown(desk: Desk, found: dict[str, Any], **more: Any) -> Response:
    return desk.show("alerts/channel.html", **await _facts(desk, found, {**found, **found["config"]}, **more))


async def _facts(
    desk: Desk, held: dict[str, Any], sent: Mapping[str, Any], *, tested: str | None = None, secret: str = ""
) -> dict[str, Any]:
    wanted = parse(Prefix.CHANNEL, held["id"])
    notices = await desk.hub.alerting.channels.notices(desk.tenant_id, wanted, None, _NOTICES)
    more = {"one": held, "notices": notices, "tested": tested, "secret": secret}
    return {**_form(held["kind"], sent), **more}


def _form(kind: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    kind = kind if kind in FORMS else "email"
    fields = ["name", "least", "kinds", "kind", *(f"form.{name}" for name in FORMS[kind])]
    empty = dict.fromkeys(("name", "to", "sender", "host", "security", "user", "port", "kinds"), "")
    return {
        "kind": kind,
        "sent": {**empty, "least": "warning", "report": True, **sent},
        "names": NAMES,
        "fields": fields,
    }


def _sent(desk: Desk) -> dict[str, Any]:
    named = {name: desk.text(f"form.{name}") for fields in FORMS.values() for name in fields if name not in _SECRETS}
    return {
        "name": desk.text("name"),
        "least": desk.text("least", "warning"),
        "kinds": desk.texts("kinds"),
        "report": "report" in desk.form,
        **named,
    }


def _fields(kind: str, desk: Desk) -> dict[str, Any]:
    """Return the form as the channels take it. An empty secret is left out: it stays."""
    given: dict[str, Any] = {}
    for name in FORMS.get(kind, ()):
        text = desk.text(f"form.{name}")
        if name == "to":
            given["to"] = [one for one in text.replace(",", " ").split() if one]
        elif name == "port":
            given["port"] = int(text) if text.isdigit() and len(text) < 7 else (text or None)
        elif text or name not in _SECRETS:
            given[name] = text
    return given
