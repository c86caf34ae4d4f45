"""``GET /events``: found by what they are known by, in pages that leave nothing out, to their own tenant alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossdock.flow.record import events as reading
from crossdock.kit.ids import Prefix, floor_of, new_id, parse, show, time_of
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, is_problem, rows
from tests.support.hub import add_route, add_shop, add_sink, key_of, order, product, until, working

EVENTS = "/api/v1/events"


def known(external_id: int, code: str, **more: Any) -> dict[str, Any]:
    """Return an order that people know by another number than the shop does."""
    return {**order(external_id, **more), "number": code}


async def listed(doors: Street, key: str, query: str = "") -> Any:
    answer = await doors.get(f"{EVENTS}?{query}", key)
    assert answer.status == 200, answer.body
    return answer.json


async def follow(doors: Street, key: str, query: str, most: int = 50) -> list[Any]:
    """Return all pages, as a caller reads them who takes ``next`` for ``before``."""
    pages = [await listed(doors, key, query)]
    while pages[-1]["next"] is not None:
        assert len(pages) < most, "the pages do not end"
        pages.append(await listed(doors, key, f"{query}&before={pages[-1]['next']}"))
    return pages


async def test_an_event_is_listed_with_what_became_of_it(hub: Hub, doors: Street) -> None:
    shop, sink = await add_shop(hub), await add_sink(hub, "http://127.0.0.1:9/")
    await add_route(hub, shop, sink, "*", "post")
    assert (await doors.hook(shop, known(17, "1042"))).status == 200
    key = await key_of(hub, "read")
    page = await listed(doors, key)
    assert set(page) == {"items", "next", "looked_to"}
    assert (page["next"], page["looked_to"]) == (None, None)
    (row,) = await rows(hub, "SELECT id, record_id, recorded_at FROM event")
    (item,) = page["items"]
    assert item.pop("recorded_at").startswith(row["recorded_at"].isoformat()[:19])
    assert item.pop("modified_at").endswith("Z")
    assert item == {
        "id": show(Prefix.EVENT, row["id"]),
        "type": "order.created",
        "stream": "order",
        "external_id": "17",
        "code": "1042",
        "record_id": show(Prefix.RECORD, row["record_id"]),
        "connection_id": show(Prefix.CONNECTION, shop.id),
        "connection": "shop",
        "origin": "webhook",
        "verdict": "applied",
        "presence": "live",
        "status": "processing",
        "seq": 1,
        "deliveries": [
            {"state": "waiting", "rule": None, "attempts": 0, "replayed": False, "destination": "sink"},
        ],
    }
    alone = (await doors.get(f"{EVENTS}/{item['id']}", key)).json
    assert alone["external_id"] == "17", "the id of a line opens the event"


async def test_what_was_never_delivered_says_so(hub: Hub, doors: Street) -> None:
    shop, sink = await add_shop(hub), await add_sink(hub, "http://127.0.0.1:9/")
    await add_route(hub, shop, sink, "*", "post")
    key = await key_of(hub, "read")
    async with working(hub):
        await doors.hook(shop, order(1))

        async def tried() -> bool:
            (item,) = (await listed(doors, key))["items"]
            (end,) = item["deliveries"]
            return end["state"] == "waiting" and end["attempts"] >= 1

        await until(tried)
    assert (await doors.post(EVENTS, {"type": "a.b", "data": {}}, await key_of(hub, "events:write"))).status == 201
    newest = (await listed(doors, key))["items"][0]
    assert (newest["type"], newest["code"], newest["deliveries"]) == ("a.b", None, [])


async def test_events_are_found_by_everything_they_are_known_by(hub: Hub, doors: Street) -> None:
    shop, other = await add_shop(hub), await add_shop(hub, "other", "https://other.example")
    for source, document, topic in (
        (shop, known(1, "1001"), "order.created"),
        (shop, known(2, "1002"), "order.created"),
        (shop, known(2, "1002", modified="2026-11-20T11:00:00", status="completed"), "order.updated"),
        (other, known(2, "9002"), "order.created"),
        (shop, product(), "product.updated"),
    ):
        assert (await doors.hook(source, document, topic)).status == 200
    writes = await key_of(hub, "events:write")
    custom = {"type": "assessment.completed", "external_id": "p-1", "data": {}}
    assert (await doors.post(EVENTS, custom, writes)).status == 201
    await hub.journey.tally.flush(hub.database)
    key = await key_of(hub, "read")
    every = (await listed(doors, key))["items"]
    assert [one["external_id"] for one in every] == ["p-1", "7", "2", "2", "2", "1"]
    assert [one["id"] for one in every] == sorted((one["id"] for one in every), reverse=True)
    middle = time_of(parse(Prefix.EVENT, every[2]["id"])).isoformat().replace("+00:00", "Z")
    mine, theirs = show(Prefix.CONNECTION, shop.id), show(Prefix.CONNECTION, other.id)
    for query, found in (
        (f"connection_id={mine}", [1, 3, 4, 5]),
        (f"connection_id={theirs}", [2]),
        (f"connection_id={show(Prefix.CONNECTION, new_id())}", []),
        ("stream=product", [1]),
        ("stream=nothing", []),
        ("type=order.created", [2, 4, 5]),
        ("type=order.updated", [3]),
        ("origin=api", [0]),
        ("origin=webhook", [1, 2, 3, 4, 5]),
        ("origin=replay", []),
        ("external_id=2", [2, 3, 4]),
        ("external_id=1002", [3, 4]),
        ("external_id=%231002", [3, 4]),
        ("external_id=TEA-1", [1]),
        ("external_id=p-1", [0]),
        ("external_id=p-1&stream=order", []),
        ("external_id=1002&type=order.created", [4]),
        (f"external_id=2&connection_id={theirs}", [2]),
        ("external_id=nobody", []),
        (f"type=order.created&connection_id={mine}&origin=webhook&stream=order", [4, 5]),
        (f"since={middle}", [0, 1, 2]),
        (f"until={middle}", [3, 4, 5]),
        (f"external_id=2&since={middle}", [2]),
        ("since=2020-01-01T00:00:00Z", [0, 1, 2, 3, 4, 5]),
        ("until=2020-01-01T00:00:00Z", []),
        ("external_id=2&until=2020-01-01T00:00:00Z", []),
        ("since=9999-12-31T23:59:59-12:00", []),
        ("since=0001-01-01T00:00:00%2B23:00&until=9999-12-31T23:59:59-12:00", [0, 1, 2, 3, 4, 5]),
        ("stream=&type=&external_id=&before=", [0, 1, 2, 3, 4, 5]),
        (f"before={every[2]['id']}", [3, 4, 5]),
        (f"before={every[2]['id']}&limit=1", [3]),
        (f"external_id=2&before={every[2]['id']}", [3, 4]),
        (f"before={show(Prefix.EVENT, new_id())}", [0, 1, 2, 3, 4, 5]),
    ):
        page = await listed(doors, key, query)
        assert [every.index(one) for one in page["items"]] == found, query
        assert page["looked_to"] is None, query


async def test_an_id_that_is_no_event_is_a_place_all_the_same(hub: Hub, doors: Street) -> None:
    shop, key = await add_shop(hub), await key_of(hub, "read")
    await doors.hook(shop, order(1))
    between = show(Prefix.EVENT, new_id())
    await doors.hook(shop, order(2))
    page = await listed(doors, key, f"before={between}")
    assert [one["external_id"] for one in page["items"]] == ["1"]


@pytest.mark.parametrize("query", ["", "stream=order&origin=webhook", "type=order.created"])
async def test_pages_follow_each_other_and_leave_nothing_out(hub: Hub, doors: Street, query: str) -> None:
    shop, key = await add_shop(hub), await key_of(hub, "read")
    for number in range(1, 12):
        await doors.hook(shop, order(number))
    pages = await follow(doors, key, f"limit=3&{query}")
    assert [len(page["items"]) for page in pages] == [3, 3, 3, 2]
    seen = [one["external_id"] for page in pages for one in page["items"]]
    assert seen == [str(number) for number in range(11, 0, -1)]


async def test_all_states_of_one_record_come_in_pages(hub: Hub, doors: Street) -> None:
    shop, key = await add_shop(hub), await key_of(hub, "read")
    for minute in range(7):
        await doors.hook(shop, order(5, modified=f"2026-11-20T10:{minute:02}:00", note=str(minute)))
        await doors.hook(shop, order(100 + minute))
    pages = await follow(doors, key, "external_id=5&limit=3")
    assert [one["seq"] for page in pages for one in page["items"]] == [7, 6, 5, 4, 3, 2, 1]


async def test_a_page_that_looked_far_enough_says_how_far_and_goes_on(
    hub: Hub, doors: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, key = await add_shop(hub), await key_of(hub, "read")
    await doors.hook(shop, product(), "product.updated")
    for number in range(1, 9):
        await doors.hook(shop, order(number))
    monkeypatch.setattr(reading, "MOST_LOOKED", 3)
    pages = await follow(doors, key, "stream=product")
    assert [len(page["items"]) for page in pages][:2] == [0, 0]
    times = [page["looked_to"] for page in pages if page["looked_to"]]
    assert len(times) >= 2
    assert times == sorted(times, reverse=True)
    assert [one["external_id"] for page in pages for one in page["items"]] == ["7"]
    assert pages[-1]["looked_to"] is None


async def test_what_lies_beyond_many_days_is_found(hub: Hub, doors: Street) -> None:
    shop, key = await add_shop(hub), await key_of(hub, "read")
    await doors.hook(shop, product(), "product.updated")
    await doors.hook(shop, order(1))
    now = datetime.now(UTC)
    async with hub.database.engine() as conn:
        old = new_id(now - timedelta(days=150))
        await conn.execute("UPDATE event SET id = $1 WHERE stream = 'product'", old)
        for back in range(1, 151):
            await conn.execute(
                "INSERT INTO arrival_tally (connection_id, tenant_id, day, stream, origin, verdict, count)"
                " VALUES ($1, $2, $3, 'order', 'webhook', 'applied', 1)",
                *(shop.id, shop.tenant_id, (now - timedelta(days=back)).date()),
            )
    pages = await follow(doors, key, "type=product.created")
    assert [len(page["items"]) for page in pages] == [0, 0, 1]
    assert pages[0]["looked_to"] > pages[1]["looked_to"] > "2000"
    assert pages[1]["looked_to"].endswith("T00:00:00Z")
    assert pages[2]["looked_to"] is None
    every = [one["id"] for page in await follow(doors, key, "limit=1") for one in page["items"]]
    assert len(every) == 2
    assert every[1] == show(Prefix.EVENT, old)


async def test_another_tenants_events_are_never_listed(hub: Hub, doors: Street) -> None:
    shop, sink = await add_shop(hub), await add_sink(hub, "http://127.0.0.1:9/")
    await add_route(hub, shop, sink, "*", "post")
    for number in (1, 2):
        await doors.hook(shop, known(number, f"100{number}"))
    await hub.tenants.add("other")
    stranger, writes = await key_of(hub, "read", tenant="other"), await key_of(hub, "events:write", tenant="other")
    assert (await doors.post(EVENTS, {"type": "a.b", "external_id": "1", "data": {}}, writes)).status == 201
    await hub.journey.tally.flush(hub.database)
    ours, theirs = await key_of(hub, "read"), await listed(doors, stranger)
    assert [one["type"] for one in theirs["items"]] == ["a.b"]
    assert [one["external_id"] for one in (await listed(doors, ours))["items"]] == ["2", "1"]
    newest = (await listed(doors, ours))["items"][0]
    for query, found in (
        ("external_id=1", ["a.b"]),
        ("external_id=1001", []),
        ("stream=order", []),
        (f"connection_id={newest['connection_id']}", []),
        (f"connection_id={newest['connection_id']}&external_id=1", []),
        (f"before={newest['id']}", []),
        ("since=2020-01-01T00:00:00Z", ["a.b"]),
    ):
        assert [one["type"] for one in (await listed(doors, stranger, query))["items"]] == found, query


async def test_a_wrong_value_is_told_with_its_field_and_what_to_do(hub: Hub, doors: Street) -> None:
    key = await key_of(hub, "read")
    for query, field in (
        ("connection_id=nonsense", "connection_id"),
        (f"connection_id={show(Prefix.EVENT, new_id())}", "connection_id"),
        ("before=nonsense", "before"),
        ("before=evt_" + "z" * 26, "before"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("origin=shop", "origin"),
        ("since=yesterday", "since"),
        ("since=2026-11-21T08:00:00", "since"),
        ("until=2026-11-21T08:00:00", "until"),
        ("stream=" + "x" * 101, "stream"),
        ("type=" + "x" * 256, "type"),
        ("external_id=" + "x" * 257, "external_id"),
        ("external_id=a%00b", "external_id"),
        ("stream=a%00b", "stream"),
    ):
        problem = is_problem(await doors.get(f"{EVENTS}?{query}", key), 400, "bad-input", field)
        assert "nonsense" not in problem["detail"]
    assert "webhook" in (await doors.get(f"{EVENTS}?origin=shop", key)).json["detail"]
    assert "2026-11-21T08:00:00Z" in (await doors.get(f"{EVENTS}?since=2026-11-21T08:00:00", key)).json["remedy"]
    far = show(Prefix.EVENT, floor_of((await rows(hub, "SELECT now() + interval '9 days' AS at"))[0]["at"]))
    assert (await listed(doors, key, f"before={far}"))["items"] == []
    assert (await listed(doors, key, "before=evt_7" + "z" * 25))["items"] == []


async def test_each_method_is_for_its_own_scope_and_all_others_are_refused(hub: Hub, doors: Street) -> None:
    reads, writes = await key_of(hub, "read"), await key_of(hub, "events:write")
    is_problem(await doors.get(EVENTS), 401, "unauthenticated", "Authorization")
    problem = is_problem(await doors.get(EVENTS, writes), 403, "forbidden")
    assert "read" in problem["detail"]
    event = {"type": "a.b", "data": {}}
    is_problem(await doors.post(EVENTS, event, reads), 403, "forbidden")
    assert (await doors.post(EVENTS, event, writes)).status == 201
    assert (await doors.get(EVENTS, reads)).status == 200
    bearer = {"Authorization": f"Bearer {reads}"}
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"):
        answer = await doors.call(method, EVENTS, headers=bearer)
        beside = await doors.call(method, "/api/v1/deliveries", headers=bearer)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST"), method
        assert (beside.status, beside.headers["Allow"]) == (405, "GET"), "as any other list"
        if method != "HEAD":
            told = is_problem(answer, 405, "method-not-allowed", "method")
            assert (method in told["detail"], told["remedy"]) == (True, "send GET or POST")


async def test_a_refused_method_names_those_that_a_resource_takes(hub: Hub, doors: Street) -> None:
    key = await key_of(hub, "read")
    for path, allowed in (
        ("/status", "GET"),
        ("/openapi.json", "GET"),
        ("/replays", "GET, POST"),
        ("/deliveries/dlv_x/retry", "POST"),
        ("/events/evt_x", "GET"),
        ("/connections/con_x", "GET, PATCH"),
    ):
        answer = await doors.call("PUT", f"/api/v1{path}", headers={"Authorization": f"Bearer {key}"})
        problem = is_problem(answer, 405, "method-not-allowed", "method")
        assert (answer.headers["Allow"], problem["remedy"]) == (allowed, f"send {allowed.replace(', ', ' or ')}"), path


async def test_the_document_has_both_operations_with_their_examples(hub: Hub, doors: Street) -> None:
    document = (await doors.get("/api/v1/openapi.json")).json
    both = document["paths"]["/events"]
    assert set(both) == {"get", "post"}
    assert (both["get"]["summary"], both["post"]["operationId"]) == ("Events", "post_events")
    names = [one["name"] for one in both["get"]["parameters"]]
    wanted = ("connection_id", "stream", "type", "origin", "external_id", "since", "until", "before", "limit")
    assert sorted(names) == sorted(wanted)
    one, batch = both["post"]["responses"]["200"]["content"]["application/json"]["schema"]["oneOf"]
    assert (one, batch["required"]) == ({"$ref": "#/components/schemas/EventResult"}, ["results"]), "never both"
    answered = both["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answered == {"$ref": "#/components/schemas/EventPage"}
    line = document["components"]["schemas"]["EventLine"]
    assert set(line["examples"][0]) == set(line["properties"]) == set(line["required"])
    assert {one["lang"] for one in both["get"]["x-codeSamples"]} == {"curl", "Python", "JavaScript"}
    assert "-X" not in both["get"]["x-codeSamples"][0]["source"]
    assert "-X POST" in both["post"]["x-codeSamples"][0]["source"]
