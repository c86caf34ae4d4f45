"""Alerts on pages: what stands and why, taking it over, its rules, and where it is told."""

from __future__ import annotations

import csv
import io
import json

import orjson
import pytest
import pytest_asyncio

from crossdock.connect.sandbox import Scope, serving
from crossdock.govern.access import Role
from crossdock.govern.alerts import KINDS
from crossdock.model.connection import Connection
from crossdock.web.rooms.alerts import NAMES, page_of
from crossdock.wiring import Hub
from tests.support.browsing import visiting
from tests.support.hub import add_connection
from tests.support.lively import refusing

BASE = "/t/default/alerts"


@pytest_asyncio.fixture
async def broken(hub: Hub) -> Connection:
    """A connection that broke, and the alert of it."""
    made = await add_connection(hub, "webhook", "Old till", destination=True)
    await add_connection(hub, "webhook", "Warehouse", destination=True)
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE connection SET state = 'broken', problem = 'gone for good' WHERE id = $1", made.id)
    await looked(hub)
    return made


async def looked(hub: Hub) -> None:
    """Let the hub look at everything now."""
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE chore SET next_at = now() WHERE name = 'alerts'")
    assert await hub.alerting.alerts.evaluate("test")


async def ended(hub: Hub) -> None:
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE alert SET ended_at = now()")


def test_every_rule_has_a_name_on_pages() -> None:
    assert set(NAMES) == set(KINDS)


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ("/api/v1/connections/con_1", "/connections/con_1"),
        ("/api/v1/connections/con_1/findings", "/connections/con_1"),
        ("/api/v1/dead-letters?connection_id=con_1", "/dead-letters?connection_id=con_1"),
        ("/api/v1/stock/alerts?open=true", "/stock"),
        ("/api/v1/alert-channels", "/alerts/channels"),
        ("/api/v1/proofs/prf_1", "/proof"),
        ("/api/v1/sku-links?state=suspended", "/sku-links?state=suspended"),
    ],
)
def test_a_link_of_an_alert_leads_to_a_page(link: str, page: str) -> None:
    assert page_of(link) == page


async def test_nothing_is_wrong(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        assert "Nothing is wrong" in (await visitor.get(BASE)).words
        assert "No alert has ended yet" in (await visitor.get(f"{BASE}/past")).words
        assert "Nobody is told yet" in (await visitor.get(f"{BASE}/channels")).words


async def test_an_alert_is_shown_and_taken_over(hub: Hub, broken: Connection) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        seen = await visitor.get(BASE)
        (row,) = seen.rows()
        assert "Old till" in row
        assert "Error" in row
        assert "Open" in row
        assert seen.doc.xpath("//nav[@id='nav']//a[contains(., 'Alerts')]//span[contains(@class, 'count')]")
        one = await visitor.get(seen.doc.xpath("//main//tbody//a/@href")[0])
        assert "Gone for good" in one.words
        assert "What helps" in one.words
        assert one.doc.xpath("//a[normalize-space()='Look into it']/@href")[0].startswith("/t/default/connections/con_")
        done = await visitor.submit(one, "/acknowledge")
        assert "You have taken it over" in done.text
        assert "Taken over" in (await visitor.get(BASE)).rows()[0]
        assert not done.doc.xpath("//form[contains(@action, 'acknowledge')]")
    async with hub.database.engine() as conn:
        by = await conn.fetchval("SELECT acknowledged_by FROM alert")
    assert by.startswith("usr_")


async def test_what_is_over_is_past(hub: Hub, broken: Connection) -> None:
    await ended(hub)
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        assert "Nothing is wrong" in (await visitor.get(BASE)).words
        seen = await visitor.get(f"{BASE}/past")
        assert len(seen.rows()) == 1
        one = await visitor.get(seen.doc.xpath("//main//tbody//a/@href")[0])
        assert "It is over" in one.words
        assert not one.doc.xpath("//form[contains(@action, 'acknowledge')]")


async def test_lists_are_filtered_paged_and_exported(hub: Hub, broken: Connection) -> None:
    async with hub.database.engine() as conn:
        await conn.execute(
            "INSERT INTO alert SELECT (json_populate_record(a, json_build_object('id', gen_random_uuid(),"
            " 'kind', 'lag', 'ended_at', now(), 'subject', n::text))).* FROM alert a, generate_series(1, 60) AS n"
        )
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        first = await visitor.get(f"{BASE}/past?kind=lag")
        assert len(first.rows()) == 50
        second = await visitor.get(first.doc.xpath("//nav[@aria-label='Pages']//a/@href")[0])
        assert len(second.rows()) == 10
        assert "Nothing of this kind" in (await visitor.get(f"{BASE}?kind=lag")).words
        told = json.loads((await visitor.get(f"{BASE}/past?kind=lag&format=json")).text)
        assert len(told) == 60
        table = list(csv.DictReader(io.StringIO((await visitor.get(f"{BASE}?format=csv")).text)))
        assert [row["connection"] for row in table] == ["Old till"]
        assert (await visitor.get(f"{BASE}?kind=nonsense")).status == 400
        assert (await visitor.get(f"{BASE}/alr_01kb3v0d1a8w0f6zr4p1n5q2st")).status == 404


async def test_a_viewer_acts_on_nothing(hub: Hub, broken: Connection) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        one = await visitor.get((await visitor.get(BASE)).doc.xpath("//main//tbody//a/@href")[0])
        assert not one.doc.xpath("//main//form")
        csrf = one.doc.xpath("//input[@name='csrf']/@value")[0]
        assert (await visitor.post(f"{one.url}/acknowledge", {"csrf": csrf})).status == 403
        assert (await visitor.post(f"{BASE}/rules/lag/set", {"csrf": csrf})).status == 403
        assert (await visitor.post(f"{BASE}/channels", {"csrf": csrf})).status == 403
        assert (await visitor.get(f"{BASE}/channels/new")).status == 403
        rule = await visitor.get(f"{BASE}/rules/lag")
        assert "Needs the role admin; yours is viewer" in rule.words


async def test_a_rule_is_changed_for_one_connection_and_taken_back(hub: Hub, broken: Connection) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        seen = await visitor.get(f"{BASE}/rules")
        assert len(seen.rows()) == len(KINDS)
        form = await visitor.get(f"{BASE}/rules/silence")
        chosen = form.doc.xpath("//option[.='Old till']/@value")[0]
        own = await visitor.get(f"{BASE}/rules/silence?connection_id={chosen}")
        refused = await visitor.submit(own, "/rules/silence/set", **{"settings.hours": "0", "severity": "error"})
        assert refused.status == 422
        assert "Hours is a number from 1 to 2160" in refused.words
        assert refused.doc.xpath("//input[@name='settings.hours']/@value") == ["0"]
        word = await visitor.submit(own, "/rules/silence/set", **{"settings.hours": "many"})
        assert "This is no number" in word.words
        done = await visitor.submit(refused, "/rules/silence/set", **{"settings.hours": "12"})
        assert len(done.rows()) == len(KINDS) + 1
        (row,) = [one for one in done.rows() if "Old till" in one]
        assert "hours 12" in row
        assert "Error" in row
        again = await visitor.get(f"{BASE}/rules/silence?connection_id={chosen}")
        back = await visitor.submit(again, "/drop")
        assert len(back.rows()) == len(KINDS)


async def test_a_rule_that_is_switched_off_ends_its_alerts(hub: Hub, broken: Connection) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        form = await visitor.get(f"{BASE}/rules/connection_broken")
        csrf = form.doc.xpath("//input[@name='csrf']/@value")[0]
        done = await visitor.post(f"{BASE}/rules/connection_broken/set", {"csrf": csrf, "severity": "error"})
        assert "Off" in next(row for row in done.rows() if "Broken connection" in row)
        assert "Nothing is wrong" in (await visitor.get(BASE)).words
        assert (await visitor.get(f"{BASE}/rules/nonsense")).status == 404


async def test_a_channel_from_its_making_to_its_end(hub: Hub) -> None:
    heard: list[bytes] = []

    async def receiver(scope: Scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        heard.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async with visiting(hub) as visitor, serving(receiver) as there, serving(refusing(500)) as deaf:
        await visitor.enter(Role.ADMIN)
        form = await visitor.get(f"{BASE}/channels/new?kind=webhook")
        refused = await visitor.submit(form, "/alerts/channels", name="ops", **{"form.url": "ftp://nowhere"})
        assert refused.status == 422
        assert refused.doc.xpath("//input[@name='name']/@value") == ["ops"]
        assert refused.doc.xpath("//div[contains(@class, 'is-bad')]/label[.='Address']")
        made = await visitor.submit(refused, "/alerts/channels", name="ops", **{"form.url": f"{there.url}/hook"})
        secret = made.doc.xpath("//code[starts-with(., 'whsec_')]/text()")
        assert secret
        listed = await visitor.get(f"{BASE}/channels")
        assert secret[0] not in listed.text
        one = await visitor.get(listed.doc.xpath("//main//tbody//a/@href")[0])
        assert secret[0] not in one.text
        tested = await visitor.submit(one, "/test")
        assert "taken by the other side" in tested.words
        assert orjson.loads(heard[0])
        changed = await visitor.submit(one, one.url, name="night", least="error", kinds="lag", **{"form.url": deaf.url})
        assert "The channel is changed" in changed.text
        assert "errors alone, of 1 rules" in " ".join((await visitor.get(f"{BASE}/channels")).rows())
        failed = await visitor.submit(changed, "/test")
        assert "The test did not get through" in failed.words
        ask = await visitor.get(f"{one.url}/remove")
        assert (await visitor.submit(ask, "/remove", confirm="ops")).status == 422
        assert "is removed" in (await visitor.submit(ask, "/remove", confirm="night")).text
        assert "Nobody is told yet" in (await visitor.get(f"{BASE}/channels")).words


async def test_a_mail_channel_names_the_field_that_is_wrong(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        form = await visitor.get(f"{BASE}/channels/new")
        fields = {"form.to": "ops@example.com, night@example.com", "form.sender": "hub@example.com"}
        refused = await visitor.submit(form, "/alerts/channels", name="ops", **fields, **{"form.host": "no host"})
        assert refused.doc.xpath("//div[contains(@class, 'is-bad')]/label[.='Mail server']")
        assert refused.doc.xpath("//input[@name='form.to']/@value") == ["ops@example.com, night@example.com"]
        made = await visitor.submit(
            refused, "/alerts/channels", **{"form.host": "127.0.0.1", "form.password": "s3cr3t"}
        )
        assert "Send a test" in made.words
        assert "s3cr3t" not in made.text
        assert made.doc.xpath("//input[@name='form.to']/@value") == ["ops@example.com night@example.com"]
    (held,) = await hub.alerting.channels.listed(await hub.tenants.find())
    assert held["config"]["to"] == ["ops@example.com", "night@example.com"]
    assert held["config"]["port"] == 587
