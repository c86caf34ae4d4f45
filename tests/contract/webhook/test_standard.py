"""The standard format: what leaves is exactly Standard Webhooks, side by side, and safe to repeat."""

from __future__ import annotations

import asyncio

import msgspec
import orjson
import pytest

from crossdock.connect.auth.standard_webhooks import new_secret
from crossdock.connect.client import Transport
from crossdock.connect.connector import Access, PlanRefused
from crossdock.connect.egress import Guard
from crossdock.connect.sandbox import Receive, Scope, Send, serving
from crossdock.connectors.webhook import CONNECTOR, sandbox
from crossdock.model.delivery import Evidence
from crossdock.model.mapping import Mapped
from crossdock.model.outcome import Delivered, Outcome, Refresh, Retry, Unknown
from tests.contract.webhook.harness import EVENT, HARNESS, KEY, SECRET, WebhookBench, by_hand, context


def _destination(access: Access):  # type: ignore[no-untyped-def]
    assert CONNECTOR.destination is not None
    return CONNECTOR.destination(access)


def _with(access: Access, **secrets: str) -> Access:
    return msgspec.structs.replace(access, secrets={**access.secrets, **secrets})


async def test_the_body_is_the_event_and_the_signature_is_by_the_book() -> None:
    seen: list[tuple[dict[str, str], bytes]] = []

    async def receiver(scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive()).get("body", b"")
        seen.append(({k.decode(): v.decode() for k, v in scope["headers"]}, body))
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with (
        serving(receiver) as served,
        Transport(Guard(("127.0.0.1/32",), production=False)) as transport,
    ):
        bench = WebhookBench(served.url, transport, slack=False)
        outcomes = await _destination(bench.good).perform(*bench.writes(1))
    assert outcomes == [Delivered(None, Evidence.ACCEPTED)]
    ((headers, body),) = seen
    assert orjson.loads(body) == {**EVENT, "data": {"id": "1", "number": "101"}}
    expected = by_hand(KEY, "dlv_1", int(headers["webhook-timestamp"]), body)
    assert expected.items() <= headers.items()


async def test_many_go_side_by_side_and_each_once() -> None:
    async with HARNESS.open() as bench:
        await bench.turn(latency_ms=50)
        step, writes = bench.writes(200)
        began = asyncio.get_running_loop().time()
        outcomes = await _destination(bench.good).perform(step, writes)
        took = asyncio.get_running_loop().time() - began
        assert all(isinstance(o, Delivered) for o in outcomes)
        assert took < 200 * 0.05 / 2, "200 messages of 50 ms went one after the other"
        assert sorted((await bench.state())["by_id"].values()) == [1] * 200


async def test_a_repeat_carries_the_same_id_and_a_dot_is_no_part_of_it() -> None:
    async with HARNESS.open() as bench:
        step, (write,) = bench.writes(1)
        dotted = msgspec.structs.replace(write, idempotency_key="dlv_1.post")
        for _ in range(3):
            await _destination(bench.good).perform(step, [dotted])
        assert (await bench.state())["by_id"] == {"dlv_1-post": 3}


async def test_two_secrets_while_one_replaces_the_other() -> None:
    async with HARNESS.open() as bench:
        rotated = _with(bench.good, secret=f"{new_secret()} {SECRET}")
        assert all(isinstance(o, Delivered) for o in await _destination(rotated).perform(*bench.writes(1)))
        other = _with(bench.good, secret=new_secret())
        assert all(isinstance(o, Refresh) for o in await _destination(other).perform(*bench.writes(1)))


@pytest.mark.parametrize("secret", ["", "whsec_x", "letmein"])
async def test_a_secret_that_cannot_sign_breaks_the_connection_and_sends_nothing(secret: str) -> None:
    async with HARNESS.open() as bench:
        before = await bench.requests()
        outcomes: list[Outcome] = await _destination(_with(bench.good, secret=secret)).perform(*bench.writes(2))
        assert all(isinstance(o, Refresh) for o in outcomes)
        assert await bench.requests() == before
        assert (await _destination(_with(bench.good, secret=secret)).check()).code == "wrong-secret"


@pytest.mark.parametrize(
    ("status", "kind"), [(200, Delivered), (204, Delivered), (302, Retry), (404, Retry), (410, Refresh)]
)
async def test_what_any_receiver_answers(status: int, kind: type) -> None:
    async def receiver(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": status, "headers": [(b"location", b"http://10.0.0.1/")]})
        await send({"type": "http.response.body", "body": b""})

    async with (
        serving(receiver) as served,
        Transport(Guard(("127.0.0.1/32",), production=False)) as transport,
    ):
        bench = WebhookBench(served.url, transport, slack=False)
        (outcome,) = await _destination(bench.good).perform(*bench.writes(1))
        assert isinstance(outcome, kind), outcome
        result = await _destination(bench.good).check()
        assert result.ok
        assert bool(result.warnings) == (status in (302, 404, 410))


async def test_an_inner_address_breaks_the_connection() -> None:
    async with serving(sandbox.app(SECRET)) as served, Transport(Guard()) as transport:
        bench = WebhookBench(served.url, transport, slack=False)
        (outcome,) = await _destination(bench.good).perform(*bench.writes(1))
        assert isinstance(outcome, Refresh)
        result = await _destination(bench.good).check()
        assert (result.ok, result.code) == (False, "no-answer-egress")


async def test_a_cut_is_unknown_and_a_closed_port_is_retry() -> None:
    async with HARNESS.open() as bench:
        await bench.turn(cut_before_effect=1)
        (outcome,) = await _destination(bench.good).perform(*bench.writes(1))
        assert isinstance(outcome, Unknown)
    async with Transport(Guard(("127.0.0.1/32",), production=False)) as transport:
        closed = WebhookBench("http://127.0.0.1:9", transport, slack=False)
        (outcome,) = await _destination(closed.good).perform(*closed.writes(1))
        assert isinstance(outcome, Retry)


async def test_plans_and_the_quiet_parts() -> None:
    async with HARNESS.open() as bench:
        destination = _destination(bench.good)
        body = orjson.dumps(EVENT)
        plan = destination.plan("post", None, Mapped({}), context(body))
        (write,) = plan.steps[0].writes
        assert (write.key, write.body) == ("shop-example-com:order:17", body)
        with pytest.raises(PlanRefused, match="no action 'shout'"):
            destination.plan("shout", None, Mapped({}), context(body))
        assert destination.needs("post", None, "shop").related == ()
        assert (await destination.prepare())["host"] == "127.0.0.1"
        assert [found async for found in destination.found("message", "shop")] == []
        assert destination.equal("message", "text", "a", "a")
        assert not destination.equal("message", "text", "a", "b")
        assert await destination.perform("post", []) == []


async def test_the_receivers_control_door() -> None:
    async with HARNESS.open() as bench:
        await _destination(bench.good).perform(*bench.writes(2))
        assert (await bench.state())["order"] == ["dlv_1", "dlv_2"]
        assert (await bench.raw("DELETE", "/_sandbox/state", {}, b"")).json()["order"] == []
        assert (await bench.raw("PUT", "/_sandbox/dials", {}, b'{"ghost": 1}')).status == 400
        assert (await bench.raw("PUT", "/_sandbox/dials", {}, b'{"seed": "x"}')).status == 400
        assert (await bench.raw("GET", "/_sandbox/ghost", {}, b"")).status == 404
        assert (await bench.raw("GET", "/hooks/x", {}, b"")).status == 405
