"""Reading a portal: associations, the bin, merges, lag and everything's order, against the sandbox."""

from __future__ import annotations

import pytest

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Page
from crossdock.connectors.hubspot import CONNECTOR
from crossdock.connectors.hubspot.client import HubSpot
from crossdock.connectors.hubspot.source import HubSpotSource
from crossdock.model.observation import Observation, Presence
from crossdock.model.outcome import Refresh
from tests.contract.hubspot.harness import HARNESS, PortalBench

pytestmark = pytest.mark.asyncio


def source(bench: PortalBench, size: int = 100) -> HubSpotSource:
    """Open our reading half."""
    return HubSpotSource(bench.good, CONNECTOR.manifest, page_size=size)


async def walked(
    reading: HubSpotSource, stream: str, cursor: dict[str, object] | None = None, *, full: bool = False
) -> tuple[dict[str, Observation], Page]:
    """Read to the end; return what was seen last of each record, and the last page."""
    seen: dict[str, Observation] = {}
    while True:
        page = await reading.page(stream, cursor, full=full)
        seen |= {one.external_id: one for one in page.items}
        cursor = page.cursor
        if page.done:
            return seen, page


async def joined(bench: PortalBench, one: tuple[str, str], other: tuple[str, str]) -> None:
    """Associate two records as people do."""
    path = f"/crm/associations/2026-09/{one[0]}/{other[0]}/batch/associate/default"
    reply = await bench.raw("POST", path, {"inputs": [{"from": {"id": one[1]}, "to": {"id": other[1]}}]})
    assert reply.ok, reply.body


@pytest.mark.parametrize("version", ["2026-09", "2026-03", "v3"])
async def test_deals_come_with_their_associations(version: str) -> None:
    """In every version: a deal names its contacts, companies and lines, in lists, changes and single reads alike."""
    async with HARNESS.open(config={"api_version": version}, search_lag_s=0) as bench:
        reading = source(bench)
        _, begun = await walked(reading, "deal")
        (contact,) = await bench.seed(1)
        company = (await bench.act("create", type="companies", properties={"name": "Tea Ltd"}))["id"]
        deal = (await bench.act("create", type="deals", properties={"dealname": "Tea"}))["id"]
        await joined(bench, ("deals", deal), ("contacts", contact))
        await joined(bench, ("deals", deal), ("companies", company))
        wanted = {"contacts": [contact], "companies": [company], "line_items": []}
        changed, _ = await walked(reading, "deal", begun.cursor)
        listed, _ = await walked(reading, "deal", full=True)
        one = await reading.fetch("deal", deal, None)
        assert one is not None
        assert [found.document["associations"] for found in (changed[deal], listed[deal], one)] == [wanted] * 3
        assert one.document["dealname"] == "Tea"
        person = await reading.fetch("contact", contact, None)
        assert person is not None
        assert person.document["associations"] == {"companies": [], "deals": [deal]}


async def test_what_search_does_not_see_yet_comes_with_a_later_pull() -> None:
    """The lag of search loses nothing: the next pull begins behind it."""
    async with HARNESS.open(search_lag_s=30) as bench:
        reading = source(bench)
        _, begun = await walked(reading, "contact")
        (late,) = await bench.seed(1)
        seen, ended = await walked(reading, "contact", begun.cursor)
        assert late not in seen
        await bench.control("POST", "clock", {"advance_s": 31})
        seen, _ = await walked(reading, "contact", ended.cursor)
        assert late in seen


async def test_the_bin_is_read_and_restored_records_are_left_to_the_lists() -> None:
    """An archived record is trash, in a backfill and, page by page, behind every pull."""
    async with HARNESS.open(search_lag_s=0) as bench:
        reading = source(bench, size=2)
        ids = await bench.seed(5)
        _, begun = await walked(reading, "contact")
        for each in ids[:3]:
            await bench.act("archive", type="contacts", id=each)
        everything, _ = await walked(reading, "contact", full=True)
        assert {each: everything[each].presence for each in ids} == {
            **dict.fromkeys(ids[:3], Presence.TRASHED),
            **dict.fromkeys(ids[3:], Presence.LIVE),
        }
        first, ended = await walked(reading, "contact", begun.cursor)
        second, _ = await walked(reading, "contact", ended.cursor)
        trashed = {each for seen in (first, second) for each, one in seen.items() if one.presence is Presence.TRASHED}
        assert trashed == set(ids[:3])
        one = await reading.fetch("contact", ids[0], None)
        assert one is not None
        assert one.presence is Presence.TRASHED


async def test_a_merged_record_has_ended() -> None:
    """Its id answers with another record: in single reads, in changes, in the bin and in a backfill it is gone."""
    async with HARNESS.open(search_lag_s=0) as bench:
        reading = source(bench)
        kept, merged = await bench.seed(2)
        _, begun = await walked(reading, "contact")
        await bench.act("merge", type="contacts", id=kept, other=merged)
        assert await reading.fetch("contact", merged, None) is None
        changed, ended = await walked(reading, "contact", begun.cursor)
        everything, _ = await walked(reading, "contact", full=True)
        later, _ = await walked(reading, "contact", ended.cursor)
        for seen in (changed, everything):
            assert seen[kept].presence is Presence.LIVE
            assert seen[merged].presence is Presence.DELETED
        assert later[merged].document == changed[merged].document, "the same end is told the same way each time"


async def test_an_erased_record_is_none() -> None:
    """What HubSpot has for good forgotten is a 404 in the lists and in the bin."""
    async with HARNESS.open() as bench:
        (gone,) = await bench.seed(1)
        await bench.act("erase", type="contacts", id=gone)
        assert await source(bench).fetch("contact", gone, None) is None


async def test_more_properties_are_read_where_the_connection_asks_for_them() -> None:
    """``read_properties`` adds to those that every portal is read by."""
    async with HARNESS.open(config={"read_properties": {"contacts": ["salutation"]}}) as bench:
        (person,) = await bench.seed(1)
        await bench.act("edit", type="contacts", id=person, properties={"salutation": "Dr"})
        one = await source(bench).fetch("contact", person, None)
        assert one is not None
        assert one.document["salutation"] == "Dr"


async def test_a_refused_read_says_what_it_means() -> None:
    """A token without the right breaks the connection; it is no empty list."""
    async with HARNESS.open() as bench:
        reading = HubSpotSource(bench.narrow, CONNECTOR.manifest)
        for full in (False, True):
            with pytest.raises(CallFailed) as refused:
                await reading.page("deal", None, full=full)
            assert isinstance(refused.value.outcome, Refresh)


async def test_search_asks_as_the_date_versions_insist() -> None:
    """Members that their specification requires are sent even where they say nothing."""
    async with HARNESS.open(search_lag_s=0) as bench:
        reply = await HubSpot(bench.good, CONNECTOR.manifest).search(
            "contacts",
            [[{"propertyName": "hs_object_id", "operator": "GT", "value": "0"}]],
            "hs_object_id",
            ["email"],
            200,
        )
        assert reply.status == 200
