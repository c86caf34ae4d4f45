"""Webhooks in one piece, in several, in a row and of odd forms: the short way answers as the long one does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

import orjson
import pytest

from crossdock.model.connection import Connection
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Broken, Street, door, rows, street
from tests.support.hub import add_shop, order, signed, until


def request(shop: Connection, number: int, *more: str, version: str = "1.1", note: str = "") -> bytes:
    """Render one signed webhook."""
    headers, body = signed(order(number, note=note))
    lines = [f"POST {door(shop)} HTTP/{version}", "Host: x", f"Content-Length: {len(body)}", *more]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def said(doors: Street, pieces: Sequence[bytes], answers: int) -> list[tuple[int, dict[str, str], bytes]]:
    """Write pieces with a pause in between over one connection, and read so many answers."""
    parts = urlsplit(doors.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)
        return [await _answer(reader) for _ in range(answers)]
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    async with asyncio.timeout(20):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return int(first.split(" ")[1]), headers, await reader.readexactly(int(headers["content-length"]))


async def _recorded(hub: Hub) -> list[str]:
    return sorted(row["external_id"] for row in await rows(hub, "SELECT external_id FROM event"))


@pytest.mark.parametrize("cut", [None, 10, 300, -5], ids=["whole", "in the first line", "in the head", "in the body"])
async def test_wherever_a_webhook_is_cut_it_is_answered_alike(hub: Hub, doors: Street, cut: int | None) -> None:
    whole = request(await add_shop(hub), 1)
    [(status, headers, body)] = await said(doors, [whole] if cut is None else [whole[:cut], whole[cut:]], 1)
    assert (status, body) == (200, b"{}")
    # these doors date what goes the long way; a server of its own dates both
    assert ("date" in headers) is (cut == -5), "head and body came in one piece, or did not"
    assert {name: headers[name] for name in headers if name not in ("date", "server")} == {
        "content-type": "application/json",
        "content-length": "2",
    }
    assert await _recorded(hub) == ["1"]


async def test_a_row_of_requests_is_answered_in_its_order(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    wrong = request(shop, 7).replace(b"x-wc-webhook-signature: ", b"x-wc-webhook-signature: A")
    health = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    row = [request(shop, 1), health, wrong, request(shop, 2), request(shop, 3)]
    for pieces in ([b"".join(row)], row, [b"".join(row)[:900], b"".join(row)[900:]]):
        answers = await said(doors, pieces, 5)
        assert [status for status, _, _ in answers] == [200, 200, 401, 200, 200]
        assert orjson.loads(answers[2][2])["field"] == "signature"
        assert answers[1][2] != b"{}"
    assert await _recorded(hub) == ["1", "2", "3"]


async def test_a_large_body_in_one_piece_is_taken(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    answers = await said(doors, [request(shop, 1, note="n" * 500_000) + request(shop, 2)], 2)
    assert [status for status, _, _ in answers] == [200, 200]
    assert await _recorded(hub) == ["1", "2"]


async def test_a_caller_that_closes_is_told_so(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    [(status, headers, _)] = await said(doors, [request(shop, 1, "Connection: close")], 1)
    assert (status, headers["connection"]) == (200, "close")
    [(status, headers, _)] = await said(doors, [request(shop, 2, version="1.0")], 1)
    assert (status, headers["connection"]) == (200, "close")
    assert await _recorded(hub) == ["1", "2"]


async def test_who_waits_for_leave_to_send_the_body_is_given_it(hub: Hub, doors: Street) -> None:
    whole = request(await add_shop(hub), 1, "Expect: 100-continue")
    head, _, body = whole.partition(b"\r\n\r\n")
    parts = urlsplit(doors.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(head + b"\r\n\r\n")
    async with asyncio.timeout(20):
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    assert (await _answer(reader))[0] == 200
    writer.close()


async def test_who_hangs_up_before_the_answer_is_recorded_all_the_same(hub: Hub, doors: Street) -> None:
    await doors.raw(request(await add_shop(hub), 1), hang_up=True)

    async def recorded() -> bool:
        return await _recorded(hub) == ["1"]

    await until(recorded)


async def test_a_bug_is_an_answer_too(settings: Settings) -> None:
    async with open_hub(settings, failpoints=Broken("receive.arrived")) as hub, street(hub) as doors:
        whole = request(await add_shop(hub), 1)
        for pieces in ([whole], [whole[:-5], whole[-5:]]):
            [(status, _, body)] = await said(doors, pieces, 1)
            assert status == 500
            assert b"canary" not in body
