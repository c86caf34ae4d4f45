"""Rules about the mapper, the sandbox and what is written down."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from urllib.parse import quote

from crossdock.connect.client import CallFailed
from crossdock.connect.suite.harness import Bench, Harness, ReadBench, WriteBench
from crossdock.connect.suite.rule import Part, rule


@rule("mapper-round-trip")
async def round_trip(harness: Harness) -> None:
    """What the mapper writes it reads back."""
    async with harness.open() as bench:
        pairs = bench.round_trips()
        assert pairs, "the bench has no round trips"
        for went_in, came_back in pairs:
            assert went_in == came_back, f"{went_in!r} came back as {came_back!r}"


@rule("sandbox-refuses-what-vendor-refuses")
async def refuses(harness: Harness) -> None:
    """The sandbox is as strict as the vendor."""
    async with harness.open() as bench:
        tried = await bench.refusals()
        assert tried, "the bench tries no refusal"
        taken = [name for name, refused in tried.items() if not refused]
        assert not taken, f"the sandbox took: {', '.join(taken)}"


@rule("secrets-never-logged", Part.CREDENTIALS)
async def secrets(harness: Harness) -> None:
    """No secret appears in logs, output, errors, outcomes or reprs, whatever goes wrong."""
    async with harness.open() as bench:
        canaries = [s for s in bench.good.secrets.values() if len(s) > 5]
        assert canaries, "the bench's good access holds no secret that could be searched for"
        with _listening() as heard:
            for dials in (
                {},
                {"next_errors": 1},
                {"cut_after_effect": 1, "cut_before_effect": 0},
                {"throttle_share": 1.0},
            ):
                await bench.turn(**dials)
                for shown in await _shown(harness, bench):
                    heard.write(shown + "\n")
                await bench.turn(next_errors=0, cut_after_effect=0, throttle_share=0.0)
        text = heard.getvalue()
        leaked = [name for name, secret in bench.good.secrets.items() if _shows(text, secret)]
        assert not leaked, f"shown in the clear: {', '.join(leaked)}"


def _shows(text: str, secret: str) -> bool:
    return len(secret) > 5 and (secret in text or quote(secret, safe="") in text)


async def _shown(harness: Harness, bench: Bench) -> list[str]:
    connector = harness.connector
    found = [repr(bench.good)]
    if connector.source is not None and isinstance(bench, ReadBench):
        source = connector.source(bench.good)
        found.append(repr(source))
        try:
            found.append(repr(await source.check()))
            found.append(repr((await source.page(bench.stream, None, full=True)).cursor))
        except CallFailed as problem:
            found.append(f"{problem!r} {problem.reason} {problem.remedy} {problem.outcome} {problem.__cause__!r}")
    if connector.destination is not None and isinstance(bench, WriteBench):
        destination = connector.destination(bench.good)
        step, writes = bench.writes(2, poisoned=0)
        found += [repr(destination), repr(await destination.check()), repr(await destination.perform(step, writes))]
    return found


@contextlib.contextmanager
def _listening() -> Iterator[io.StringIO]:
    """Collect all log records and everything printed."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
            yield heard
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
