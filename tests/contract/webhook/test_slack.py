"""The Slack format: escaping, one at a time, and Slack's plain-text answers."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.connect.connector import PlanRefused
from crossdock.connect.suite import rules
from crossdock.connectors.webhook import CONNECTOR, mapper, sandbox
from crossdock.connectors.webhook.destination import LATE, WebhookDestination
from crossdock.model.mapping import Mapped
from crossdock.model.outcome import Delivered, Refresh, Rejected, Retry, Throttled
from tests.contract.webhook.harness import WebhookBench, WebhookHarness, context

SLACK = WebhookHarness(slack=True)
SAME = [
    "check-good",
    "check-bad-credentials",
    "retry-after-obeyed",
    "5xx-retried",
    "4xx-final",
    "batch-partial-failure",
]


@pytest.mark.parametrize("rule", [r for r in rules() if r.name in SAME], ids=lambda rule: rule.name)
async def test_the_rules_that_hold_for_slack_too(rule: Any) -> None:
    await rule.check(SLACK)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("no_service", Refresh),
        ("no_active_hooks", Refresh),
        ("channel_not_found", Refresh),
        ("channel_is_archived", Refresh),
        ("action_prohibited", Refresh),
        ("user_not_found", Rejected),
        ("rollup_error", Retry),
    ],
)
async def test_slacks_answers_mean_what_slack_says(answer: str, kind: type) -> None:
    async with SLACK.open() as bench:
        assert isinstance(await _answered(bench, answer), kind)


async def _answered(bench: WebhookBench, answer: str) -> Any:
    """Send one message to a receiver in a given state."""
    assert (await bench.raw("PUT", "/_sandbox/slack", {}, orjson.dumps({"state": answer}))).status == 200
    assert CONNECTOR.destination is not None
    (outcome,) = await CONNECTOR.destination(bench.good).perform(*bench.writes(1))
    return outcome


async def test_an_answer_that_is_not_slacks_is_told() -> None:
    async with SLACK.open() as bench:
        outcome = await _answered(bench, "welcome")
        assert isinstance(outcome, Rejected)
        assert "not Slack's" in outcome.reason


async def test_a_throttle_holds_back_what_has_not_begun() -> None:
    async with SLACK.open() as bench:
        await bench.turn(throttle_share=1.0)
        assert CONNECTOR.destination is not None
        before = await bench.requests()
        outcomes = await CONNECTOR.destination(bench.good).perform(*bench.writes(20))
        assert outcomes == [Throttled(1.0, outcomes[0].reason)] * 20  # type: ignore[union-attr]
        assert await bench.requests() == before


async def test_a_slow_receiver_does_not_hold_the_lane() -> None:
    """One message at a time, each taking 60 ms, in a window of 200 ms: the rest waits for the next claim, unsent."""
    limits = msgspec.structs.replace(CONNECTOR.manifest.limits, timeout_s=0.6)
    async with SLACK.open() as bench:
        await bench.turn(latency_ms=60)
        destination = WebhookDestination(bench.good, msgspec.structs.replace(CONNECTOR.manifest, limits=limits))
        outcomes = await destination.perform(*bench.writes(50))
        sent = sum(isinstance(o, Delivered) for o in outcomes)
        assert 1 <= sent < 50
        assert outcomes[sent:] == [LATE] * (50 - sent)
        assert len((await bench.state())["messages"]) == sent


async def test_messages_arrive_in_order_and_call_nobody() -> None:
    order = {
        "number": "17",
        "status": "<!channel>",
        "total": "35.25",
        "currency": "EUR",
        "billing": {"first_name": "<!here>", "last_name": "Zoë & Co <@U1>"},
        "diagnosis": "private health value",
        "line_items": [{"name": "test strips"}],
    }
    body = orjson.dumps({"type": "order.created", "timestamp": "2026-11-21T09:00:00Z", "data": order})
    async with SLACK.open() as bench:
        assert CONNECTOR.destination is not None
        destination = CONNECTOR.destination(bench.good)
        assert await destination.perform(*bench.writes(5)) == [Delivered(None, "accepted")] * 5  # type: ignore[arg-type]
        plan = destination.plan("post", None, Mapped({}), context(body))
        await bench.raw("POST", sandbox.SLACK_PATH, {"content-type": "application/json"}, plan.steps[0].writes[0].body)
        messages = (await bench.state())["messages"]
    assert [m["message"]["text"] for m in messages[:5]] == [f"order.updated 10{i}" for i in range(1, 6)]
    assert not any(m["notifies"] for m in messages)
    told = messages[-1]["message"]["blocks"][0]["text"]["text"]
    assert told == (
        "*order.created 17*\n*Order:* 17\n*Status:* &lt;!channel&gt;\n*Total:* 35.25 EUR\n"
        "*Customer:* &lt;!here&gt; Zoë &amp; Co &lt;@U1&gt;"
    )
    assert "health" not in str(messages[-1])
    assert "test strips" not in str(messages[-1])


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=50))
def test_no_value_can_call_or_overflow(first: str, status: str, store: str) -> None:
    data = {"number": "1", "status": status * 20, "billing": {"first_name": first * 20, "last_name": ""}}
    event = orjson.dumps({"type": "order.created", "timestamp": "t", "data": _valid(data)})
    message = orjson.loads(mapper.slack(event, _valid(store)))
    for text in (message["text"], *(str(b) for b in message["blocks"])):
        assert "<" not in text
        assert ">" not in text
        assert len(text) < 3000
    for block in message["blocks"][:1]:
        words = block["text"]["text"]
        rest = words.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
        assert "&" not in rest


def _valid(value: Any) -> Any:
    """Drop lone surrogates, which no JSON can carry."""
    if isinstance(value, dict):
        return {k: _valid(v) for k, v in value.items()}
    return value.encode("utf-8", "ignore").decode() if isinstance(value, str) else value


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"type": "x"}', b'{"type": "x", "timestamp": "t"}'])
def test_an_event_that_is_none_is_refused(body: bytes) -> None:
    for make in (mapper.standard, lambda b: mapper.slack(b, "Shop")):
        with pytest.raises(PlanRefused):
            make(body)
