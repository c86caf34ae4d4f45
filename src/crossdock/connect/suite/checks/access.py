"""Rules about trying a connection and about credentials."""

from __future__ import annotations

from crossdock.connect.connector import Access, CheckResult
from crossdock.connect.suite.harness import EraseBench, Harness, RenewBench
from crossdock.connect.suite.rule import Part, rule
from crossdock.connect.suite.steps import performed, writer
from crossdock.model.outcome import Refresh


async def _tried(harness: Harness, access: Access) -> list[CheckResult]:
    connector = harness.connector
    parts = [make(access) for make in (connector.source, connector.destination) if make is not None]
    return [await part.check() for part in parts]


@rule("check-good")
async def check_good(harness: Harness) -> None:
    """The check of good access is ok and names the account."""
    async with harness.open() as bench:
        for result in await _tried(harness, bench.good):
            assert result.ok, f"good access was refused: {result.code} {result.problem}"
            assert result.account_uid, "the check named no account_uid"


@rule("check-bad-credentials", Part.CREDENTIALS)
async def check_bad(harness: Harness) -> None:
    """The check of bad credentials says what is wrong and what to do, and shows no secret."""
    async with harness.open() as bench:
        assert bench.bad is not None, "the bench has no bad access"
        for result in await _tried(harness, bench.bad):
            assert not result.ok, "bad credentials passed the check"
            assert result.problem, "the check says no problem"
            assert result.remedy, "the check says no remedy"
            assert result.code, "the check gives no code"
            shown = f"{result.problem} {result.remedy}"
            assert not any(secret in shown for secret in bench.bad.secrets.values() if len(secret) > 5), (
                "the check shows a secret"
            )


@rule("401-refresh-once", Part.RENEWABLE)
async def expired_token(harness: Harness) -> None:
    """An expired token is Refresh, for every write, and touches nothing."""
    async with harness.open() as bench, writer(bench, harness) as (bench_w, destination):
        assert isinstance(bench, RenewBench), "the bench of a renewable credential has expire()"
        await bench.expire()
        outcomes = await performed(destination, bench_w.writes(2))
        assert all(isinstance(o, Refresh) for o in outcomes), f"expected Refresh, saw {outcomes}"


@rule("erasure-works-or-exempt", Part.DESTINATION)
async def erasure(harness: Harness) -> None:
    """A person can be erased, and the vendor then holds nothing of them."""
    async with harness.open() as bench:
        assert isinstance(bench, EraseBench), "the bench of a destination that erases has erases()"
        assert await bench.erases(), "something of the person was still there"
