"""The webhook door: 200 is a commit, everything else is a problem and leaves nothing behind."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from crossdock.kit.ids import Prefix, new_id, show
from crossdock.kit.signing import sign_base64
from crossdock.model.connection import ConnectionState
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Street, door, is_problem, rows, stored, street
from tests.support.hub import SECRET, add_connection, add_route, add_shop, add_sink, order, signed, until

NOTHING = dict.fromkeys(("event", "record", "delivery", "doorbell", "arrival_key"), 0)


async def test_two_hundred_means_committed(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    sink = await add_sink(hub, "http://127.0.0.1:9/")
    await add_route(hub, shop, sink, "*", "post")
    answer = await doors.hook(shop, order())
    assert (answer.status, answer.body) == (200, b"{}")
    assert await stored(hub) == {**NOTHING, "event": 1, "record": 1, "delivery": 1}
    again = await doors.hook(shop, order())
    assert again.status == 200
    assert (await stored(hub))["event"] == 1


async def test_a_ping_is_answered_and_nothing_is_stored(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await doors.call("POST", door(shop), b"webhook_id=1", headers)
    assert answer.status == 200
    assert await stored(hub) == NOTHING
    # whatever is more than a ping has to be signed
    answer = await doors.call("POST", door(shop), b"webhook_id=1&id=2", headers)
    is_problem(answer, 401, "unauthenticated")


def _changed(headers: dict[str, str], **changes: str | None) -> dict[str, str]:
    merged = {**headers, **{name.replace("_", "-"): value for name, value in changes.items() if value is not None}}
    return {name: value for name, value in merged.items() if changes.get(name.replace("-", "_"), "") is not None}


async def test_a_bad_signature_is_refused_and_leaves_nothing(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    headers, body = signed(order())
    for wrong in (None, "", "AAAA", "bm90IGEgc2lnbmF0dXJl", "é€".encode().decode("latin-1"), "x" * 5000):
        changed = _changed(headers, x_wc_webhook_signature=wrong)
        problem = is_problem(await doors.call("POST", door(shop), body, changed), 401, "unauthenticated", "signature")
        assert "secret" in problem["remedy"]
    assert await stored(hub) == NOTHING


async def test_another_secret_another_body_and_another_shops_door_are_refused(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    other = await add_connection(hub, "woocommerce", "other", {"url": "https://o.example"}, {"hook:1": "another"})
    without = await add_connection(hub, "woocommerce", "third", {"url": "https://t.example"})
    headers, body = signed(order(), secret="another")
    assert (await doors.call("POST", door(shop), body, headers)).status == 401
    headers, body = signed(order())
    assert (await doors.call("POST", door(shop), body + b" ", headers)).status == 401
    assert (await doors.call("POST", door(other), body, headers)).status == 401
    assert (await doors.call("POST", door(without), body, headers)).status == 401
    assert await stored(hub) == NOTHING


async def test_unknown_doors_are_not_found(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    crm = await add_connection(hub, "hubspot", "crm", destination=True)
    headers, body = signed(order())
    known, unknown = show(Prefix.CONNECTION, shop.id), show(Prefix.CONNECTION, new_id())
    for path in (
        f"/webhooks/woocommerce/{unknown}",
        f"/webhooks/hubspot/{known}",
        f"/webhooks/woocommerce/{known}/more",
        "/webhooks/woocommerce/con_nonsense",
        "/webhooks/woocommerce/",
        "/webhooks/woocommerce/%00%ff",
        "/webhooks/",
        "/webhooks/woocommerce/" + "x" * 3000,
    ):
        is_problem(await doors.call("POST", path, body, headers), 404, "not-found", "path")
    is_problem(await doors.call("POST", door(crm), body, headers), 400, "bad-input")
    assert await stored(hub) == NOTHING
    # and what was refused by a path of the caller's choice can still be written down
    assert await hub.refusals.flush(hub.database) >= 1


async def test_only_post_is_taken(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    for method in ("GET", "PUT", "DELETE"):
        answer = await doors.call(method, door(shop))
        is_problem(answer, 405, "method-not-allowed")
        assert answer.headers["Allow"] == "POST"


async def test_a_body_above_the_limit_is_refused_announced_or_not(settings: Settings) -> None:
    small = settings.model_copy(update={"max_body_bytes": 2048})
    async with open_hub(small) as hub, street(hub) as doors:
        shop = await add_shop(hub)
        headers, body = signed(order(note="x" * 4000))
        is_problem(await doors.call("POST", door(shop), body, headers), 413, "too-large", "body")

        async def pieces() -> Any:
            for start in range(0, len(body), 500):
                yield body[start : start + 500]

        is_problem(await doors.call("POST", door(shop), pieces(), headers), 413, "too-large", "body")
        head = f"POST {door(shop)} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
        assert b" 413 " in (await doors.raw(head.encode())).split(b"\r\n")[0]
        assert await stored(hub) == NOTHING
        # a body just within the limit is taken in pieces too
        headers, body = signed(order())
        assert (await doors.call("POST", door(shop), pieces(), headers)).status == 200


MALFORMED = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"7",
    b'"text"',
    b"{}",
    b'{"id": "\xff\xfe"}',
    b'{"id": null}',
    b'{"id": {}}',
    b'{"id": 5, "a": ' + b"[" * 2000 + b"]" * 2000 + b"}",
    b'{"id": 5, "status": "live", "a": ' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"id": 5, "id": -1e999}',
    b'{"id": 5, "status": "a\\u0000b", "date_modified_gmt": "2026-11-20T10:00:00"}',
]


async def test_a_malformed_body_is_told_so_and_leaves_nothing(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    headers, _ = signed(order())
    for body in MALFORMED:
        headers["x-wc-webhook-signature"] = sign_base64(SECRET.encode(), body)
        problem = is_problem(await doors.call("POST", door(shop), body, headers), 400, "bad-input", "body")
        assert problem["remedy"]
    assert await stored(hub) == NOTHING


async def test_a_missing_topic_is_malformed(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    headers, body = signed(order())
    for topic in (None, "", "order"):
        changed = _changed(headers, x_wc_webhook_topic=topic)
        is_problem(await doors.call("POST", door(shop), body, changed), 400, "bad-input")
    assert await stored(hub) == NOTHING


async def test_refusals_are_one_audit_line_a_key(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    headers, body = signed(order(), secret="wrong")
    for _ in range(5):
        await doors.call("POST", door(shop), body, headers)
    for number in range(7):
        await doors.call("POST", f"/webhooks/woocommerce/flood-{number}", body, headers)
    before = len(await rows(hub, "SELECT 1 FROM audit_entry WHERE action = 'refused'"))
    assert before == 0
    await hub.refusals.flush(hub.database)
    lines = await rows(hub, "SELECT tenant_id, subject, detail FROM audit_entry WHERE action = 'refused'")
    told = {(line["subject"], orjson.loads(line["detail"])["reason"]): line for line in lines}
    assert len(told) == len(lines) == 2
    signature = told[show(Prefix.CONNECTION, shop.id), "bad-signature"]
    assert orjson.loads(signature["detail"])["count"] == 5
    assert signature["tenant_id"] == shop.tenant_id
    assert orjson.loads(told["webhooks", "not-found"]["detail"])["count"] == 7
    assert await hub.refusals.flush(hub.database) == 0


async def test_a_full_queue_is_told_before_the_body_is_read(settings: Settings) -> None:
    narrow = settings.model_copy(update={"ingest_rows": 1, "ingest_flushers": 1, "ingest_batch": 1})
    async with open_hub(narrow) as hub, street(hub) as doors:
        shop = await add_shop(hub)
        async with hub.database.transaction() as conn:
            # whoever writes to the shop's records has to wait
            await conn.execute("LOCK TABLE record IN ACCESS EXCLUSIVE MODE")
            waiting = [asyncio.create_task(doors.hook(shop, order(1)))]
            await until(lambda: _holds(hub.journey.intake._busy))
            waiting.append(asyncio.create_task(doors.hook(shop, order(2))))
            await until(lambda: _holds(hub.journey.intake._queue))
            head = f"POST {door(shop)} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n"

            said = await doors.raw(head.encode())
            assert b" 503 " in said.split(b"\r\n")[0]
            assert b"retry-after: " in said.lower()
            assert b'"code":"overloaded"' in said
        assert sorted([(await task).status for task in waiting]) == [200, 200]
        assert (await stored(hub))["event"] == 2


async def _holds(container: Any) -> bool:
    return len(container) > 0


async def test_who_hangs_up_in_mid_body_leaves_nothing(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    headers, body = signed(order())
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {door(shop)} HTTP/1.1\r\nHost: x\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    await doors.raw(head.encode() + body[:100], hang_up=True)
    assert (await doors.hook(shop, order(2))).status == 200
    assert [row["external_id"] for row in await rows(hub, "SELECT external_id FROM event")] == ["2"]


async def test_a_paused_shop_is_recorded_and_a_revoked_one_is_gone(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    await hub.connections.set_state(shop.tenant_id, shop.id, ConnectionState.PAUSED, actor="test")
    assert (await doors.hook(shop, order(1))).status == 200
    await hub.connections.set_state(shop.tenant_id, shop.id, ConnectionState.REVOKED, actor="test")
    is_problem(await doors.hook(shop, order(2)), 404, "not-found")
    assert (await stored(hub))["event"] == 1
