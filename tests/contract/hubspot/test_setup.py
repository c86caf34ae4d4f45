"""Checking a portal, and making our properties in it."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.connect.client import CallFailed
from tests.contract.hubspot.scripted import Answer, Asked, portal

DETAILS = {
    "portalId": 62515,
    "timeZone": "Europe/Berlin",
    "companyCurrency": "EUR",
    "additionalCurrencies": ["USD", "EUR"],
}
PIPELINE = {"id": "default", "label": "Sales", "displayOrder": 0, "stages": []}


class Rooms:
    """A portal with objects, properties and groups, that refuses what it is told to."""

    def __init__(self, **refused: int) -> None:
        self.refused = {key.replace("__", " "): status for key, status in refused.items()}
        self.properties: dict[str, dict[str, Any]] = {}
        self.groups: set[str] = set()

    def __call__(self, asked: Asked) -> Answer:
        status = self.refused.get(self._word(asked))
        if status is not None:
            return Answer(status, {"category": "MISSING_SCOPES"})
        if asked.path.startswith("/account-info"):
            return Answer(200, DETAILS)
        if "/properties/" in asked.path:
            return self._property(asked, asked.path.split("/")[4])
        if "/pipelines/" in asked.path:
            return Answer(200, {"results": [PIPELINE]})
        if asked.path.endswith("/upsert"):
            return Answer(400, {"category": "VALIDATION_ERROR", "message": "no inputs"})
        return Answer(200, {"results": []})

    def _word(self, asked: Asked) -> str:
        part = asked.path.split("/")
        if asked.path.startswith("/account-info"):
            return "details"
        return f"{asked.method} {part[2]} {part[4]}"

    def _property(self, asked: Asked, name: str) -> Answer:
        if asked.path.endswith("/groups"):
            if asked.method == "GET":
                return Answer(200, {"results": [{"name": "crossdock"}] if name in self.groups else []})
            self.groups.add(name)
            return Answer(409 if name == "products" else 201, {})
        held = self.properties.setdefault(name, {})
        if asked.method == "GET":
            return Answer(200, {"results": list(held.values())})
        if asked.body["name"] in held:
            return Answer(409, {})
        held[asked.body["name"]] = asked.body
        return Answer(409 if name == "products" else 201, asked.body)


async def test_a_good_check_tells_the_portal() -> None:
    async with portal(Rooms()) as (app, to):
        result = await to.check()
    assert result.ok
    assert result.account_uid == "hubspot-62515"
    pipelines = result.account.pop("pipelines")
    assert [one["id"] for one in pipelines["deals"]] == ["default"]
    assert result.account == {
        "portal_id": "62515",
        "time_zone": "Europe/Berlin",
        "currencies": ["EUR", "USD"],
        "objects": {"orders": True},
    }
    writing = [asked for asked in app.asked if asked.method == "POST"]
    assert all(asked.body == {"inputs": []} for asked in writing), "a check changes nothing"


@pytest.mark.parametrize(("status", "code"), [(401, "wrong-token"), (403, "missing-scopes"), (500, "vendor-trouble")])
async def test_a_refused_token(status: int, code: str) -> None:
    async with portal(Rooms(details=status)) as (_, to):
        result = await to.check()
    assert (result.ok, result.code) == (False, code)
    assert result.problem
    assert result.remedy


async def test_missing_scopes_are_named() -> None:
    rooms = Rooms(GET__objects__deals=403, POST__objects__contacts=403, GET__properties__products=403)
    async with portal(rooms) as (_, to):
        result = await to.check()
    assert result.code == "missing-scopes"
    wanted = ("crm.objects.deals.read", "crm.objects.contacts.write", "crm.schemas.products.read")
    assert all(name in result.problem for name in wanted)


async def test_a_portal_without_the_order_object() -> None:
    async with portal(Rooms(GET__objects__orders=404)) as (_, to):
        result = await to.check()
    assert result.ok
    assert result.account["objects"] == {"orders": False}
    async with portal(Rooms(GET__objects__orders=404), order_object="orders") as (_, to):
        result = await to.check()
    assert (result.ok, result.code) == (False, "no-orders-object")


async def test_no_portal_at_all() -> None:
    async with portal(lambda asked: Answer(cut=True)) as (_, to):
        assert (await to.check()).code == "cut"
    async with portal(lambda asked: Answer(200, ["hello"])) as (_, to):
        assert (await to.check()).code == "not-hubspot"


async def test_preparing_makes_what_is_missing_and_only_once() -> None:
    rooms = Rooms()
    async with portal(rooms, order_object="orders") as (app, to):
        account = await to.prepare()
        made = len(app.asked)
        assert await to.prepare() == account
        again = app.asked[made:]
    assert set(rooms.properties) == {"contacts", "products", "deals", "line_items", "orders"}
    assert rooms.properties["deals"]["crossdock_key"]["hasUniqueValue"] is True
    assert rooms.properties["deals"]["crossdock_tax_total"]["fieldType"] == "number"
    assert {asked.method for asked in again} == {"GET"}
    assert set(account["pipelines"]) == {"deals", "orders"}
    assert account["currencies"] == ["EUR", "USD"]


async def test_without_the_choice_the_order_object_is_left_alone() -> None:
    rooms = Rooms()
    async with portal(rooms) as (_, to):
        account = await to.prepare()
    assert "orders" not in rooms.properties
    assert set(account["pipelines"]) == {"deals"}


async def test_a_key_that_is_not_unique_is_refused_with_what_to_do() -> None:
    rooms = Rooms()
    rooms.properties["deals"] = {"crossdock_key": {"name": "crossdock_key", "hasUniqueValue": False}}
    async with portal(rooms) as (_, to):
        with pytest.raises(CallFailed, match="without unique values") as caught:
            await to.prepare()
    assert "delete" in caught.value.remedy


async def test_preparing_without_the_permission_names_it() -> None:
    async with portal(Rooms(POST__properties__contacts=403)) as (_, to):
        with pytest.raises(CallFailed) as caught:
            await to.prepare()
    assert "403" in caught.value.reason
    assert caught.value.remedy


async def test_preparing_what_is_no_portal() -> None:
    async with portal(lambda asked: Answer(200, ["hello"])) as (_, to):
        with pytest.raises(CallFailed, match="not HubSpot's"):
            await to.prepare()
