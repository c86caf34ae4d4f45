"""Rules about signatures, whichever side signs."""

from __future__ import annotations

from crossdock.connect.suite.harness import Harness, SignBench, Variant
from crossdock.connect.suite.rule import Part, rule


async def _accepts(harness: Harness, variant: Variant) -> bool:
    async with harness.open() as bench:
        assert isinstance(bench, SignBench), "the bench of a connector that signs has accepts()"
        return await bench.accepts(variant)


@rule("signature-good", Part.SIGNED)
async def good(harness: Harness) -> None:
    """A well-signed message is taken."""
    assert await _accepts(harness, Variant.GOOD), "a well-signed message was refused"


@rule("signature-bad", Part.SIGNED)
async def bad(harness: Harness) -> None:
    """A signature made with another secret is refused."""
    assert not await _accepts(harness, Variant.BAD), "another secret's signature was taken"


@rule("signature-stale", Part.SIGNED)
async def stale(harness: Harness) -> None:
    """A message outside the time window is refused."""
    assert not await _accepts(harness, Variant.STALE), "a stale message was taken"


@rule("signature-other-body", Part.SIGNED)
async def other_body(harness: Harness) -> None:
    """A changed body is refused."""
    assert not await _accepts(harness, Variant.OTHER_BODY), "a changed body was taken"
