"""Corners of the receiver and of the messages."""

from __future__ import annotations

import time

import orjson

from crossdock.connectors.webhook import CONNECTOR, mapper, sandbox
from tests.contract.webhook.harness import EVENT, HARNESS, KEY, SECRET, by_hand

JSON = {b"content-type": b"application/json"}


def _slack(data: object, store: str = "") -> dict[str, object]:
    event = {"type": "stock.low", "timestamp": "t", "data": data}
    message: dict[str, object] = orjson.loads(mapper.slack(orjson.dumps(event), store))
    return message


def test_an_event_without_an_order_is_told_as_it_is() -> None:
    assert _slack([1, 2])["text"] == "stock.low"
    assert _slack({"id": 7, "billing": "none", "first_name": "Jo"})["text"] == "stock.low 7"
    assert len(_slack({"id": 7})["blocks"]) == 1  # type: ignore[arg-type]
    assert len(_slack({"id": 7}, "Shop")["blocks"]) == 2  # type: ignore[arg-type]


def test_a_cut_leaves_no_half_escape() -> None:
    for length in range(1990, 2010):
        text = mapper._cut("x" * length + "&amp;&lt;" * 3)
        assert len(text) <= 2000
        bare = text.replace("&amp;", "").replace("&lt;", "")
        assert "&" not in bare


def test_the_receiver_takes_no_giant_and_remembers_repeats() -> None:
    sink = sandbox.Sink(SECRET, now=lambda: 1000.0, keep_bodies=False)
    body = orjson.dumps({**EVENT, "data": "x" * sandbox.MAX_BYTES})
    headers = {k.encode(): v.encode() for k, v in by_hand(KEY, "m1", 1000, body).items()}
    assert sink.take(headers, body)[0] == 413
    small = orjson.dumps(EVENT)
    headers = {k.encode(): v.encode() for k, v in by_hand(KEY, "m1", 1000, small).items()}
    assert [sink.take(headers, small)[0] for _ in range(2)] == [200, 200]
    state = sink.state()
    assert (state["accepted"], state["distinct"], state["bodies"]) == (2, 1, {})
    assert state["refused"] == {"too-large": 1}


def test_slacks_refusals() -> None:
    sink = sandbox.Sink(SECRET)
    for body, answer in (
        (b"[]", b"invalid_payload"),
        (b'{"text": ""}', b"no_text"),
        (b'{"blocks": {}, "text": "x"}', b"invalid_blocks"),
        (b'{"blocks": [1], "text": "x"}', b"invalid_blocks"),
        (orjson.dumps({"blocks": [{"type": "section", "text": {"text": "x" * 3001}}]}), b"invalid_blocks"),
    ):
        assert sink.slack(sandbox.SLACK_PATH, JSON, body) == (400, answer)
    assert sink.slack(sandbox.SLACK_PATH, {b"content-type": b"text/plain"}, b"{}") == (400, b"invalid_payload")
    assert sink.slack(sandbox.SLACK_PATH, JSON, b'{"text": "<!channel> hi"}') == (200, b"ok")
    assert sink.messages[0]["notifies"] is True


async def test_a_body_in_many_pieces_and_an_observer() -> None:
    async with HARNESS.open() as bench:
        seen: list[tuple[str, int]] = []
        bench._transport.observe = lambda name, status: seen.append((name, status))
        body = orjson.dumps({**EVENT, "data": "x" * 200_000})
        reply = await bench.raw("POST", "/hooks/x", by_hand(KEY, "big", int(time.time()), body), body)
        assert reply.status == 200
        assert CONNECTOR.destination is not None
        destination = CONNECTOR.destination(bench.good)
        await destination.perform(*bench.writes(1))
        assert seen == [("webhook", 200)]
        assert repr(destination._client) == "WebhookClient()"  # type: ignore[attr-defined]
