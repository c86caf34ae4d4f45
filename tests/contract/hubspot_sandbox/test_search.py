"""Search: late, limited, and with operators."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.connectors.hubspot.sandbox import Settings

from .conftest import ONE_LOOP, Caller, opened

pytestmark = ONE_LOOP


def _search(*filters: dict[str, Any], **more: Any) -> dict[str, Any]:
    groups = [{"filters": list(filters)}] if filters else []
    return {"filterGroups": groups, "sorts": [], "properties": [], "limit": 100, "after": "0"} | more


def _filter(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, "value": value} | more


async def test_search_sees_writes_late(portal: Caller) -> None:
    contact = await portal.contact("a@x.example")
    body = _search(_filter("email", "EQ", "A@x.example"))
    assert (await portal.good("POST", "contacts/search", body))["total"] == 0
    assert not [name for name in portal.headers if "ratelimit" in name.lower()]
    await portal.advance(5)
    found = await portal.good("POST", "contacts/search", body)
    assert [row["id"] for row in found["results"]] == [contact]
    await portal.good("PATCH", f"contacts/{contact}", {"properties": {"email": "b@x.example"}})
    assert (await portal.good("POST", "contacts/search", body))["total"] == 1
    await portal.advance(5)
    assert (await portal.good("POST", "contacts/search", body))["total"] == 0
    await portal.good("DELETE", f"contacts/{contact}")
    assert (await portal.good("POST", "contacts/search", _search()))["total"] == 1
    await portal.advance(5)
    assert (await portal.good("POST", "contacts/search", _search()))["total"] == 0


@pytest.mark.parametrize(
    ("one", "names"),
    [
        (_filter("amount", "EQ", "5.0"), "a"),
        (_filter("amount", "NEQ", "5"), "bc"),
        (_filter("amount", "LT", "10"), "a"),
        (_filter("amount", "LTE", "10"), "ab"),
        (_filter("amount", "GT", "10"), "c"),
        (_filter("amount", "GTE", "10"), "bc"),
        (_filter("amount", "BETWEEN", "6", highValue="20"), "bc"),
        (_filter("amount", "IN", values=["5", "20"]), "ac"),
        (_filter("amount", "NOT_IN", values=["5", "20"]), "b"),
        (_filter("closedate", "HAS_PROPERTY"), "b"),
        (_filter("closedate", "NOT_HAS_PROPERTY"), "acd"),
        (_filter("closedate", "GTE", "1795219200000"), "b"),
        (_filter("closedate", "LT", "2026-11-21"), ""),
        (_filter("description", "CONTAINS_TOKEN", "Blue"), "c"),
        (_filter("description", "CONTAINS_TOKEN", "bl*"), "c"),
        (_filter("description", "NOT_CONTAINS_TOKEN", "blue"), "abd"),
        (_filter("dealstage", "EQ", "closedwon"), "d"),
    ],
)
async def test_operators(one: dict[str, Any], names: str) -> None:
    async with opened(Settings(search_lag_s=0)) as portal:
        await portal.make("deals", dealname="a", amount="5")
        await portal.make("deals", dealname="b", amount="10", closedate="2026-11-21T10:00:00Z")
        await portal.make("deals", dealname="c", amount="20", description="a blue mug")
        await portal.make("deals", dealname="d", dealstage="closedwon")
        found = await portal.good("POST", "deals/search", _search(one))
        assert "".join(row["properties"]["dealname"] for row in found["results"]) == names


async def test_groups_are_alternatives_and_results_are_sorted_and_paged() -> None:
    async with opened(Settings(search_lag_s=0, search_per_s=100)) as portal:
        for amount in ("3", "20", "100"):
            await portal.make("deals", amount=amount, dealname=f"deal {amount}")
        await portal.make("deals", dealname="none")
        groups = [{"filters": [_filter("amount", "EQ", value)]} for value in ("3", "100")]
        for sorts, first in (
            ([{"propertyName": "amount", "direction": "DESCENDING"}], "100"),
            (["amount"], "3"),
            (["-amount"], "100"),
        ):
            body = _search(filterGroups=groups, sorts=sorts, properties=["amount"])
            found = await portal.good("POST", "deals/search", body)
            assert found["total"] == 2
            assert found["results"][0]["properties"]["amount"] == first
        page = await portal.good("POST", "deals/search", _search(limit=3, sorts=["-amount"]))
        assert page["paging"]["next"]["after"] == "3"
        rest = await portal.good("POST", "deals/search", _search(limit=3, sorts=["-amount"], after="3"))
        assert [row["properties"]["dealname"] for row in rest["results"]] == ["none"]
        found = await portal.good("POST", "deals/search", _search(query="DEAL 2"))
        assert found["total"] == 1


_ONE = _filter("email", "EQ", "a")


@pytest.mark.parametrize(
    "body",
    [
        _search(limit=201),
        _search(limit=0),
        _search(limit="5"),
        _search(after="x"),
        _search(limit=100, after="9901"),
        _search(query="x" * 3001),
        _search(query=5),
        _search(filterGroups="x"),
        _search(filterGroups=[{"filters": [_ONE]}] * 6),
        _search(*[_ONE] * 11),
        _search(filterGroups=[{"filters": [_ONE] * 9}] * 3),
        _search("x"),  # type: ignore[arg-type]
        _search(_filter("never", "EQ", "a")),
        _search(_filter("email", "LIKE", "a")),
        _search(_filter("email", "EQ")),
        _search(_filter("email", "IN", "a")),
        _search(_filter("createdate", "BETWEEN", "2026-01-01")),
        _search(_filter("createdate", "GT", "yesterday")),
        _search(_filter("num_associated_deals", "GT", "many")),
        _search(sorts=["email", "city"]),
        _search(sorts=["never"]),
        {key: value for key, value in _search().items() if key != "after"},
        {key: value for key, value in _search().items() if key != "sorts"},
    ],
)
async def test_a_bad_search_is_refused(portal: Caller, body: dict[str, Any]) -> None:
    await portal.refused(400, "POST", "contacts/search", body)


async def test_older_versions_need_less(portal: Caller) -> None:
    assert await portal.good("POST", "/crm/v3/objects/contacts/search", {}) == {"total": 0, "results": []}


async def test_search_has_its_own_limit(portal: Caller) -> None:
    for _ in range(4):
        await portal.good("POST", "contacts/search", _search())
    refused = await portal.refused(429, "POST", "contacts/search", _search())
    assert refused["policyName"] == "SECONDLY"
    assert refused["message"] == "You have reached your secondly limit."
    await portal.good("GET", "contacts")
    await portal.advance(1)
    await portal.good("POST", "contacts/search", _search())
