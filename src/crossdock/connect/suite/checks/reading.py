"""Rules about reading a stream."""

from __future__ import annotations

from crossdock.connect.suite.harness import Harness
from crossdock.connect.suite.rule import Part, rule
from crossdock.connect.suite.steps import PATIENCE_S, found_from, reader, walk


@rule("paging-complete", Part.SOURCE)
async def paging_complete(harness: Harness) -> None:
    """A full read finds every entity over several pages, none twice, and invents none."""
    async with harness.open() as opened:
        bench, source = reader(opened, harness)
        await bench.seed(bench.many)
        seen, _, pages = await walk(source, bench.stream, None, full=True)
        expected = await bench.ids()
        assert pages >= 3, f"{bench.many} entities fitted on {pages} pages; raise the bench's many"
        assert set(seen) == expected, f"missing {len(expected - set(seen))}, invented {len(set(seen) - expected)}"
        assert len(seen) == len(set(seen)), f"{len(seen) - len(set(seen))} entities came twice without a change"


@rule("paging-stable-under-inserts", Part.SOURCE)
async def paging_stable(harness: Harness) -> None:
    """Nothing is skipped when entities come and change between two pages."""
    async with harness.open() as opened:
        bench, source = reader(opened, harness)
        seeded = await bench.seed(bench.many)
        expected = await bench.ids()
        page = await source.page(bench.stream, None, full=True)
        seen = {item.external_id for item in page.items}
        for turn in range(200):
            if page.done:
                break
            if turn < 3:
                await bench.seed(2)
                await bench.touch(seeded[turn])
            page = await source.page(bench.stream, page.cursor, full=True)
            seen |= {item.external_id for item in page.items}
        assert page.done, "200 pages and no end: does the cursor move?"
        assert expected <= seen, f"{len(expected - seen)} entities that were there at the start were skipped"


@rule("cursor-loses-nothing", Part.SOURCE)
async def cursor_loses_nothing(harness: Harness) -> None:
    """What comes or changes after a read is found by the next one, from the saved cursor."""
    async with harness.open() as opened:
        bench, source = reader(opened, harness)
        seeded = await bench.seed(5)
        _, cursor, _ = await walk(source, bench.stream, None, full=False)
        fresh = await bench.seed(3)
        await bench.touch(seeded[0])
        patience_s = getattr(bench, "patience_s", PATIENCE_S)
        missing = await found_from(source, bench.stream, cursor, {*fresh, seeded[0]}, patience_s)
        assert not missing, f"{len(missing)} of 4 changes never came"
