"""The events API: keys, fields, batches, idempotency, order; and whatever is posted, never a 500."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from crossdock.errors import BadInput, CrossdockError
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Street, is_problem, rows, street
from tests.support.hub import add_route, add_sink, key_of, until

EVENTS = "/api/v1/events"


def event(**more: Any) -> dict[str, Any]:
    return {"type": "assessment.completed", "data": {"score": 7}, **more}


async def test_an_event_is_recorded_and_routed(hub: Hub, doors: Street) -> None:
    key = await key_of(hub, "events:write")
    source = await hub.connections.hub_source(await hub.tenants.find())
    await add_route(hub, source, await add_sink(hub, "http://127.0.0.1:9/"), "*", "post")
    answer = await doors.post(EVENTS, event(), key)
    assert answer.status == 201
    assert answer.json["status"] == "recorded"
    assert answer.json["id"].startswith("evt_")
    assert len(await rows(hub, "SELECT 1 FROM delivery")) == 1
    assert [r["type"] for r in await rows(hub, "SELECT type FROM event")] == ["assessment.completed"]


async def test_who_may_and_who_may_not(hub: Hub, doors: Street) -> None:
    is_problem(await doors.post(EVENTS, event()), 401, "unauthenticated", "Authorization")
    is_problem(await doors.post(EVENTS, event(), "cdk_wrong"), 401, "unauthenticated")
    is_problem(await doors.post(EVENTS, event(), "wrong"), 401, "unauthenticated")
    is_problem(await doors.call("POST", EVENTS, b"{}", {"Authorization": "Basic eDp5"}), 401, "unauthenticated")
    is_problem(await doors.post(EVENTS, event(), await key_of(hub, "read")), 403, "forbidden")
    ended = await key_of(hub, "events:write", expires_at=datetime.now(UTC) + timedelta(days=1))
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE api_key SET expires_at = now() WHERE expires_at > now()")
    is_problem(await doors.post(EVENTS, event(), ended), 401, "unauthenticated")
    assert (await doors.post(EVENTS, event(), await key_of(hub, "admin"))).status == 201
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = await doors.call(method, EVENTS)
        problem = is_problem(answer, 405, "method-not-allowed", "method")
        assert (answer.headers["Allow"], problem["remedy"]) == ("GET, POST", "send GET or POST")
    assert len(await rows(hub, "SELECT 1 FROM event")) == 1
    await hub.refusals.flush(hub.database)
    told = {
        orjson.loads(r["detail"])["reason"]: orjson.loads(r["detail"])["count"]
        for r in await rows(hub, "SELECT detail FROM audit_entry WHERE action = 'refused'")
    }
    assert told == {"no-api-key": 2, "bad-api-key": 3, "forbidden": 1}


async def test_a_revoked_or_expired_key_ends_within_a_second(hub: Hub, doors: Street) -> None:
    tenant = await hub.tenants.find()
    key_id, key = await hub.keys.add(tenant, "test", ("events:write",))
    short = await key_of(hub, "events:write", expires_at=datetime.now(UTC) + timedelta(seconds=0.5))
    assert (await doors.post(EVENTS, event(), key)).status == 201
    assert (await doors.post(EVENTS, event(), short)).status == 201
    await hub.keys.revoke(tenant, key_id)

    for ended in (key, short):

        async def refused(ended: str = ended) -> bool:
            return (await doors.post(EVENTS, event(), ended)).status == 401

        await until(refused)


REFUSED: list[tuple[Any, str]] = [
    (b"", "body"),
    (b"{", "body"),
    (b'"\xff"', "body"),
    (b"7", "body"),
    (b"null", "body"),
    (b"[]", "events"),
    (b'{"events": []}', "events"),
    (b'{"events": {}}', "events"),
    ([event()] * 501, "events"),
    ({}, "type"),
    ({"type": "a.b"}, "data"),
    (event(type=7), "type"),
    (event(type="No Dots"), "type"),
    (event(type="one"), "type"),
    (event(data=[]), "data"),
    (event(surprise=1), "surprise"),
    (event(id=""), "id"),
    (event(id="x" * 256), "id"),
    (event(id="a\x00b"), "id"),
    (event(id=5), "id"),
    (event(external_id="a\x00b"), "external_id"),
    (event(external_id="é" * 256), "external_id"),
    (event(subject=""), "subject"),
    (event(occurred_at="yesterday"), "occurred_at"),
    (event(occurred_at="2026-11-21T10:00:00"), "occurred_at"),
    (event(occurred_at="0001-01-01T00:00:00+23:00"), "occurred_at"),
    ([event(), event(type=7)], "events[1].type"),
    ([event(), 7], "events[1].body"),
    ({"events": [event(), {"type": "a.b"}]}, "events[1].data"),
    (b'{"type": "a.b", "data": {"x": ' + b"[" * 500 + b"]" * 500 + b"}}", "data"),
]


async def test_a_refusal_names_its_field(hub: Hub, doors: Street) -> None:
    key = await key_of(hub, "events:write")
    for body, field in REFUSED:
        is_problem(await doors.post(EVENTS, body, key), 400, "bad-input", field)
    assert await rows(hub, "SELECT 1 FROM event") == []


async def test_an_idempotency_key_counts_once_and_binds_its_body(hub: Hub, doors: Street) -> None:
    key = await key_of(hub, "events:write")
    idem = {"Idempotency-Key": "k-1"}
    first = await doors.post(EVENTS, event(), key, **idem)
    again = await doors.post(EVENTS, event(), key, **idem)
    assert (first.status, again.status) == (201, 200)
    assert again.json == {"status": "duplicate", "id": first.json["id"]}
    for other in (event(data={"score": 8}), event(type="assessment.begun"), event(external_id="p-1")):
        answer = await doors.post(EVENTS, other, key, **idem)
        is_problem(answer, 422, "idempotency-key-reused", "Idempotency-Key")
    for bad in ("", "x" * 256):
        is_problem(await doors.post(EVENTS, event(), key, **{"Idempotency-Key": bad}), 400, "bad-input")
    assert len(await rows(hub, "SELECT 1 FROM event")) == 1
    # another tenant's key of the same name is another key
    await hub.tenants.add("other")
    other_key = await key_of(hub, "events:write", tenant="other")
    assert (await doors.post(EVENTS, event(data={"score": 9}), other_key, **idem)).status == 201


async def test_an_events_own_id_counts_once_even_when_sent_at_the_same_time(hub: Hub, doors: Street) -> None:
    key = await key_of(hub, "events:write")
    answers = await asyncio.gather(*(doors.post(EVENTS, event(id="mine"), key) for _ in range(12)))
    assert sorted(a.status for a in answers) == [200] * 11 + [201]
    assert len({a.json["id"] for a in answers}) == 1
    is_problem(await doors.post(EVENTS, event(id="mine", data={}), key), 422, "idempotency-key-reused")


async def test_each_event_of_a_batch_has_its_own_answer(hub: Hub, doors: Street) -> None:
    key = await key_of(hub, "events:write")
    await doors.post(EVENTS, event(id="a"), key)
    batch = [event(id="a"), event(id="b"), event(id="a", data={"other": True}), event(id="b"), event()]
    for body in (batch, {"events": batch[:4]}):
        answer = await doors.post(EVENTS, body, key)
        assert answer.status == 200
        results = answer.json["results"]
        assert [r["status"] for r in results[2:4]] == ["refused", "duplicate"]
        assert results[2]["problem"]["code"] == "idempotency-key-reused"
        assert results[1]["id"] == results[3]["id"]
    assert len(await rows(hub, "SELECT 1 FROM event")) == 3


async def test_a_batch_under_one_idempotency_key_is_taken_once(hub: Hub, doors: Street) -> None:
    key = await key_of(hub, "events:write")
    batch = [event(data={"n": n}) for n in range(20)]
    for _ in range(2):
        assert (await doors.post(EVENTS, batch, key, **{"Idempotency-Key": "b-1"})).status == 200
    assert len(await rows(hub, "SELECT 1 FROM event")) == 20


async def test_events_of_one_thing_keep_their_order(hub: Hub, doors: Street) -> None:
    key = await key_of(hub, "events:write")
    await doors.post(EVENTS, [event(external_id="p-1", data={"n": n}) for n in range(200)], key)
    for n in range(200, 205):
        await doors.post(EVENTS, event(external_id="p-1", data={"n": n}), key)
    kept = await rows(hub, "SELECT id, seq, body FROM event ORDER BY seq")
    assert [row["seq"] for row in kept] == list(range(1, 206))
    bodies = [orjson.loads(hub.vault.open_body(row["body"], row["id"].bytes)) for row in kept]
    assert [body["n"] for body in bodies] == list(range(205))


async def test_people_are_kept_as_hashes_alone(hub: Hub, doors: Street) -> None:
    key = await key_of(hub, "events:write")
    await doors.post(EVENTS, event(subject=" Ann@Example.COM "), key)
    row = (await rows(hub, "SELECT subject FROM event"))[0]
    assert row["subject"] == hub.vault.subject("ann@example.com")


async def test_a_body_above_the_limit_and_a_full_queue(settings: Settings) -> None:
    small = settings.model_copy(update={"max_body_bytes": 2048, "ingest_bytes": 1024})
    async with open_hub(small) as hub, street(hub) as doors:
        key = await key_of(hub, "events:write")
        is_problem(await doors.post(EVENTS, event(data={"x": "y" * 3000}), key), 413, "too-large", "body")
        answer = await doors.post(EVENTS, event(data={"x": "y" * 1500}), key)
        is_problem(answer, 503, "overloaded")
        assert int(answer.headers["Retry-After"]) > 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {"type": st.sampled_from(["a.b", "order.created", "x"]) | JSON, "data": st.dictionaries(st.text(), JSON) | JSON},
    optional={
        "id": st.text(max_size=300) | JSON,
        "external_id": st.text(max_size=300) | JSON,
        "subject": st.text() | JSON,
        "occurred_at": st.datetimes().map(lambda at: at.isoformat() + "Z") | st.text() | JSON,
    },
)


def _dumps(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()


async def test_whatever_is_posted_is_never_a_500(hub: Hub, doors: Street) -> None:
    key = await key_of(hub, "events:write")
    loop = asyncio.get_running_loop()

    @profile(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.one_of((JSON | NEARLY | st.lists(NEARLY, max_size=3)).map(_dumps), st.binary()))
    def post(body: bytes) -> None:
        answer = asyncio.run_coroutine_threadsafe(doors.post(EVENTS, body, key), loop).result(30)
        assert answer.status in (200, 201, 400, 422), (body, answer.body)
        assert b'"status":500' not in answer.body
        if answer.status >= 400:
            assert answer.json["field"]

    await asyncio.to_thread(post)


def test_what_is_refused_is_an_error_of_ours() -> None:
    from crossdock.api.events import parse

    with pytest.raises(BadInput) as refused:
        parse(b"{", None)
    assert isinstance(refused.value, CrossdockError)
