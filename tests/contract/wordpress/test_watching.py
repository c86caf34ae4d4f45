"""A site that does not send is a finding, with its cause and what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from crossdock.connect.client import Transport
from crossdock.connect.egress import Guard
from crossdock.connect.watching import Judgement, Known
from crossdock.connectors.wordpress.findings import AILMENTS
from crossdock.connectors.wordpress.told import Queue, queue_of
from crossdock.connectors.wordpress.watch import SiteWatcher
from tests.contract.wordpress.harness import HARNESS, SiteBench


async def judged(bench: SiteBench, **account: Any) -> Judgement:
    access = bench.access(account=account)
    watcher = SiteWatcher(access)
    sight = await watcher.look()
    known = Known(datetime.now(UTC), access.connection.config, access.connection.account, url="", topics=())
    return watcher.diagnose(sight, known)


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ({}, []),
        ({"paused": "failures"}, ["outbox-paused"]),
        ({"paused": "manual", "dead": 3}, ["outbox-paused", "outbox-dead"]),
        ({"cron_late_s": 3600.0}, ["cron-stale"]),
        ({"oldest_s": 7200.0}, ["outbox-late"]),
        ({"paused": "copy"}, ["outbox-copy"]),
        ({"plugin": False}, ["plugin-missing"]),
        ({"firewall": "html"}, ["rest-blocked"]),
        ({"clock_ahead_s": 900.0}, ["clock-skew"]),
    ],
)
async def test_what_is_wrong_is_found(settings: dict[str, Any], codes: list[str]) -> None:
    async with HARNESS.open(**settings) as bench:
        bench.site.add("product")
        judgement = await judged(bench)
        assert [one.code for one in judgement.findings] == codes
        for one in judgement.findings:
            assert one.cause
            assert one.remedy


async def test_a_paused_outbox_names_its_reason_and_how_much_waits() -> None:
    async with HARNESS.open(paused="failures") as bench:
        bench.site.add("product")
        (found,) = (await judged(bench)).findings
        assert "failures" in found.cause
        assert found.evidence == {"waiting": 1}


async def test_cron_that_is_late_with_nothing_to_send_is_no_trouble() -> None:
    async with HARNESS.open(cron_late_s=3600.0) as bench:
        assert (await judged(bench)).findings == ()


async def test_the_address_that_was_paired_stays() -> None:
    async with HARNESS.open() as bench:
        first = await judged(bench, site_url=bench.url)
        assert first.account["site_url"] == bench.url
        assert first.account["plugin"] == "1.0.0"
        copy = bench.url.replace("127.0.0.1", "localhost")
        other = await judged(bench, site_url=copy)
        assert [one.code for one in other.findings] == ["another-site"]
        assert other.account["site_url"] == copy


async def test_a_wrong_clock_is_remembered_and_stays_a_finding() -> None:
    async with HARNESS.open(clock_ahead_s=900.0) as bench:
        first = await judged(bench)
        assert abs(first.account["clock_ahead_s"] - 900) < 30
        again = await judged(bench, **first.account)
        assert [one.code for one in again.findings] == ["clock-skew"]
        assert again.account["plugin"] == "1.0.0", "its calls are taken now"


@pytest.mark.parametrize(
    "told",
    [{}, {"sending": None, "outbox": [], "cron": "no"}, {"sending": {"paused": "x"}, "outbox": {"oldest_s": "x"}}],
)
def test_a_status_that_says_nothing_finds_nothing(told: dict[str, Any]) -> None:
    assert queue_of(told) == Queue()


def test_every_finding_says_what_to_do() -> None:
    assert all(ailment.cause and ailment.remedy for ailment in AILMENTS.values())


async def test_plain_http_is_refused_in_production_and_can_be_allowed() -> None:
    async with HARNESS.open() as bench:
        guarded = Transport(Guard(("127.0.0.1/32",), production=True))
        async with guarded:
            access = bench.access(account={}, plain_http=False)
            looked = SiteWatcher(msgspec.structs.replace(access, transport=guarded))
            known = Known(datetime.now(UTC), access.connection.config, {}, url="", topics=())
            (found,) = looked.diagnose(await looked.look(), known).findings
            assert (found.code, found.severity) == ("egress", "warning")
            assert "plain_http=true" in found.remedy
            allowed = msgspec.structs.replace(bench.access(), transport=guarded)
            assert (await SiteWatcher(allowed).look()).check.ok
