"""The rules about reading, renewing and erasing, against a vendor in memory that breaks one promise at a time."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossdock.connect.client import CallFailed, FailKind, Transport
from crossdock.connect.connector import Access, CheckResult, Hook, Page
from crossdock.connect.egress import Guard
from crossdock.connect.suite import rules
from crossdock.kit.clock import SystemClock
from crossdock.kit.ids import new_id
from crossdock.model.connection import Connection, ConnectionState
from crossdock.model.observation import Observation, Presence
from crossdock.model.outcome import Delivered, Outcome, Refresh, Rejected, Retry, Throttled
from tests.contract.webhook.harness import HARNESS, WebhookBench

RULES = {rule.name: rule for rule in rules()}
SIZE = 3


class Vendor:
    """Entities with a growing revision; ``broken`` names the promise that its source does not keep."""

    def __init__(self, broken: str) -> None:
        self.broken = broken
        self.revision = itertools.count(1)
        self.rows: dict[str, int] = {}
        self.dials: dict[str, Any] = {}


class MemorySource:
    """Reads by keyset over (revision, id), as a good source does."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor

    async def check(self) -> CheckResult:
        return CheckResult(ok=True, account_uid="memory")

    async def page(self, stream: str, cursor: dict[str, Any] | None, *, full: bool = False) -> Page:
        vendor = self._vendor
        self._fault()
        after = cursor["after"] if cursor else (0 if full else max(vendor.rows.values(), default=0))
        rows = sorted((revision, name) for name, revision in vendor.rows.items() if revision > after)
        if vendor.broken == "by-number":
            start = (cursor or {}).get("start", 0)
            taken, done = rows[start : start + SIZE], start + SIZE >= len(rows)
            items = tuple(Observation(stream, name, {}) for _, name in taken)
            return Page(items, {"after": 0, "start": start + SIZE}, done)
        taken = rows[:SIZE]
        reached = taken[-1][0] if taken else after
        if vendor.broken == "repeats" and after:
            taken = [(after, next(n for n, r in vendor.rows.items() if r == after)), *taken]
        if vendor.broken == "invents":
            taken = [*taken, (0, "ghost")]
        if vendor.broken == "stuck":
            reached = after
        done = len(rows) <= SIZE
        if vendor.broken == "stops-early" and len(rows) <= 2 * SIZE:
            done = True
        if vendor.broken == "jumps" and done:
            reached += 2
        items = tuple(Observation(stream, name, {}, Presence.LIVE) for _, name in taken)
        return Page(items, {"after": reached}, done)

    def _fault(self) -> None:
        dials, broken = self._vendor.dials, self._vendor.broken
        if dials.get("throttle_share"):
            self._raise(broken, Throttled(2.0))
        if dials.get("next_errors"):
            dials["next_errors"] -= 1
            self._raise(broken, Retry("503"))

    def _raise(self, broken: str, outcome: Outcome) -> None:
        if broken == "silent":
            return
        meant = Rejected("no") if broken == "gives-up" else outcome
        raise CallFailed(FailKind.ANSWER, True, "refused", outcome=meant)

    async def fetch(self, stream: str, external_id: str, parent_id: str | None) -> Observation | None:
        return None

    async def hooks(self) -> tuple[Hook, ...]:
        return ()

    async def add_hook(self, topic: str, url: str, secret: str) -> Hook:
        return Hook("1", topic, url, "active")

    async def remove_hook(self, vendor_id: str) -> None:
        return None


class MemoryBench:
    """The vendor's other side."""

    stream, many, bad = "order", 3 * SIZE + 1, None
    patience_s = 0.3

    def __init__(self, vendor: Vendor, transport: Transport) -> None:
        self._vendor = vendor
        connection = Connection(new_id(), new_id(), "memory", "m", ConnectionState.ACTIVE, "memory", {}, {})
        self.good = Access(connection, {"token": "canary-of-memory"}, transport, SystemClock())

    async def turn(self, **dials: Any) -> None:
        self._vendor.dials.update(dials)

    async def requests(self) -> int:
        return 0

    async def refusals(self) -> dict[str, bool]:
        return {"x": True}

    def round_trips(self) -> list[tuple[Any, Any]]:
        return [(1, 1)]

    async def seed(self, count: int) -> list[str]:
        names = [f"o{len(self._vendor.rows) + i}" for i in range(count)]
        for name in names:
            self._vendor.rows[name] = next(self._vendor.revision)
        return names

    async def touch(self, external_id: str) -> None:
        self._vendor.rows[external_id] = next(self._vendor.revision)

    async def ids(self) -> set[str]:
        return set(self._vendor.rows)


class MemoryHarness:
    """Starts the vendor in memory."""

    folder, page = Path(__file__).parent, Path(__file__)

    def __init__(self, broken: str = "") -> None:
        self._broken = broken
        self._vendor = Vendor(broken)
        self.connector = msgspec.structs.replace(
            HARNESS.connector, source=lambda access: MemorySource(self._vendor), destination=None
        )

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[MemoryBench]:
        self._vendor = Vendor(self._broken)
        async with Transport(Guard()) as transport:
            yield MemoryBench(self._vendor, transport)


READING = (
    "paging-complete",
    "paging-stable-under-inserts",
    "cursor-loses-nothing",
    "retry-after-obeyed",
    "5xx-retried",
    "check-good",
    "secrets-never-logged",
)


@pytest.mark.parametrize("name", READING)
async def test_a_good_source_passes(name: str) -> None:
    await RULES[name].check(MemoryHarness())


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("paging-complete", "stops-early"),
        ("paging-complete", "repeats"),
        ("paging-complete", "invents"),
        ("paging-complete", "stuck"),
        ("paging-stable-under-inserts", "by-number"),
        ("paging-stable-under-inserts", "stuck"),
        ("retry-after-obeyed", "silent"),
        ("retry-after-obeyed", "gives-up"),
        ("5xx-retried", "silent"),
        ("5xx-retried", "gives-up"),
    ],
)
async def test_a_broken_source_is_caught(name: str, broken: str) -> None:
    with pytest.raises(AssertionError):
        await RULES[name].check(MemoryHarness(broken))


async def test_a_cursor_that_jumps_is_caught() -> None:
    with pytest.raises(AssertionError, match="never came"):
        await RULES["cursor-loses-nothing"].check(MemoryHarness("jumps"))


async def test_a_bench_without_the_part_is_told() -> None:
    class Bare(MemoryHarness):
        @contextlib.asynccontextmanager
        async def open(self) -> AsyncIterator[Any]:
            yield object()

    with pytest.raises(AssertionError, match="the bench of a source has"):
        await RULES["paging-complete"].check(Bare())


class _Renewing(WebhookBench):
    expired, forgets = False, True

    async def expire(self) -> None:
        self.expired = True

    async def erases(self) -> bool:
        return self.forgets


def _harness(bench: type[WebhookBench], outcome: Outcome) -> Any:
    """The webhook's harness with credentials that expire and a destination that answers one thing."""

    class Destination:
        async def prepare(self) -> dict[str, Any]:
            return {}

        async def perform(self, step: str, writes: list[Any]) -> list[Outcome]:
            return [outcome] * len(writes)

    class Other(type(HARNESS)):  # type: ignore[misc]
        connector = msgspec.structs.replace(HARNESS.connector, destination=lambda access: Destination())

        @contextlib.asynccontextmanager
        async def open(self) -> AsyncIterator[WebhookBench]:
            async with super().open() as opened:
                yield bench(opened._url, opened._transport, slack=False)

    return Other()


async def test_an_expired_token_is_refresh_and_erasure_is_asked_for() -> None:
    await RULES["401-refresh-once"].check(_harness(_Renewing, Refresh("expired")))
    await RULES["erasure-works-or-exempt"].check(_harness(_Renewing, Delivered()))
    with pytest.raises(AssertionError, match="expected Refresh"):
        await RULES["401-refresh-once"].check(_harness(_Renewing, Delivered()))
    with pytest.raises(AssertionError, match="has expire"):
        await RULES["401-refresh-once"].check(_harness(WebhookBench, Refresh("expired")))

    class Keeps(_Renewing):
        forgets = False

    with pytest.raises(AssertionError, match="still there"):
        await RULES["erasure-works-or-exempt"].check(_harness(Keeps, Delivered()))
