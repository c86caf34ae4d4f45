"""What a site tells by the plugin: states, deletions, events, people; each item with its own result."""

from __future__ import annotations

import uuid
from typing import Any

from crossdock.kit.ids import Prefix, parse
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import is_problem, rows, street
from tests.journey.plugin.stage import Site, customer, item, paired
from tests.support.hub import order


async def records(hub: Hub) -> dict[tuple[str, str], Any]:
    found = await rows(hub, "SELECT stream, external_id, id, seq, presence, status, modified_at, contested FROM record")
    return {(row["stream"], row["external_id"]): row for row in found}


async def test_a_batch_of_many_kinds_is_recorded_item_by_item(hub: Hub, site: Site) -> None:
    login = item("event", {"how": "form"}, type="user.login", entity="user:7", subject="Ada@example.com")
    told = await site.tell(
        item("customer", customer(7)),
        item("product", {"id": 5, "name": "Tea", "type": "simple", "categories": [{"id": 1, "name": "Green"}]}),
        item("order", order(12, customer_id=7)),
        item("refund", {"id": 13, "parent_id": 12, "amount": "2.00", "reason": "late"}),
        login,
    )
    assert [one["status"] for one in told] == ["recorded"] * 5
    found = await records(hub)
    assert {key for key in found if key[0] != "event"} == {
        ("customer", "7"),
        ("product", "5"),
        ("order", "12"),
        ("refund", "13"),
    }
    assert parse(Prefix.ORDER, told[2]["record"]) == found["order", "12"]["id"]
    events = await rows(hub, "SELECT id, type, origin, stream, external_id, subject FROM event ORDER BY id")
    by_id = {row["id"]: row for row in events}
    for one, kind in zip(
        told, ["customer.created", "product.created", "order.created", "refund.created"], strict=False
    ):
        assert by_id[parse(Prefix.EVENT, one["event"])]["type"] == kind
    assert {row["origin"] for row in events} == {"plugin"}
    entered = by_id[parse(Prefix.EVENT, told[4]["event"])]
    assert (entered["type"], entered["stream"], entered["external_id"]) == ("user.login", "event", "user:7")
    assert entered["subject"] == hub.vault.subject("ada@example.com")


async def test_the_same_telling_again_is_a_duplicate_and_a_new_one_of_the_same_state_changes_nothing(
    hub: Hub, site: Site
) -> None:
    first = item("order", order(12))
    (made,) = await site.tell(first)
    twice = await site.tell(first, item("order", order(12)), item("event", {"a": 1}, type="user.login"))
    assert [one["status"] for one in twice] == ["duplicate", "unchanged", "recorded"]
    assert twice[0]["event"] == made["event"]
    assert twice[0]["record"] == twice[1]["record"] == made["record"]
    again = await site.tell({**first, "data": order(12, status="completed")})
    assert [one["status"] for one in again] == ["duplicate"], "an id is read once"
    twins = item("order", order(14))
    assert [one["status"] for one in await site.tell(twins, twins)] == ["recorded", "duplicate"]
    assert (await records(hub))["order", "12"]["seq"] == 1


async def test_an_event_is_once_by_its_id_and_refused_with_another_body(site: Site) -> None:
    login = item("event", {"how": "form"}, type="user.login", entity="user:7")
    (made,) = await site.tell(login)
    again, other = (await site.tell(login))[0], (await site.tell({**login, "data": {"how": "link"}}))[0]
    assert (again["status"], again["event"]) == ("duplicate", made["event"])
    assert (other["status"], other["problem"]["code"]) == ("refused", "idempotency-key-reused")
    assert other["problem"]["retry"] is False


async def test_what_is_wrong_in_one_item_stops_no_other(hub: Hub, site: Site) -> None:
    broken = order(2, total="a lot", line_items=[{"id": 1, "quantity": "two"}])
    del broken["currency"]
    told = await site.tell(
        item("order", order(1)),
        item("order", broken),
        {"kind": "order"},
        item("event", {}, type="order.paid"),
        item("event", {}, type="User Login"),
        item("order", {"status": "processing"}, action="deleted"),
        item("order", order(3), occurred_at="2036-01-01T00:00:00Z"),
    )
    assert [one["status"] for one in told] == ["recorded", *["refused"] * 6]
    named = [{one["field"] for one in result["problem"]["problems"]} for result in told[1:]]
    assert named == [
        {"data.total", "data.currency", "data.line_items[0].quantity"},
        {"id", "occurred_at", "data"},
        {"type"},
        {"type"},
        {"data.id"},
        {"occurred_at"},
    ]
    for result in told[1:]:
        assert result["problem"]["code"] == "invalid"
        assert all(one["rule"] and one["remedy"] for one in result["problem"]["problems"])
        assert "a lot" not in str(result)
    assert set(await records(hub)) == {("order", "1")}


async def test_a_single_item_has_a_status_of_its_own(site: Site) -> None:
    made = await site.call("POST", "/orders", order(12))
    assert made.status == 201, made.body
    assert uuid.UUID(made.json["data"]["id"])
    assert made.json["meta"]["request_id"]
    same = await site.call("POST", "/orders", item("order", order(12)))
    assert (same.status, same.json["data"]["status"]) == (200, "unchanged")
    problem = is_problem(await site.call("POST", "/orders", {"id": 12}), 422, "invalid", "data.status")
    assert {one["field"] for one in problem["problems"]} == {"data.status", "data.currency", "data.total"}
    is_problem(await site.call("POST", "/orders", item("customer", customer())), 422, "invalid", "kind")
    many = await site.call("POST", "/products", {"items": [item("product", {"id": 1, "name": "A"})]})
    assert many.json["data"]["counts"] == {"recorded": 1}
    refund = await site.call("POST", "/orders", {"id": 9, "parent_id": 12, "amount": "1.00"})
    assert refund.status == 201
    event = await site.call("POST", "/events", {"type": "assessment.completed", "data": {"score": 3}})
    assert event.status == 201
    is_problem(await site.call("POST", "/events", {"type": "order.won", "data": {}}), 422, "invalid", "type")


async def test_a_customer_without_an_id_is_found_by_its_mail(hub: Hub, site: Site) -> None:
    (known,) = await site.tell(item("customer", customer(7, "Ada@Example.com", meta_data=[{"key": "a", "value": 1}])))
    (found,) = await site.tell(item("customer", {"email": "ada@example.COM", "first_name": "Augusta"}))
    assert (found["status"], found["record"]) == ("recorded", known["record"])
    assert await word(hub, "customer", "7") == {
        "first_name": "Augusta",
        "last_name": "Person-Canary",
        "meta": {"a": 1},
    }
    (made,) = await site.tell(item("customer", {"email": "new@example.com", "first_name": "Neu"}))
    assert made["status"] == "recorded"
    (again,) = await site.tell(item("customer", {"email": "NEW@example.com", "last_name": "Person"}))
    assert (again["status"], again["record"]) == ("recorded", made["record"])
    found_rows = await records(hub)
    mine = sorted(key[1] for key in found_rows if key[0] == "customer")
    assert mine[0] == "7"
    assert mine[1].startswith("mail-")
    assert "new" not in mine[1]
    assert len(mine) == 2
    (nobody,) = await site.tell(item("customer", {"first_name": "Nobody"}))
    assert nobody["problem"]["problems"][0]["field"] == "data.email"


async def test_orders_say_whose_they_are(site: Site) -> None:
    def of(mail: str, number: int, buyer: int = 0) -> dict[str, Any]:
        return item("order", order(number, customer_id=buyer, billing={"email": mail}))

    (ada,) = await site.tell(item("customer", customer(7, "ada@example.com")))
    told = await site.tell(
        of("other@example.com", 1, 7),
        of("ADA@example.com", 2),
        of("guest@example.com", 3),
        of("", 4),
        of("x@y.example", 5, 99),
    )
    assert [one["customer"] for one in told] == [
        {"record": ada["record"], "found_by": "id", "status": "existing"},
        {"record": ada["record"], "found_by": "email", "status": "existing"},
        {"record": None, "found_by": "none", "status": "new"},
        {"record": None, "found_by": "none", "status": "new"},
        {"record": None, "found_by": "none", "status": "new"},
    ]
    (again,) = await site.tell(of("guest@example.com", 6))
    assert again["customer"] == {"record": None, "found_by": "email", "status": "existing"}
    both = await site.tell(item("customer", customer(8, "bo@example.com")), of("bo@example.com", 9, 8))
    assert both[1]["customer"] == {"record": both[0]["record"], "found_by": "id", "status": "new"}


async def test_states_of_one_second_are_put_in_order_and_deletions_end_them(hub: Hub, site: Site) -> None:
    at = "2026-11-20T10:00:00"
    first = item("order", order(12, modified=at), occurred_at=f"{at}.100000Z")
    second = item("order", order(12, modified=at, status="completed"), occurred_at=f"{at}.200000Z")
    twin = item("order", order(12, modified=at, status="on-hold"), occurred_at=f"{at}.200000Z")
    late = item("order", order(12, modified=at, status="pending"), occurred_at=f"{at}.150000Z")
    told = [(await site.tell(one))[0]["status"] for one in (first, second, twin, late)]
    assert told == ["recorded", "recorded", "recorded", "stale"]
    row = (await records(hub))["order", "12"]
    assert (row["status"], row["contested"]) == ("on-hold", False)
    gone = item("order", {"id": 12}, action="deleted", occurred_at="2026-11-20T10:00:05Z")
    assert (await site.tell(gone))[0]["status"] == "recorded"
    assert (await records(hub))["order", "12"]["presence"] == "deleted"
    after = item("order", order(12, modified="2026-11-20T10:00:06"), occurred_at="2026-11-20T10:00:06Z")
    assert (await site.tell(after))[0]["status"] == "stale"
    never = item("order", {"id": 99}, action="deleted")
    assert (await site.tell(never))[0]["status"] == "unchanged"
    assert (await rows(hub, "SELECT count(*) AS n FROM doorbell"))[0]["n"] == 0, "nobody can be asked"
    assert [row["type"] for row in await rows(hub, "SELECT type FROM event WHERE verdict = 'applied' ORDER BY id")] == [
        *("order.created", "order.updated", "order.updated", "order.deleted")
    ]


async def test_an_export_of_old_orders_is_history_and_a_sample_goes_nowhere(hub: Hub, site: Site) -> None:
    told = await site.tell(
        item("order", order(1), origin="bulk"),
        item("order", order(2), origin="test"),
        item("event", {}, type="user.login", origin="test"),
    )
    assert [one["status"] for one in told] == ["recorded"] * 3
    found = await rows(hub, "SELECT type, origin, stream FROM event ORDER BY id")
    assert [tuple(row) for row in found] == [
        ("order.created", "backfill", "order"),
        ("test.order", "plugin", "test"),
        ("test.user.login", "plugin", "test"),
    ]
    assert {key[0] for key in await records(hub)} == {"order"}
    assert told[1]["record"] is None


async def word(hub: Hub, stream: str, external_id: str) -> dict[str, Any]:
    """Return a part of the hub's own word of a record."""
    (row,) = await rows(
        hub,
        "SELECT r.*, e.body FROM record r JOIN event e ON e.id = r.event_id WHERE r.stream = $1 AND r.external_id = $2",
        stream,
        external_id,
    )
    found = hub.canonical.read(await hub.directory.connection(row["connection_id"]), row)
    return {
        "first_name": found.first_name,
        "last_name": found.last_name,
        "meta": {one.key: one.value for one in found.meta},
    }


class Counter:
    """Counts the statements of a hub."""

    def __init__(self) -> None:
        self.passed: list[str] = []

    async def reach(self, name: str) -> None:
        self.passed.append(name)


CACHED = ("connections.connection", "connections.secrets", "connections.site_secrets", "sites.key")
"""Statements whose answers are remembered: a late word of the pairing lets them be asked once more."""


async def test_a_batch_of_a_hundred_orders_costs_a_bounded_number_of_statements(settings: Settings) -> None:
    def many(start: int, count: int) -> list[dict[str, Any]]:
        return [item("order", order(start + n, customer_id=n % 9)) for n in range(count)]

    counter = Counter()
    async with open_hub(settings, counter) as hub, street(hub) as doors:
        site = await paired(hub, doors)
        await site.tell(*many(1000, 100))  # what is remembered after the first time is remembered now
        counted: dict[int, list[str]] = {}
        for count in (2, 100):
            counter.passed.clear()
            told = await site.tell(*many(2000 + count * 10, count))
            assert {one["status"] for one in told} == {"recorded"}
            counted[count] = [name for name in counter.passed if "/" in name and not name.endswith((" done", *CACHED))]
    assert sorted(counted[100]) == sorted(counted[2]), "no statement an item"
    assert len(counted[100]) <= 9, counted[100]
    assert "sites.admit" in "".join(counted[100])
