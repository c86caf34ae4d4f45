"""Alerts over the API: listed, taken over; rules and channels set, tested, dropped; secrets never shown."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from crossdock.wiring import Hub
from tests.journey.alerts.test_alerts import add_dead
from tests.journey.doors.street import Street, is_problem
from tests.support.hub import add_shop, add_sink
from tests.support.inboxes import mailbox, receiver


@pytest.fixture
async def key(hub: Hub) -> str:
    return (await hub.keys.add(await hub.tenants.find(), "both", ("read", "write")))[1]


async def call(doors: Street, method: str, path: str, key: str, body: Any = None) -> Any:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    return await doors.call(method, f"/api/v1{path}", orjson.dumps(body) if body is not None else None, headers)


async def test_an_alert_is_listed_and_taken_over(hub: Hub, doors: Street, key: str) -> None:
    lane = await add_sink(hub, "http://127.0.0.1:9/")
    await add_dead(hub, lane, 3)
    assert await hub.alerting.alerts.evaluate("test")
    (alert,) = (await call(doors, "GET", "/alerts?open=true", key)).json["items"]
    assert (alert["kind"], alert["state"], alert["count"], alert["connection"]) == ("dead_letters", "open", 3, "sink")
    assert (await call(doors, "GET", "/alerts?kind=silence", key)).json["items"] == []
    taken = (await call(doors, "POST", f"/alerts/{alert['id']}/acknowledge", key)).json
    assert (taken["state"], taken["acknowledged_by"][:4]) == ("acknowledged", "key_")
    again = (await call(doors, "POST", f"/alerts/{alert['id']}/acknowledge", key)).json
    assert again["acknowledged_at"] == taken["acknowledged_at"]
    assert (await call(doors, "GET", f"/alerts/{alert['id']}", key)).json == again
    other = (await hub.keys.add(await hub.tenants.add("other"), "theirs", ("read", "write")))[1]
    assert (await call(doors, "GET", "/alerts", other)).json["items"] == []
    is_problem(await call(doors, "GET", f"/alerts/{alert['id']}", other), 404, "not-found")
    is_problem(await call(doors, "POST", f"/alerts/{alert['id']}/acknowledge", other), 404, "not-found")


async def test_pages_of_alerts_follow_each_other(hub: Hub, doors: Street, key: str) -> None:
    for number in range(5):
        await add_dead(hub, await add_sink(hub, "http://127.0.0.1:9/", f"sink-{number}"))
    assert await hub.alerting.alerts.evaluate("test")
    seen, before = [], ""
    while True:
        page = (await call(doors, "GET", f"/alerts?limit=2{before}", key)).json
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        before = f"&before={page['next']}"
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


async def test_rules_hold_by_default_and_are_set_for_one(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    lane = await add_sink(hub, "http://127.0.0.1:9/")
    rules = (await call(doors, "GET", "/alert-rules", key)).json["items"]
    assert all(rule["default"] and rule["enabled"] for rule in rules)
    name = (await call(doors, "GET", "/connections", key)).json["items"][1]["id"]
    given = {"kind": "dead_letters", "connection_id": name, "settings": {"count": 3}}
    made = (await call(doors, "POST", "/alert-rules", key, given)).json
    assert (made["settings"], made["default"]) == ({"count": 3.0, "minutes": 0.0}, False)
    await add_dead(hub, lane, 2)
    assert await hub.alerting.alerts.evaluate("test")
    assert (await call(doors, "GET", "/alerts", key)).json["items"] == []
    changed = (await call(doors, "PATCH", f"/alert-rules/{made['id']}", key, {"settings": {"count": 2}})).json
    assert changed["settings"]["count"] == 2
    await anew(hub)
    assert [one["count"] for one in (await call(doors, "GET", "/alerts?open=true", key)).json["items"]] == [2]
    off = (await call(doors, "PATCH", f"/alert-rules/{made['id']}", key, {"enabled": False})).json
    assert off["enabled"] is False
    assert (await call(doors, "GET", "/alerts?open=true", key)).json["items"] == [], "what it found ends with it"
    assert (await call(doors, "DELETE", f"/alert-rules/{made['id']}", key)).status == 204
    is_problem(await call(doors, "GET", f"/alert-rules/{made['id']}", key), 404, "not-found")
    assert shop.id != lane.id


async def anew(hub: Hub) -> None:
    """Evaluate, although the time for it has not come."""
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE chore SET next_at = now() - interval '1 second'")
    assert await hub.alerting.alerts.evaluate("test")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/alert-rules", {"kind": "weather"}, "kind"),
        ("/alert-rules", {"kind": "silence", "settings": {"minutes": 1}}, "settings.minutes"),
        ("/alert-rules", {"kind": "silence", "settings": {"hours": 0}}, "settings.hours"),
        ("/alert-rules", {"kind": "silence", "severity": "mild"}, "severity"),
        ("/alert-channels", {"name": "a", "kind": "slack", "form": {"url": "http://10.0.0.1/x"}}, "form.url"),
        ("/alert-channels", {"name": "a", "kind": "slack", "form": {"url": "nowhere"}}, "form.url"),
        ("/alert-channels", {"name": "a", "kind": "pager", "form": {}}, "kind"),
        ("/alert-channels", {"name": "a", "kind": "email", "form": {"host": "mail.test"}}, "form.to"),
        (
            "/alert-channels",
            {"name": "a", "kind": "email", "form": {"host": "mail.test", "to": ["x\r\nBcc: y@z.test"]}},
            "form.sender",
        ),
        (
            "/alert-channels",
            {
                "name": "a",
                "kind": "email",
                "form": {"host": "mail.test", "sender": "a@b.test", "to": ["x@y.test\r\nBcc: v@w.test"]},
            },
            "form.to",
        ),
        (
            "/alert-channels",
            {
                "name": "a",
                "kind": "email",
                "form": {"host": "m.test", "security": "none", "user": "u", "sender": "a@b.test", "to": "a@b.test"},
            },
            "form.security",
        ),
    ],
)
async def test_what_breaks_a_rule_is_named(doors: Street, key: str, path: str, body: Any, field: str) -> None:
    refused = is_problem(await call(doors, "POST", path, key, body), 400, "bad-input")
    assert refused["field"] == field


async def test_a_channel_is_made_tested_changed_and_dropped(hub: Hub, doors: Street, key: str) -> None:
    async with receiver() as sink, mailbox() as box:
        made = (
            await call(
                doors, "POST", "/alert-channels", key, {"name": "a", "kind": "webhook", "form": {"url": sink.url}}
            )
        ).json
        assert made["secret"].startswith("whsec_")
        assert made["config"] == {"host": "127.0.0.1"}
        listed = await call(doors, "GET", "/alert-channels", key)
        assert made["secret"] not in listed.body.decode()
        assert "secret-path-canary" not in listed.body.decode()
        twice = {"name": "a", "kind": "slack", "form": {"url": sink.url}}
        is_problem(await call(doors, "POST", "/alert-channels", key, twice), 409, "conflict")
        assert (await call(doors, "POST", f"/alert-channels/{made['id']}/test", key)).json == {
            "ok": True,
            "problem": "",
        }
        assert orjson.loads(sink.posts[0][1])["type"] == "crossdock.test"
        sink.answers.append((404, {}))
        failed = (await call(doors, "POST", f"/alert-channels/{made['id']}/test", key)).json
        assert failed == {"ok": False, "problem": "the receiver answered 404"}
        mail = {"host": "127.0.0.1", "port": box.port, "security": "none", "sender": "a@b.test", "to": "c@d.test"}
        second = (await call(doors, "POST", "/alert-channels", key, {"name": "m", "kind": "email", "form": mail})).json
        assert (await call(doors, "POST", f"/alert-channels/{second['id']}/test", key)).json["ok"]
        assert box.subjects == ["[Crossdock] Crossdock: this channel works"]
        changed = (await call(doors, "PATCH", f"/alert-channels/{second['id']}", key, {"least": "error"})).json
        assert (changed["least"], changed["config"]["to"]) == ("error", ["c@d.test"])
        assert (await call(doors, "DELETE", f"/alert-channels/{second['id']}", key)).status == 204
        other = (await hub.keys.add(await hub.tenants.add("other"), "theirs", ("read", "write")))[1]
        is_problem(await call(doors, "GET", f"/alert-channels/{made['id']}", other), 404, "not-found")
        is_problem(await call(doors, "POST", f"/alert-channels/{made['id']}/test", other), 404, "not-found")
