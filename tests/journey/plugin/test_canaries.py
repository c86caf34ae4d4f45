"""What is secret or personal goes through the plugin's door and is in no log, metric or answer."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Answer, Street, is_problem, rows, street
from tests.journey.plugin.stage import BASE, Site, customer, item, paired
from tests.support.hub import order

MAIL, NAME, NOTE = "mail-canary@example.com", "Name-Canary", "note-canary"


async def everything(hub: Hub, doors: Street, site: Site) -> list[Answer]:
    """Tell and ask all kinds of things, good and bad; returns the answers."""
    person = customer(7, MAIL, last_name=NAME)
    bought = order(12, customer_note=NOTE, billing={"email": MAIL, "last_name": NAME})
    bad = {**bought, "total": NOTE, "status": NAME, "billing": {"email": NOTE}}
    answers = [
        await site.call("POST", "/batch", {"items": [item("customer", person), item("order", bought)]}),
        await site.call("POST", "/batch", {"items": [item("order", bad), item("order", bought, origin="test")]}),
        await site.call("POST", "/orders", bad),
        await site.call("POST", "/customers", {"email": MAIL, "last_name": NAME}),
        await site.call("POST", "/events", {"type": "user.login", "subject": MAIL, "data": {"note": NOTE}}),
        await site.call("POST", "/orders", bought, {"X-Crossdock-Key": site.key}),
        await site.call("POST", "/orders", bought, site.signed("POST", "/elsewhere", b"")),
        await site.call("GET", "/status"),
        await doors.get("/metrics"),
        await doors.get(f"{BASE}/openapi.json"),
    ]
    await hub.refusals.flush(hub.database)
    return answers


async def test_nothing_secret_or_personal_is_told(
    hub: Hub, doors: Street, site: Site, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = await everything(hub, doors, site)
    said = "".join(answer.body.decode() + str(answer.headers) for answer in answers)
    captured = capsys.readouterr()
    logged = caplog.text + captured.out + captured.err
    for canary in (site.secret, site.key):
        assert canary not in said
        assert canary not in logged
    # the preview of a sample alone shows what it was given
    plain = "".join(answer.body.decode() for number, answer in enumerate(answers) if number != 1)
    for canary in (MAIL, NAME, NOTE):
        assert canary not in plain
        assert canary not in logged
    kept = str([tuple(row) for table in ("site_key", "site_item", "site_nonce", "audit_entry", "record")
                for row in await rows(hub, f"SELECT * FROM {table}")])  # fmt: skip
    for canary in (MAIL, NAME, NOTE, site.secret, site.key):
        assert canary not in kept


async def test_every_field_is_kept_as_it_came(hub: Hub, site: Site) -> None:
    document: dict[str, Any] = {
        "id": 5,
        "name": "Tea",
        "type": "simple",
        "price": "2.50",
        "categories": [{"id": 1, "name": "Green", "slug": "green"}, {"id": 2, "name": "Löse", "slug": "lose"}],
        "meta_data": [{"id": 9, "key": "_own", "value": {"deep": [1, None, "x"]}}],
        "a_plugins_own": {"field": True},
    }
    await site.tell(item("product", document))
    (row,) = await rows(hub, "SELECT r.*, e.body FROM record r JOIN event e ON e.id = r.event_id")
    assert hub.canonical.document(row) == document
    word = hub.canonical.read(await hub.directory.connection(row["connection_id"]), row)
    assert word.categories == ("Green", "Löse")
    assert word.meta[0].key == "_own"


async def test_who_finds_no_room_is_told_when_to_come_again(settings: Settings) -> None:
    async with open_hub(settings) as hub, street(hub) as doors:
        site = await paired(hub, doors)
    async with open_hub(settings.model_copy(update={"ingest_rows": 0})) as hub, street(hub) as doors:
        site.street = doors
        body = json.dumps(order(1)).encode()
        headers = site.signed("POST", f"{BASE}/orders", body)
        full = await site.call("POST", "/orders", body, headers)
        is_problem(full, 503, "overloaded")
        assert int(full.headers["Retry-After"]) >= 1
        assert (await rows(hub, "SELECT count(*) AS n FROM record"))[0]["n"] == 0
    async with open_hub(settings) as hub, street(hub) as doors:
        site.street = doors
        assert (await site.call("POST", "/orders", body, headers)).status == 201, "the same request may come again"
