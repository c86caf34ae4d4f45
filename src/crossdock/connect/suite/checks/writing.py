"""Rules about writing: what an outcome says has to be what the vendor holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from crossdock.connect.suite.harness import Harness
from crossdock.connect.suite.rule import Part, rule
from crossdock.connect.suite.steps import again, linked, performed, reader, unread, writer
from crossdock.model.outcome import Delivered, Outcome, Rejected, Retry, Throttled, Unknown


def _all(outcomes: list[Outcome], *kinds: type) -> bool:
    return bool(outcomes) and all(isinstance(o, kinds) for o in outcomes)


@rule("retry-after-obeyed")
async def retry_after(harness: Harness) -> None:
    """A 429 is Throttled for as long as the vendor says, and holds nothing back afterwards."""
    async with harness.open() as opened:
        if harness.connector.destination is None:
            bench, source = reader(opened, harness)
            await opened.turn(throttle_share=1.0)
            outcome = await unread(source, bench.stream)
            assert isinstance(outcome, Throttled), f"expected Throttled, saw {outcome}"
            return
        async with writer(opened, harness) as (bench_w, destination):
            await opened.turn(throttle_share=1.0)
            asked = bench_w.writes(2)
            outcomes = await performed(destination, asked)
            assert _all(outcomes, Throttled), f"expected Throttled, saw {outcomes}"
            waits = {o.after_s for o in outcomes if isinstance(o, Throttled)}
            said = bench_w.retry_after_s
            assert min(waits) > 0, "a throttle of no time"
            assert said is None or waits == {said}, f"the vendor said {said} s, the outcomes say {waits}"
            await opened.turn(throttle_share=0.0)
            assert _all(await performed(destination, again(asked)), Delivered), "the repeat was not delivered"


@rule("5xx-retried")
async def server_error(harness: Harness) -> None:
    """A 503 is Retry, and the repeat works."""
    async with harness.open() as opened:
        if harness.connector.destination is None:
            bench, source = reader(opened, harness)
            await opened.turn(next_errors=1)
            outcome = await unread(source, bench.stream)
            assert isinstance(outcome, Retry), f"expected Retry, saw {outcome}"
            await source.page(bench.stream, None, full=True)
            return
        async with writer(opened, harness) as (bench_w, destination):
            await opened.turn(next_errors=1)
            asked = bench_w.writes(1)
            outcomes = await performed(destination, asked)
            assert _all(outcomes, Retry), f"expected Retry, saw {outcomes}"
            assert _all(await performed(destination, again(asked)), Delivered), "the repeat was not delivered"
            await _once(bench_w.held, 1)


@rule("4xx-final", Part.DESTINATION)
async def client_error(harness: Harness) -> None:
    """What the vendor refuses is Rejected, again and again, with a reason for people; nothing is written."""
    async with harness.open() as bench, writer(bench, harness) as (bench_w, destination):
        asked = bench_w.writes(1, poisoned=0)
        for _ in range(2):
            outcomes = await performed(destination, asked)
            assert _all(outcomes, Rejected), f"expected Rejected, saw {outcomes}"
            (outcome,) = outcomes
            assert isinstance(outcome, Rejected)
            assert len(outcome.reason) > 10, "the reason tells nothing"
        assert not await bench_w.held(), "a refused write left a record"


@rule("timeout-unknown-then-safe", Part.DESTINATION)
async def cut_after_effect(harness: Harness) -> None:
    """An answer cut after the effect is Unknown; the repeat is delivered and leaves one record."""
    async with harness.open() as bench, writer(bench, harness) as (bench_w, destination):
        await bench.turn(cut_after_effect=1)
        asked = bench_w.writes(3)
        first = await performed(destination, asked)
        assert any(isinstance(o, Unknown) for o in first), f"expected Unknown, saw {first}"
        assert _all(first, Unknown, Delivered), f"expected Unknown, saw {first}"
        assert _all(await performed(destination, again(asked)), Delivered), "the repeat was not delivered"
        await _once(bench_w.held, len(asked[1]))


@rule("idempotent-upsert", Part.DESTINATION)
async def idempotent(harness: Harness) -> None:
    """The same write twice leaves one record, with and without the link of the first."""
    async with harness.open() as bench, writer(bench, harness) as (bench_w, destination):
        step, writes = bench_w.writes(3)
        first = await performed(destination, (step, writes))
        assert _all(first, Delivered), f"expected Delivered, saw {first}"
        for more in (writes, linked(writes, first)):
            second = await performed(destination, again((step, more)))
            assert _all(second, Delivered), f"expected Delivered, saw {second}"
            ids = [o.external_id for o in second if isinstance(o, Delivered)]
            assert ids == [o.external_id for o in first if isinstance(o, Delivered)], "a repeat has other ids"
        await _once(bench_w.held, len(writes))


@rule("batch-partial-failure", Part.DESTINATION)
async def partial_failure(harness: Harness) -> None:
    """One bad write among good ones fails alone."""
    async with harness.open() as bench, writer(bench, harness) as (bench_w, destination):
        asked = bench_w.writes(5, poisoned=2)
        outcomes = await performed(destination, asked)
        assert isinstance(outcomes[2], Rejected), f"expected Rejected, saw {outcomes[2]}"
        good = [o for i, o in enumerate(outcomes) if i != 2]
        assert _all(good, Delivered), f"a good write failed with the bad one: {good}"
        await _once(bench_w.held, 4)


async def _once(held: Callable[[], Awaitable[Mapping[str, int]]], count: int) -> None:
    records = await held()
    assert len(records) == count, f"expected {count} records, the vendor holds {len(records)}"
    doubled = [key for key, number in records.items() if number != 1]
    assert not doubled, f"{len(doubled)} records are there more than once"
