"""Small steps that several rules take."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Destination, Source
from crossdock.connect.suite.harness import Bench, Harness, ReadBench, WriteBench
from crossdock.model.observation import Presence
from crossdock.model.outcome import Delivered, Outcome
from crossdock.model.plan import Resolved

PATIENCE_S = 15.0
"""How long a rule waits for something that a vendor shows late; a bench may say ``patience_s`` itself."""


@contextlib.asynccontextmanager
async def writer(bench: Bench, harness: Harness) -> AsyncIterator[tuple[WriteBench, Destination]]:
    """Return the bench as one that is written to, with its prepared destination."""
    assert isinstance(bench, WriteBench), "the bench of a destination has retry_after_s, writes() and held()"
    assert harness.connector.destination is not None
    destination = harness.connector.destination(bench.good)
    await destination.prepare()
    yield bench, destination


def reader(bench: Bench, harness: Harness) -> tuple[ReadBench, Source]:
    """Return the bench as one that is read from, with its source."""
    assert isinstance(bench, ReadBench), "the bench of a source has stream, many, seed(), touch() and ids()"
    assert harness.connector.source is not None
    return bench, harness.connector.source(bench.good)


async def unread(source: Source, stream: str) -> Outcome | None:
    """Try to read a page that the vendor refuses; return what the refusal means."""
    try:
        await source.page(stream, None, full=True)
    except CallFailed as problem:
        return problem.outcome
    raise AssertionError("a read that was refused raised nothing")


async def performed(destination: Destination, asked: tuple[str, Sequence[Resolved]]) -> list[Outcome]:
    """Perform writes; one outcome a write, in order, is itself part of the contract."""
    step, writes = asked
    outcomes = await destination.perform(step, writes)
    assert len(outcomes) == len(writes), f"{len(writes)} writes gave {len(outcomes)} outcomes"
    return outcomes


def again(asked: tuple[str, Sequence[Resolved]]) -> tuple[str, list[Resolved]]:
    """Return what is asked as a further attempt of the same deliveries."""
    return asked[0], [msgspec.structs.replace(write, repeated=True) for write in asked[1]]


def linked(writes: Sequence[Resolved], outcomes: Sequence[Outcome]) -> list[Resolved]:
    """Return the writes with the external ids they were given, as a later delivery of the same records has them."""
    found = []
    for write, outcome in zip(writes, outcomes, strict=True):
        external_id = outcome.external_id if isinstance(outcome, Delivered) else None
        found.append(msgspec.structs.replace(write, external_id=external_id or write.external_id))
    return found


async def walk(source: Source, stream: str, cursor: dict[str, Any] | None, *, full: bool) -> tuple[list[str], Any, int]:
    """Read pages to the end; return (live external ids in order, last cursor, pages)."""
    seen: list[str] = []
    for pages in range(1, 200):
        page = await source.page(stream, cursor, full=full)
        seen += [item.external_id for item in page.items if item.presence is not Presence.DELETED]
        cursor = page.cursor
        if page.done:
            return seen, cursor, pages
    raise AssertionError("200 pages and no end: does the cursor move?")


async def found_from(
    source: Source, stream: str, cursor: dict[str, Any], wanted: set[str], patience_s: float = PATIENCE_S
) -> set[str]:
    """Pull on from a cursor until all wanted ids were seen or patience ends; return those never seen."""
    deadline = asyncio.get_running_loop().time() + patience_s
    missing = set(wanted)
    while missing and asyncio.get_running_loop().time() < deadline:
        page = await source.page(stream, cursor)
        cursor = page.cursor
        missing -= {item.external_id for item in page.items}
        if page.done:
            await asyncio.sleep(0.1)
    return missing
