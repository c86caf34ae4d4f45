"""One address for all portals of an app: verified, split by portal in one transaction, and read afresh."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.govern.oauth.seals import app_row
from tests.journey.hubspot.stage import ALL, APP, SECRET, Place
from tests.support.hub import until, working

pytestmark = pytest.mark.asyncio


def change(portal: int, record: str | int, kind: str = "contact", name: str = "phone") -> dict[str, Any]:
    """Return one event."""
    told = {"portalId": portal, "subscriptionType": f"{kind}.propertyChange", "objectId": int(record)}
    return {**told, "propertyName": name, "appId": APP, "eventId": 1, "occurredAt": 1}


async def records(place: Place) -> dict[tuple[str, str], tuple[str, str]]:
    async with place.hub.database.engine() as conn:
        rows = await conn.fetch(
            "SELECT c.account_uid, r.external_id, r.stream, r.presence FROM record r"
            " JOIN connection c ON c.id = r.connection_id"
        )
    return {(row["account_uid"], row["external_id"]): (row["stream"], row["presence"]) for row in rows}


async def test_a_property_change_becomes_an_event_by_a_fresh_read(place: Place) -> None:
    """What the portal does is told, read again and recorded: made, changed, binned, merged, erased."""
    portal = await place.portal(62515)
    connection = await place.connected(portal)
    person = await portal.make("contacts", email="ada@example.test")
    other = await portal.make("contacts", email="eve@example.test")
    deal = await portal.make("deals", dealname="Tea", dealstage="appointmentscheduled", pipeline="default")
    async with working(place.hub):
        for message in await portal.messages():
            assert (await place.send(message)).status == 200
        wanted = {person: ("contact", "live"), other: ("contact", "live"), deal: ("deal", "live")}

        async def read() -> bool:
            return await records(place) == {(connection.account_uid, k): v for k, v in wanted.items()}

        await until(read)
        await portal.act("edit", type="deals", id=deal, properties={"dealstage": "closedwon"})
        await portal.act("merge", type="contacts", id=person, other=other)
        for message in await portal.messages():
            assert (await place.send(message)).status == 200
        wanted[other] = ("contact", "deleted")
        await until(read)

        async def told() -> bool:
            async with place.hub.database.engine() as conn:
                rows = await conn.fetch("SELECT type, status FROM event WHERE external_id = $1 ORDER BY seq", deal)
            return [(r["type"], r["status"]) for r in rows] == [
                ("deal.created", "appointmentscheduled"),
                ("deal.won", "closedwon"),
            ]

        await until(told)


async def test_an_array_is_split_by_portal_in_one_transaction(place: Place) -> None:
    """A hundred events of two portals: two accounts ring, one commit; a portal that nobody connected rings nothing."""
    one, two = await place.portal(1001), await place.portal(1002)
    first, second = await place.connected(one), await place.connected(two)
    events = [change(1001 + at % 2, 500 + at) for at in range(98)] + [change(4242, 1), change(1001, 600, "ticket")]
    assert (await place.send(await place.signed(one, events))).status == 200
    async with place.hub.database.engine() as conn:
        rows = await conn.fetch("SELECT connection_id, count(*) AS n FROM doorbell GROUP BY 1")
        commits = await conn.fetchval("SELECT count(DISTINCT xmin::text) FROM doorbell")
    assert commits == 1
    assert {row["connection_id"]: row["n"] for row in rows} == {first.id: 49, second.id: 49}


async def test_what_the_signature_does_not_prove_is_refused_and_nothing_kept(place: Place) -> None:
    """Another secret, another body, another app, no signature."""
    portal = await place.portal(62515)
    await place.connected(portal)
    good = await place.signed(portal, [change(62515, 7)])
    bad = {**good, "headers": {**good["headers"], "x-hubspot-signature-v3": "AAAA"}}
    bare = {**good, "headers": {"content-type": "application/json"}}
    for message in (bad, bare, {**good, "body": good["body"] + " "}):
        assert (await place.send(message)).status == 401
    assert (await place.send({**good, "url": good["url"] + "9"})).status == 404
    assert (await place.send({**good, "url": good["url"].replace("hubspot", "woocommerce")})).status == 404
    assert await place.bells() == []
    assert (await place.send(good)).status == 200
    assert await place.bells() == [("contact", "7")]


async def test_an_app_rings_only_those_who_name_its_secret(place: Place) -> None:
    """A connection that names the app with another secret hears nothing of it, whoever it belongs to."""
    portal, stranger = await place.portal(1001), await place.portal(1002)
    await place.connected(portal)
    await place.connected(stranger, secret="another-secret")
    message = await place.signed(portal, [change(1001, 7), change(1002, 8)])
    assert (await place.send(message)).status == 200
    assert await place.bells() == [("contact", "7")]


async def test_old_signatures_are_taken_where_the_connection_says_so(place: Place) -> None:
    """v1 proves no time: refused unless it is chosen."""
    portal = await place.portal(62515, webhook_signature="v1")
    strict = await place.connected(portal)
    assert (await place.send(await place.signed(portal, [change(62515, 7)]))).status == 401
    lenient = await place.hub.connections.one(strict.tenant_id, strict.id)
    async with place.hub.database.engine() as conn:
        await conn.execute(
            'UPDATE connection SET config = config || \'{"app_signature": "v1"}\' WHERE id = $1', lenient.id
        )
    place.hub.directory.forget(strict.id)
    assert (await place.send(await place.signed(portal, [change(62515, 7)]))).status == 200
    await portal.control("PUT", "settings", {"webhook_signature": "v2"})
    assert (await place.send(await place.signed(portal, [change(62515, 8)]))).status == 200
    assert await place.bells() == [("contact", "7"), ("contact", "8")]


async def test_a_stream_that_is_not_read_rings_nothing(place: Place) -> None:
    """Most portals are only written to; what their app tells of is not theirs to be read."""
    portal = await place.portal(62515)
    await place.connected(portal, streams={"deal": {"enabled": True}})
    message = await place.signed(portal, [change(62515, 7), change(62515, 9, "deal", "dealstage")])
    assert (await place.send(message)).status == 200
    assert await place.bells() == [("deal", "9")]


async def test_malformed_arrays_are_named(place: Place) -> None:
    """A signed body that is none of the vendor's is a 400; nothing of it is kept."""
    portal = await place.portal(62515)
    await place.connected(portal)
    message = await portal.control("POST", "sign", {"body": '[{"portalId": "x"}]'})
    answer = await place.send(message)
    assert answer.status == 400
    assert "portalId" in answer.json["detail"]
    assert SECRET not in answer.body.decode()


async def test_the_secret_of_the_app_that_a_portal_let_in_is_enough(place: Place) -> None:
    """Who came by consent has no secret of its own: the app's is taken."""
    portal = await place.portal(62515)
    connection = await place.connected(portal, secret="")
    message = await place.signed(portal, [change(62515, 7)])
    assert (await place.send(message)).status == 401
    app = uuid.uuid4()
    async with place.hub.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO oauth_app (id, tenant_id, connector, name, client_id, key_id, sealed)"
            " VALUES ($1, $2, 'hubspot', 'ours', 'client', $3, $4)",
            app,
            connection.tenant_id,
            place.hub.vault.key_id,
            place.hub.vault.seal_secret(SECRET, app_row(app)),
        )
        await conn.execute(
            "INSERT INTO oauth_grant (connection_id, tenant_id, app_id, key_id, sealed, scopes, issued_at, renewable,"
            " granted_by) VALUES ($1, $2, $3, $4, $5, '{}', now(), false, 'test')",
            connection.id,
            connection.tenant_id,
            app,
            place.hub.vault.key_id,
            b"sealed",
        )

    async def taken() -> bool:
        return (await place.send(message)).status == 200

    await until(taken)
    assert await place.bells() == [("contact", "7")]


async def test_an_apps_secret_is_put_beside_a_token_later(place: Place) -> None:
    """The token stays; only what signs webhooks is new."""
    portal = await place.portal(62515)
    tenant = await place.hub.tenants.find()
    form = {"token": hubspot.TOKEN, "base_url": portal.url, "app_id": str(APP)}
    made = await place.hub.connections.connect(tenant, "hubspot", form, actor="test")
    await place.hub.upkeep.change(tenant, made.id, {"streams": ALL}, actor="test")
    await place.hub.upkeep.rotate(tenant, made.id, {"app_secret": SECRET}, actor="test")
    secrets = await place.hub.directory.secrets(made.id)
    assert (secrets["token"], secrets["app_secret"]) == (hubspot.TOKEN, SECRET)
    assert (await place.send(await place.signed(portal, [change(62515, 7)]))).status == 200
    assert await place.bells() == [("contact", "7")]
