"""Deliveries, dead letters and replays over the API: found, told without people, retried once, discarded, exported."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio

from crossdock.connect.sandbox import serving
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, is_problem, rows
from tests.support.hub import add_route, add_shop, add_sink, order, until, working
from tests.support.traffic import Moody


class Town:
    """A shop, a receiver that can be made to refuse, and the doors in front."""

    def __init__(
        self, hub: Hub, doors: Street, shop: Connection, sink: Connection, moody: Moody, url: str, key: str
    ) -> None:
        self.hub, self.doors, self.shop, self.sink, self.key = hub, doors, shop, sink, key
        self.moody, self._url = moody, url

    async def get(self, path: str) -> Any:
        answer = await self.doors.get(f"/api/v1/{path}", self.key)
        assert answer.status == 200, answer.body
        return answer.json

    async def post(self, path: str, body: Any, status: int = 202, **headers: str) -> Any:
        answer = await self.doors.post(f"/api/v1/{path}", body, self.key, **headers)
        assert answer.status == status, answer.body
        return answer.json

    async def arrived(self) -> list[str]:
        async with aiohttp.ClientSession() as http, http.get(f"{self._url}/_sandbox/state") as reply:
            found: list[str] = (await reply.json())["order"]
            return found

    async def rested(self) -> None:
        async def quiet() -> bool:
            return not await rows(self.hub, "SELECT 1 FROM delivery")

        await until(quiet)

    async def ended(self, run_id: str) -> Any:
        async def over() -> Any:
            found = await self.get(f"replays/{run_id}")
            return found if found["ended_at"] and not found["under_way"] else None

        return await until(over)

    async def refused(self, orders: int) -> None:
        """Let some orders die at a receiver that refuses them."""
        self.moody.status = 400
        for number in range(1, orders + 1):
            assert (await self.doors.hook(self.shop, order(number))).status == 200
        await self.rested()
        self.moody.status = None


@pytest_asyncio.fixture
async def town(hub: Hub, doors: Street) -> AsyncIterator[Town]:
    async with contextlib.AsyncExitStack() as stack:
        served = await stack.enter_async_context(serving(moody := Moody("zoe@example.org is refused")))
        shop, sink = await add_shop(hub), await add_sink(hub, f"{served.url}/hook")
        await add_route(hub, shop, sink, "*", "post")
        key = (await hub.keys.add(await hub.tenants.find(), "both", ("read", "write")))[1]
        await stack.enter_async_context(working(hub))
        yield Town(hub, doors, shop, sink, moody, served.url, key)


async def test_dead_letters_from_their_group_to_the_single_attempt_and_back_alive(town: Town) -> None:
    await town.refused(3)
    groups = await town.get("dead-letters")
    assert groups["standing"] == 3
    (group,) = groups["items"]
    assert (group["connector"], group["code"], group["standing"], group["connection"]) == ("webhook", "400", 3, "sink")
    listed = await town.get("deliveries?state=dead")
    assert {one["cause_id"] for one in listed["items"]} == {group["cause_id"]}
    whole = await town.get(f"deliveries/{listed['items'][0]['id']}")
    assert whole["cause"]["cause_id"] == group["cause_id"]
    (attempt,) = whole["tries"]
    assert attempt["detail"]["request"] == {"step": "post", "fields": {}, "method": "POST", "path": ""}
    assert attempt["detail"]["answer"]["status"] == 400
    first = listed["items"][0]["id"]
    assert (await town.post(f"deliveries/{first}/retry", {}))["queued"] == 1
    await town.rested()
    is_problem(await town.doors.post(f"/api/v1/deliveries/{first}/retry", {}, town.key), 409, "conflict")
    assert (await town.get("dead-letters"))["standing"] == 2
    run = await town.post("dead-letters/retry", {"cause_id": group["cause_id"]})
    done = await town.ended(run["id"])
    assert (done["queued"], done["deliveries"]) == (2, {"delivered": 2})
    assert await town.get("dead-letters") == {"items": [], "standing": 0}
    assert len(await town.arrived()) == len(set(await town.arrived())) == 3
    again = await town.ended((await town.post("dead-letters/retry", {"cause_id": group["cause_id"]}))["id"])
    assert again["queued"] == 0


async def test_nothing_of_anybody_is_told(town: Town) -> None:
    await town.refused(2)
    told = b""
    for path in ("dead-letters", "deliveries?state=dead", "undelivered", "dead-letters/export?format=csv"):
        told += (await town.doors.get(f"/api/v1/{path}", town.key)).body
    for one in (await town.get("deliveries?state=dead"))["items"]:
        told += (await town.doors.get(f"/api/v1/deliveries/{one['id']}", town.key)).body
    for row in await rows(town.hub, "SELECT detail, reason FROM attempt"):
        told += f"{row['detail']}{row['reason']}".encode()
    for word in (b"Person-Canary", b"Guest1@", b"guest1@", b"zoe@", b"whsec_", b"/hook"):
        assert word not in told


async def test_a_dead_letter_is_discarded_with_a_reason_that_stands_in_the_audit(town: Town) -> None:
    await town.refused(3)
    one, *others = (await town.get("deliveries?state=dead"))["items"]
    ended = await town.post(f"deliveries/{one['id']}/discard", {"reason": "a test order of zoe@example.org"}, 200)
    assert (ended["state"], ended["rule"]) == ("skipped", "discarded")
    assert ended["reason"].endswith("a test order of [e-mail]")
    is_problem(
        await town.doors.post(f"/api/v1/deliveries/{one['id']}/discard", {"reason": "x"}, town.key), 409, "conflict"
    )
    is_problem(await town.doors.post(f"/api/v1/deliveries/{one['id']}/discard", {}, town.key), 400, "bad-input")
    run = await town.post("dead-letters/discard", {"stream": "order", "reason": "the shop was a test"})
    assert (await town.ended(run["id"]))["queued"] == 2
    assert (await town.get("dead-letters"))["standing"] == 0
    states = [(await town.get(f"deliveries/{each['id']}"))["state"] for each in others]
    assert states == ["skipped", "skipped"]
    actions = await rows(town.hub, "SELECT action, detail FROM audit_entry WHERE action LIKE '%discard' ORDER BY id")
    assert [row["action"] for row in actions] == ["delivery.discard", "replay.discard"]
    assert "the shop was a test" in actions[1]["detail"]
    assert await town.arrived() == []


async def test_dead_letters_are_exported_for_programs_and_spreadsheets(town: Town) -> None:
    await town.refused(3)
    answer = await town.doors.get("/api/v1/dead-letters/export?format=csv", town.key)
    assert answer.headers["content-type"].startswith("text/csv")
    table = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [row["external_id"] for row in table] == ["1", "2", "3"]
    assert {row["code"] for row in table} == {"400"}
    lines = (await town.doors.get("/api/v1/dead-letters/export", town.key)).body.splitlines()
    assert [orjson.loads(line)["id"] for line in lines] == [row["id"] for row in table]


async def test_deliveries_are_found_by_everything_they_are_known_by(town: Town) -> None:
    await town.refused(2)
    await town.doors.hook(town.shop, order(3))
    await town.rested()
    every = (await town.get("deliveries"))["items"]
    assert [one["external_id"] for one in every] == ["3", "2", "1"]
    third = every[0]
    for query, found in (
        ("state=delivered", ["3"]),
        ("state=dead", ["2", "1"]),
        (f"record_id={third['record_id']}", ["3"]),
        (f"event_id={third['event_id']}", ["3"]),
        (f"event_id={third['event_id']}&record_id={every[1]['record_id']}", []),
        (f"route_id={third['route_id']}&stream=order", ["3", "2", "1"]),
        ("stream=customer", []),
        (f"connection_id={third['source_id']}&state=delivered", ["3"]),
        (f"connection_id={third['destination_id']}", ["3", "2", "1"]),
        (f"connection_id={show(Prefix.CONNECTION, new_id())}", []),
        ("since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z", []),
        ("since=2020-01-01T00:00:00Z", ["3", "2", "1"]),
        (f"before={third['id']}&limit=1", ["2"]),
    ):
        assert [one["external_id"] for one in (await town.get(f"deliveries?{query}"))["items"]] == found, query
    for query, field in (
        ("since=2020-01-01T00:00:00", "since"),
        ("route_id=x", "route_id"),
        ("event_id=x", "event_id"),
    ):
        is_problem(await town.doors.get(f"/api/v1/deliveries?{query}", town.key), 400, "bad-input", field)
    is_problem(
        await town.doors.get(f"/api/v1/deliveries/{show(Prefix.DELIVERY, new_id())}", town.key), 404, "not-found"
    )


async def test_what_is_undelivered_is_listed_whether_it_waits_or_is_dead(town: Town) -> None:
    await town.refused(1)
    town.moody.status = 503
    await town.doors.hook(town.shop, order(2))

    async def waiting() -> Any:
        found = (await town.get("undelivered"))["items"]
        return found if [one["external_id"] for one in found] == ["1", "2"] and found[1]["reason"] else None

    found = await until(waiting)
    assert found[0]["state"] == "dead"
    assert found[1]["state"] in ("waiting", "claimed", "in_doubt")
    assert {one["type"] for one in found} == {"order.created"}
    page = await town.get("undelivered?limit=1")
    assert [one["external_id"] for one in (await town.get(f"undelivered?after={page['next']}"))["items"]] == ["2"]
    town.moody.status = None
    await town.rested()
    assert [one["external_id"] for one in (await town.get("undelivered"))["items"]] == ["1"]


async def test_a_replay_over_the_api_is_one_replay_for_its_key(town: Town) -> None:
    for number in (1, 2):
        await town.doors.hook(town.shop, order(number))
    await town.rested()
    since = {"since": "2020-01-01T00:00:00Z"}
    first = await town.post("replays", since, **{"Idempotency-Key": "day-1"})
    done = await town.ended(first["id"])
    assert done["deliveries"] == {"delivered": 2}
    assert (await town.post("replays", since, **{"Idempotency-Key": "day-1"}))["id"] == first["id"]
    other = {**since, "stream": "order"}
    is_problem(
        await town.doors.post("/api/v1/replays", other, town.key, **{"Idempotency-Key": "day-1"}),
        422,
        "idempotency-key-reused",
    )
    assert len(set(await town.arrived())) == 2, "the receiver knows a message by its id"
    one = (await town.get("deliveries?state=delivered"))["items"][-1]
    named = await town.ended((await town.post("replays", {"events": [one["event_id"]]}))["id"])
    assert named["queued"] == 2, "its first delivery and its replay are both its event's"
    dry = await town.ended((await town.post("replays", {**since, "dry_run": True}))["id"])
    assert dry["queued"] == 0
    assert dry["preview"]["messages"] == dry["preview"]["looked_at"] > 0
    listed = await town.get("replays?limit=2")
    assert [each["dry_run"] for each in listed["items"]] == [True, False]
    for body, field in (
        ({}, "since"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
        ({**since, "mapping": 3}, "mapping"),
        ({**since, "state": "waiting"}, "state"),
        ({"events": ["x"]}, "events"),
    ):
        is_problem(await town.doors.post("/api/v1/replays", body, town.key), 400, "bad-input", field)


async def test_another_tenant_finds_nothing_and_can_do_nothing(town: Town) -> None:
    await town.refused(1)
    (dead,) = (await town.get("deliveries?state=dead"))["items"]
    stranger = (await town.hub.keys.add(await town.hub.tenants.add("other"), "both", ("read", "write")))[1]
    for path in ("deliveries", "undelivered", "dead-letters", "replays"):
        assert (await town.doors.get(f"/api/v1/{path}", stranger)).json["items"] == []
    assert (await town.doors.get("/api/v1/dead-letters/export", stranger)).body == b""
    is_problem(await town.doors.get(f"/api/v1/deliveries/{dead['id']}", stranger), 404, "not-found")
    for act in ("retry", "discard"):
        path = f"/api/v1/deliveries/{dead['id']}/{act}"
        is_problem(await town.doors.post(path, {"reason": "mine"}, stranger), 404, "not-found")
    is_problem(
        await town.doors.post("/api/v1/dead-letters/retry", {"cause_id": dead["cause_id"]}, stranger), 409, "conflict"
    )
    assert (await town.get("dead-letters"))["standing"] == 1
    reader = (await town.hub.keys.add(await town.hub.tenants.find(), "reads", ("read",)))[1]
    is_problem(await town.doors.post(f"/api/v1/deliveries/{dead['id']}/retry", {}, reader), 403, "forbidden")
    is_problem(await town.doors.post("/api/v1/replays", {"deliveries": [dead["id"]]}, reader), 403, "forbidden")


@pytest.mark.parametrize("path", ["deliveries", "undelivered", "dead-letters", "dead-letters/export", "replays"])
async def test_all_of_it_wants_a_key(doors: Street, path: str) -> None:
    is_problem(await doors.get(f"/api/v1/{path}"), 401, "unauthenticated", "Authorization")
