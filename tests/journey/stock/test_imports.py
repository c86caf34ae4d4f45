"""Files of links and levels: small ones at once, large ones as runs that survive their worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from crossdock.errors import BadInput, Conflict, TooLarge
from crossdock.flow.run import RunKind
from crossdock.flow.stock import imports
from crossdock.flow.stock.imports import What
from crossdock.kit.ids import Prefix, parse
from tests.support.hub import until, working

from .conftest import Floor
from .test_rest import Ask, ask  # noqa: F401 - the fixture


def levels(count: int, *, on_hand: int = 1) -> bytes:
    """Return a file of levels in which line 3 is wrong."""
    rows = [f"S-{n},{on_hand}" for n in range(count)]
    rows[1] = "S-1,many"
    return ("sku,on_hand\n" + "\n".join(rows) + "\n").encode()


async def pieces(body: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


async def shelf(floor: Floor) -> dict[str, int]:
    async with floor.hub.database.engine() as conn:
        rows = await conn.fetch("SELECT hub_sku, on_hand FROM stock_level")
        return {row["hub_sku"]: row["on_hand"] for row in rows}


async def queued(floor: Floor, body: bytes, *, dry_run: bool = False) -> Any:
    own = await floor.hub.connections.hub_source(floor.tenant)
    return await floor.hub.imports.spool(floor.tenant, own.id, What.LEVELS, pieces(body), dry_run=dry_run)


async def ended(floor: Floor, run_id: Any) -> dict[str, Any]:
    async def over() -> dict[str, Any] | None:
        found = await floor.hub.runs.one(floor.tenant, run_id)
        return found if found and found["ended_at"] else None

    found: dict[str, Any] = await until(over)
    return found


async def test_a_small_file_of_levels_is_answered_at_once(ask: Ask, floor: Floor) -> None:  # noqa: F811
    for dry in ("true", "false"):
        status, done = await ask("POST", f"/stock/import?dry_run={dry}", levels(5), "text/csv")
        assert (status, done["rows"], done["changed"], done["failed"]) == (200, 5, 4, 1)
        (wrong,) = done["errors"]
        assert (wrong["line"], wrong["field"]) == (3, "on_hand")
        assert wrong["remedy"]
        assert len(await shelf(floor)) == (0 if dry == "true" else 4)
    moves = b"sku,delta,reference\nS-0,-1,pick-1\nNONE,-1,pick-2\nS-0,-1,\n"
    _, done = await ask("POST", "/stock/import", moves, "text/csv")
    assert (done["changed"], [(e["line"], e["field"]) for e in done["errors"]]) == (1, [(3, "sku"), (4, "reference")])
    _, again = await ask("POST", "/stock/import", moves, "text/csv")
    assert (again["duplicate"], (await shelf(floor))["S-0"]) == (1, 0)


async def test_a_large_file_becomes_a_run_with_progress_and_its_wrong_lines(ask: Ask, floor: Floor) -> None:  # noqa: F811
    body = levels(2500)
    status, run = await ask("POST", "/stock/import", body, "text/csv")
    assert (status, run["kind"], run["state"], run["asked"]["rows"]) == (202, "import", "waiting", 2500)
    _, same = await ask("POST", "/stock/import", body, "text/csv")
    assert same["id"] == run["id"], "the same file once more"
    status, other = await ask("POST", "/stock/import", levels(2500, on_hand=2), "text/csv")
    assert status == 409
    assert run["id"] in other["detail"]
    async with working(floor.hub):
        done = await ended(floor, parse(Prefix.RUN, run["id"]))
    assert (done["state"], done["counters"], done["total"]) == ("partial", {"read": 2500, "changed": 2499}, 2500)
    assert (done["error_count"], done["result"]["failed"]) == (1, 1)
    (wrong,) = done["errors"]
    assert (wrong["line"], wrong["field"], wrong["rule"]) == (3, "on_hand", "expected a whole number")
    assert await ask("GET", wrong["link"].removeprefix("/api/v1")) == (200, {"line": 3, "text": "S-1,many"})
    assert len(await shelf(floor)) == 2499


async def test_a_dry_run_counts_and_changes_nothing(floor: Floor) -> None:
    run = await queued(floor, levels(1200), dry_run=True)
    async with working(floor.hub):
        done = await ended(floor, run)
    assert (done["result"]["changed"], done["result"]["dry_run"], await shelf(floor)) == (1199, True, {})


async def test_a_run_whose_worker_is_lost_goes_on_at_the_row(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process has committed is counted once; the rest is taken by the next one."""
    run = await queued(floor, levels(2200))
    taking = asyncio.create_task(floor.hub.runs.work_one("first", floor.hub.works))

    async def begun() -> bool:
        found = await floor.hub.runs.one(floor.tenant, run)
        return bool(found and found["counters"].get("read", 0) >= 500)

    await until(begun)
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    found = await floor.hub.runs.one(floor.tenant, run)
    assert found is not None
    async with floor.hub.database.engine() as conn:
        assert len(await shelf(floor)) == found["counters"]["changed"], "rows and progress are one commit"
        await conn.execute("UPDATE stock_level SET on_hand = 77 WHERE hub_sku = 'S-0'")
        await conn.execute("UPDATE run SET until = now() WHERE id = $1", run)
    assert await floor.hub.runs.work_one("second", floor.hub.works)
    done = await ended(floor, run)
    assert (done["counters"], done["error_count"]) == ({"read": 2200, "changed": 2199}, 1)
    assert (await shelf(floor))["S-0"] == 77, "a row that was taken is not taken again"


async def test_a_cancelled_import_keeps_what_was_taken(floor: Floor) -> None:
    run = await queued(floor, levels(50))
    assert await floor.hub.runs.cancel(floor.tenant, run, "somebody")
    assert not await floor.hub.runs.work_one("any", {RunKind.IMPORT: floor.hub.imports})
    assert await shelf(floor) == {}


async def test_links_are_imported_by_a_run_too(ask: Ask, floor: Floor) -> None:  # noqa: F811
    rows = "".join(f"{n},SKU-{n}\n" for n in range(1, 1300))
    body = f"product_id,hub_sku\n{rows}7,SKU-7\n".encode()
    status, run = await ask("POST", "/sku-links/import?store=a", body, "text/csv")
    assert status == 202
    async with working(floor.hub):
        done = await ended(floor, parse(Prefix.RUN, run["id"]))
    assert (done["result"]["created"], done["connection"]) == (1299, "a")
    (wrong,) = done["errors"]
    assert (wrong["line"], wrong["rule"]) == (1301, "the product stands in line 8 already")


async def test_files_have_limits_and_a_heading(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="unknown columns"):
        await queued(floor, b"name,amount\na,1\n")
    with pytest.raises(BadInput, match="empty"):
        await queued(floor, b"")
    monkeypatch.setattr(imports, "MOST_ROWS", 10)
    with pytest.raises(TooLarge):
        await queued(floor, levels(12))
    async with floor.hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM import_part") == 0, "nothing of them is kept"
    assert await queued(floor, levels(9))
    with pytest.raises(Conflict):
        await queued(floor, levels(8))
