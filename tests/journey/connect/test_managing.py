"""Managing a store over REST: every verb, every refusal, and who may."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio

from crossdock.connect.sandbox import serving
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.wiring import Hub
from tests.journey.doors.street import Answer, Street, is_problem, street

OTHER = woocommerce.ApiKey("ck_" + "0b" * 20, "cs_" + "b0" * 20)
KEYS = (woocommerce.ApiKey(), OTHER)


class Office:
    """A caller with a key, and two shops."""

    def __init__(self, hub: Hub, doors: Street, shops: list[str], apps: list[Any], key: str) -> None:
        self.hub, self.doors, self.shops, self.apps, self.key = hub, doors, shops, apps, key
        self.id = ""

    def form(self, shop: int = 0) -> dict[str, Any]:
        key, secret = woocommerce.DEFAULT_CONSUMER_KEY, woocommerce.DEFAULT_CONSUMER_SECRET
        return {"url": self.shops[shop], "key": key, "secret": secret, "plain_http": True}

    async def call(self, method: str, path: str, value: Any = None, key: str | None = None) -> Answer:
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        body = None if value is None else orjson.dumps(value)
        return await self.doors.call(method, f"/api/v1/connections{path}", body, headers)

    async def connect(self) -> None:
        made = await self.call("POST", "", {"connector": "woocommerce", "form": self.form(), "name": "one"})
        assert made.status == 201, made.body
        self.id = made.json["id"]


@pytest_asyncio.fixture
async def office(hub: Hub) -> AsyncIterator[Office]:
    tenant = await hub.tenants.find()
    _, key = await hub.keys.add(tenant, "writes", ("read", "write"))
    async with contextlib.AsyncExitStack() as stack:
        doors = await stack.enter_async_context(street(hub))
        switches = [
            woocommerce.build(woocommerce.generate(3, 1), woocommerce.Settings(keys=keys))
            for keys in (KEYS, (woocommerce.ApiKey(),))
        ]
        served = [await stack.enter_async_context(serving(switch)) for switch in switches]
        hub.connections._public_url = hub.hooks._public_url = doors.url
        apps = [switch.app for switch in switches]  # type: ignore[attr-defined]
        opened = Office(hub, doors, [one.url for one in served], apps, key)
        await opened.connect()
        yield opened


async def test_a_store_is_shown_paused_resumed_and_checked_without_secrets(office: Office) -> None:
    shown = (await office.call("GET", f"/{office.id}")).json
    assert (shown["name"], shown["state"], shown["account"]["version"]) == ("one", "active", "11.0.1")
    assert woocommerce.DEFAULT_CONSUMER_SECRET not in str(shown)
    for verb, state in (("pause", "paused"), ("resume", "active")):
        assert (await office.call("POST", f"/{office.id}/{verb}")).json["state"] == state
    checked = (await office.call("POST", f"/{office.id}/check")).json
    assert (checked["ok"], checked["account"]["currency"]) == (True, "USD")
    stats = (await office.call("GET", f"/{office.id}/stats")).json
    assert (stats["errors"], stats["delivered_to"]["dead"], stats["failed_runs"]) == ([], 0, 0)


async def test_the_same_store_twice_is_refused_however_it_is_written(office: Office) -> None:
    port = office.shops[0].rsplit(":", 1)[1]
    for url in (office.shops[0], office.shops[0] + "/", f"http://127.0.0.1:{port}/wp-admin/"):
        again = {"connector": "woocommerce", "form": {**office.form(), "url": url}}
        assert "connected already" in is_problem(await office.call("POST", "", again), 409, "conflict")["detail"]
    assert (await office.call("POST", "", {"connector": "woocommerce", "form": office.form(1)})).status == 201


async def test_new_keys_are_tried_against_the_same_store_before_the_old_are_dropped(office: Office) -> None:
    path = f"/{office.id}/credentials"
    good = {"form": {"key": OTHER.consumer_key, "secret": OTHER.consumer_secret}}
    wrong = {"form": {"key": "ck_" + "9" * 40, "secret": "cs_" + "9" * 40}}
    is_problem(await office.call("POST", path, wrong), 502, "vendor-trouble")
    is_problem(await office.call("POST", path, {"form": {"key": "ck_1"}}), 400, "bad-input", "secret")
    is_problem(await office.call("POST", path, {"form": {"url": office.shops[1]}}), 400, "bad-input", "url")
    assert (await office.call("POST", f"/{office.id}/check")).json["ok"]
    assert (await office.call("POST", path, good)).json["ok"]
    office.apps[0].settings.keys = (OTHER,)
    assert (await office.call("POST", f"/{office.id}/check")).json["ok"]


async def test_choices_are_kept_merged_and_taken_back(office: Office) -> None:
    path = f"/{office.id}"
    change = {
        "name": "Main",
        "streams": {"coupon": {"enabled": False}, "order": {"interval_s": 60}},
        "start_date": "2026-01-01",
        "filters": {"emails": ["*@test.example"], "drafts": True, "products": [17], "meta": ["_test"]},
        "quiet_hours": {"from": "22:00", "to": "06:00", "zone": "Europe/Berlin"},
        "status_map": {"completed": ["completed", "delivered"]},
        "shipping_map": {"flat_rate": "DHL"},
        "payment_map": {"cod": "cash"},
        "requests_per_minute": 60,
    }
    shown = (await office.call("PATCH", path, change)).json
    assert shown["name"] == "Main"
    assert {name: shown["config"][name] for name in change if name != "name"} == {
        name: value for name, value in change.items() if name != "name"
    }
    again = {"streams": {"coupon": {"interval_s": 900}, "order": None}, "filters": None}
    config = (await office.call("PATCH", path, again)).json["config"]
    assert config["streams"] == {"coupon": {"enabled": False, "interval_s": 900}}
    assert "filters" not in config
    assert config["url"] == office.shops[0]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"surprise": 1}, "surprise"),
        ({"name": ""}, "name"),
        ({"streams": {"banana": {}}}, "streams.banana"),
        ({"streams": {"order": {"interval_s": 1}}}, "streams.order.interval_s"),
        ({"streams": {"order": {"enabled": "yes"}}}, "streams.order.enabled"),
        ({"streams": {"order": {"speed": 1}}}, "streams.order.speed"),
        ({"start_date": "soon"}, "start_date"),
        ({"quiet_hours": {"from": "25:00", "to": "06:00"}}, "quiet_hours.from"),
        ({"quiet_hours": {"from": "22:00", "to": "06:00", "zone": "Moon/Sea"}}, "quiet_hours.zone"),
        ({"filters": {"emails": "x"}}, "filters.emails"),
        ({"filters": {"products": ["x"]}}, "filters.products[0]"),
        ({"filters": {"banana": []}}, "filters.banana"),
        ({"status_map": {"completed": "wc-done"}}, "status_map.completed"),
        ({"status_map": {"a": "x", "b": "x"}}, "status_map.b"),
        ({"shipping_map": {"flat": 1}}, "shipping_map.flat"),
        ({"payment_map": []}, "payment_map"),
        ({"field_owners": {"order.total": "store"}}, "field_owners.order.total"),
        ({"field_owners": {"order.status": "fill_blanks"}}, "field_owners.order.status"),
        ({"field_owners": "store"}, "field_owners"),
        ({"requests_per_day": 0}, "requests_per_day"),
    ],
)
async def test_a_wrong_choice_names_its_field_and_changes_nothing(
    office: Office, change: dict[str, Any], field: str
) -> None:
    before = (await office.call("GET", f"/{office.id}")).json
    problem = is_problem(await office.call("PATCH", f"/{office.id}", change), 400, "bad-input", field)
    assert problem["remedy"]
    assert (await office.call("GET", f"/{office.id}")).json == before


async def test_webhooks_are_listed_registered_and_removed(office: Office) -> None:
    path = f"/{office.id}/webhooks"
    foreign = {"topic": "order.created", "delivery_url": "https://else.example/", "secret": "x"}
    stranger = str(office.apps[0].hooks.create(foreign).id)
    listed = (await office.call("GET", path)).json
    assert listed["missing"] == []
    assert [item["vendor_id"] for item in listed["items"] if not item["ours"]] == [stranger]
    ours = [item for item in listed["items"] if item["ours"]]
    assert {item["status"] for item in ours} == {"active"}
    office.apps[0].hooks.delete(int(ours[0]["vendor_id"]))
    office.apps[0].hooks.rows[int(ours[1]["vendor_id"])].status = "disabled"
    listed = (await office.call("GET", path)).json
    assert sorted(listed["missing"]) == sorted([ours[0]["topic"], ours[1]["topic"]])
    done = (await office.call("POST", path)).json
    assert (sorted(done["registered"]), done["refused"]) == (sorted(listed["missing"]), {})
    assert (await office.call("GET", path)).json["missing"] == []
    is_problem(await office.call("DELETE", f"{path}/{stranger}"), 404, "not-found", "vendor_id")
    one = ours[2]["vendor_id"]
    assert (await office.call("DELETE", f"{path}/{one}")).json == {"removed": [one]}
    assert len((await office.call("DELETE", path)).json["removed"]) == len(ours) - 1
    assert [str(name) for name in office.apps[0].hooks.rows] == [stranger]
    gone = (await office.call("GET", path)).json
    assert (gone["missing"], len(gone["removed"])) == ([], len(ours)), "removed by hand, and shown so"
    back = (await office.call("POST", path)).json
    assert len(back["registered"]) == len(ours)
    assert (await office.call("GET", path)).json["removed"] == []


async def test_disconnecting_removes_our_webhooks_or_says_what_is_left(office: Office) -> None:
    assert len(office.apps[0].hooks.rows) == 15
    office.apps[0].settings.maintenance = True
    left = (await office.call("POST", f"/{office.id}/disconnect")).json["left_behind"]
    assert len(left) == 15
    async with office.hub.database.engine() as conn:
        for table in ("hook", "credential"):
            assert await conn.fetchval(f"SELECT count(*) FROM {table}") == 0
        assert await conn.fetchval("SELECT count(*) FROM route WHERE enabled") == 0
    is_problem(await office.call("GET", f"/{office.id}"), 404, "not-found")
    office.apps[0].settings.maintenance = False
    await office.connect()
    assert (await office.call("POST", f"/{office.id}/disconnect")).json["left_behind"] == []


async def test_who_may_only_read_changes_nothing_and_another_tenant_sees_nothing(office: Office) -> None:
    tenant = await office.hub.tenants.find()
    _, reads = await office.hub.keys.add(tenant, "reads", ("read",))
    _, other = await office.hub.keys.add(await office.hub.tenants.add("other"), "other", ("read", "write"))
    at = f"/{office.id}"
    for method, path, body in (
        ("POST", "", {"connector": "woocommerce", "form": {}}),
        ("POST", "/authorize", {"connector": "woocommerce", "url": "https://shop.example"}),
        ("PATCH", at, {"name": "x"}),
        ("POST", f"{at}/check", None),
        ("POST", f"{at}/pause", None),
        ("POST", f"{at}/resume", None),
        ("POST", f"{at}/disconnect", None),
        ("POST", f"{at}/credentials", {"form": {}}),
        ("POST", f"{at}/webhooks", None),
        ("DELETE", f"{at}/webhooks", None),
    ):
        is_problem(await office.call(method, path, body, reads), 403, "forbidden")
        if path.startswith(at):
            is_problem(await office.call(method, path, body, other), 404, "not-found")
    for path in (at, f"{at}/stats", f"{at}/webhooks"):
        assert (await office.call("GET", path, None, reads)).status == 200
        is_problem(await office.call("GET", path, None, other), 404, "not-found")


async def test_every_change_stands_in_the_audit(office: Office) -> None:
    await office.call("PATCH", f"/{office.id}", {"name": "two"})
    await office.call("POST", f"/{office.id}/pause")
    async with office.hub.database.engine() as conn:
        rows = await conn.fetch("SELECT actor, action, detail FROM audit_entry ORDER BY id")
    said = {row["action"]: row["actor"] for row in rows}
    actors = {said[name] for name in ("connection.add", "connection.change", "connection.paused")}
    assert [actor[:4] for actor in actors] == ["key_"], "one key did it all, named by its id"
    assert woocommerce.DEFAULT_CONSUMER_SECRET not in str([dict(row) for row in rows])
