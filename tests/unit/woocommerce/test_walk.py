"""Lists are read without losing a row, whatever the shop does between (and during) two pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.connect import paging
from crossdock.connectors.woocommerce import walk
from crossdock.connectors.woocommerce.walk import READINGS, Climb, Cursor, Mode

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
ORDERS = READINGS["order"]
Op = tuple[str, int, int]


class Shop:
    """A list as WooCommerce keeps it: times to the second, exclusive filters, trash in a list of its own."""

    def __init__(self, rows: int, *, spread_s: int = 5) -> None:
        self.now = NOON
        self.rows: dict[int, dict[str, Any]] = {}
        self.next_id = 1
        for at in range(rows):
            self.add(-1000 + at * spread_s)

    def add(self, seconds: int = 0) -> int:
        made = walk.stamp(self.now + timedelta(seconds=seconds))
        row = {"id": self.next_id, "date_created_gmt": made, "date_modified_gmt": made, "status": "processing", "v": 1}
        self.rows[self.next_id] = row
        self.next_id += 1
        return self.next_id - 1

    def change(self, which: int, status: str | None = None) -> None:
        ids = sorted(self.rows)
        if ids:
            row = self.rows[ids[which % len(ids)]]
            row["v"] += 1
            row["status"] = status or row["status"]
            row["date_modified_gmt"] = walk.stamp(self.now)

    def act(self, op: Op) -> None:
        name, which, seconds = op
        self.now += timedelta(seconds=seconds)
        match name:
            case "add":
                self.add()
            case "late":
                self.add(-min(100, which))
            case "many":
                for _ in range(which % 12):
                    self.add()
            case "delete" if self.rows:
                del self.rows[sorted(self.rows)[which % len(self.rows)]]
            case "touch":
                self.change(which)
            case "trash":
                self.change(which, "trash")
            case "restore":
                self.change(which, "processing")

    def answer(self, asked: Mapping[str, str], during: list[Op]) -> tuple[list[dict[str, Any]], datetime]:
        """Choose the rows, let ``during`` happen, then load them: so a row may be shown newer than its place."""
        began = self.now
        status = asked.get("status", "processing")
        low, high = asked.get("modified_after", ""), asked.get("modified_before", "9")
        found = [r for r in self.rows.values() if r["status"] == status and low < r["date_modified_gmt"] < high]
        key = {"id": lambda r: r["id"], "modified": lambda r: (r["date_modified_gmt"], r["id"])}[asked["orderby"]]
        found.sort(key=key)
        start = int(asked.get("offset", "0"))
        chosen = found[start : start + int(asked["per_page"])]
        for op in during:
            if op[0] != "delete":
                self.act(op)
        return [dict(row) for row in chosen], began


class Hub:
    """Keeps the newest version it was shown of each row, and how often."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.seen: dict[int, int] = {}
        self.times: dict[int, int] = {}

    def read(
        self, shop: Shop, cursor: Cursor, between: list[list[Op]], during: list[list[Op]], *, full: bool
    ) -> Cursor:
        """Read until done; the lists of operations are used up page by page."""
        for _ in range(2000):
            cursor = walk.resume(ORDERS, paging.load(paging.save(cursor), Cursor), full=full)
            rows, shop_now = shop.answer(walk.ask(ORDERS, cursor, self.size), during.pop() if during else [])
            cursor, fresh = walk.take(ORDERS, cursor, rows, shop_now, self.size)
            for row in fresh:
                self.seen[row["id"]] = max(self.seen.get(row["id"], 0), row["v"])
                self.times[row["id"]] = self.times.get(row["id"], 0) + 1
            if cursor.done:
                return cursor
            for op in between.pop() if between else []:
                shop.act(op)
        raise AssertionError("the reading does not come to an end")


ops = st.tuples(
    st.sampled_from(["add", "late", "many", "delete", "touch", "trash", "restore"]),
    st.integers(0, 100),
    st.integers(0, 3),
)
scripts = st.lists(st.lists(ops, max_size=5), max_size=12)
sizes = st.integers(2, 8)


@settings(max_examples=300)
@given(rows=st.integers(0, 40), size=sizes, between=scripts, during=scripts)
def test_a_sweep_meets_every_row_that_stands_and_the_pull_after_it_the_rest(
    rows: int, size: int, between: list[list[Op]], during: list[list[Op]]
) -> None:
    shop, hub = Shop(rows), Hub(size)
    before = set(shop.rows)
    steady = {i for i, row in shop.rows.items() if row["status"] == "processing"}
    cursor = hub.read(shop, Cursor(), between, during, full=True)
    untouched = {i for i in before & set(shop.rows) if shop.rows[i]["v"] == 1}
    assert untouched <= set(hub.seen)
    assert all(hub.times[i] == 1 for i in untouched & steady), "once each"
    shop.now += timedelta(seconds=10)
    hub.read(shop, cursor, [], [], full=False)
    assert {i: row["v"] for i, row in shop.rows.items()} == {i: v for i, v in hub.seen.items() if i in shop.rows}


@settings(max_examples=300)
@given(size=sizes, first=st.lists(ops, max_size=30), pulls=st.lists(st.tuples(scripts, scripts), max_size=4))
def test_pulls_lose_no_change(size: int, first: list[Op], pulls: list[tuple[list[list[Op]], list[list[Op]]]]) -> None:
    shop, hub = Shop(20), Hub(size)
    old = {i: row["v"] for i, row in shop.rows.items()}
    cursor = walk.start_at(shop.now)
    for op in first:
        shop.act(op)
    for between, during in pulls:
        cursor = hub.read(shop, cursor, between, during, full=False)
        assert cursor.since <= walk.stamp(shop.now - timedelta(seconds=walk.MARGIN_S))
    shop.now += timedelta(seconds=10)
    hub.read(shop, cursor, [], [], full=False)
    changed = {i: row["v"] for i, row in shop.rows.items() if old.get(i) != row["v"]}
    assert {i: hub.seen.get(i) for i in changed} == changed


@pytest.mark.parametrize("full", [True, False])
def test_a_thousand_rows_of_one_second_are_read_through(full: bool) -> None:
    shop, hub = Shop(0), Hub(100)
    cursor = Cursor() if full else walk.start_at(shop.now)
    for _ in range(1000):
        shop.add()
    shop.now += timedelta(seconds=10)
    hub.read(shop, cursor, [], [], full=full)
    assert set(hub.seen) == set(shop.rows)
    assert max(hub.times.values()) <= 3, "the first page, its second again, and that second by id"


def test_a_sweep_of_a_still_shop_asks_no_page_twice() -> None:
    shop, pages = Shop(250), 0
    cursor = Cursor()
    while True:
        cursor = walk.resume(ORDERS, cursor, full=True)
        rows, now = shop.answer(walk.ask(ORDERS, cursor, 100), [])
        cursor, _ = walk.take(ORDERS, cursor, rows, now, 100)
        pages += 1
        if cursor.done:
            break
    assert pages == 3 + 2, "three of orders, one each of trash and drafts"


def test_a_cursor_stays_behind_the_newest_row_when_the_proxys_clock_is_ahead() -> None:
    shop, hub = Shop(0), Hub(10)
    cursor = walk.start_at(shop.now)
    shop.now += timedelta(seconds=30)
    shop.add()
    ahead = timedelta(seconds=400)
    rows, now = shop.answer(walk.ask(ORDERS, walk.resume(ORDERS, cursor, full=False), 10), [])
    place = walk.resume(ORDERS, cursor, full=False)
    for _ in ORDERS.phases:
        place, _ = walk.take(ORDERS, place, rows, now + ahead, 10)
        rows = []
    assert place.done
    assert place.since == walk.stamp(shop.now), "not the proxy's time"
    shop.now += timedelta(seconds=5)
    late = shop.add(-3)
    hub.read(shop, place, [], [], full=False)
    assert late in hub.seen


def test_a_quiet_shop_moves_on_so_that_old_seconds_are_not_read_for_ever() -> None:
    shop, hub = Shop(5), Hub(10)
    cursor = walk.start_at(shop.now)
    for _ in range(3):
        shop.now += timedelta(seconds=3600)
        cursor = hub.read(shop, cursor, [], [], full=False)
    assert cursor.since == walk.stamp(shop.now - timedelta(seconds=walk.MARGIN_S + walk.SKEW_S))
    assert hub.seen == {}


def test_the_last_row_of_a_page_touched_while_it_is_loaded_does_not_carry_the_cursor_away() -> None:
    shop, hub = Shop(0), Hub(4)
    cursor = walk.start_at(shop.now)
    for _ in range(10):
        shop.now += timedelta(seconds=5)
        shop.add()
    shop.now += timedelta(seconds=30)
    hub.read(shop, cursor, [], [[("touch", 3, 1)]], full=False)
    assert set(range(5, 11)) <= set(hub.seen), "rows behind the touched one"


def test_deletions_before_a_page_send_the_sweep_back() -> None:
    climb = Climb(edge=100, offset=95)
    rows = [{"id": 103 + at} for at in range(100)]
    cursor = Cursor(mode=Mode.SWEEP, since="2026-11-21T12:00:00", climb=climb)
    moved, fresh = walk.take(ORDERS, cursor, rows, NOON, 100)
    assert (fresh, moved.climb) == ([], Climb(edge=100, offset=0)), "101 and 102 may stand before this page"


def test_a_list_that_is_not_in_order_is_refused() -> None:
    cursor = Cursor(mode=Mode.SWEEP, climb=Climb())
    with pytest.raises(walk.Disordered):
        walk.take(ORDERS, cursor, [{"id": 5}, {"id": 4}], NOON, 2)
    moved, fresh = walk.take(ORDERS, cursor, [{"id": 5}, {"id": 4}], NOON, 3)
    assert ([row["id"] for row in fresh], moved.phase) == ([4, 5], 1), "a whole list in one page needs no order"


@pytest.mark.parametrize("stamped", ["2020-01-01T00:00:00", None])
def test_a_list_that_ignores_the_time_filter_is_refused_instead_of_read_for_ever(stamped: str | None) -> None:
    cursor = walk.resume(ORDERS, walk.start_at(NOON), full=False)
    rows = [{"id": at, "date_modified_gmt": stamped} for at in (1, 2)]
    with pytest.raises(walk.Disordered, match="modified_after"):
        walk.take(ORDERS, cursor, rows, NOON, 2)


def test_customers_of_before_now_are_left_out_until_they_change() -> None:
    reading = READINGS["customer"]
    cursor = walk.resume(reading, walk.start_at(NOON), full=False)
    rows = [
        {"id": 1, "date_created_gmt": "2026-11-01T00:00:00", "date_modified_gmt": None},
        {"id": 2, "date_created_gmt": "2026-11-01T00:00:00", "date_modified_gmt": "2026-11-21T12:00:05"},
        {"id": 3, "date_created_gmt": "2026-11-21T12:00:07", "date_modified_gmt": None},
    ]
    moved, fresh = walk.take(reading, cursor, rows, NOON, 100)
    assert [row["id"] for row in fresh] == [2, 3]
    assert moved.done
    assert walk.ask(reading, walk.resume(reading, moved, full=False), 100)["role"] == "all"
    swept, fresh = walk.take(reading, walk.resume(reading, Cursor(), full=True), rows, NOON, 100)
    assert [row["id"] for row in fresh] == [1, 2, 3]
    assert swept.floor == ""


def test_variations_follow_the_page_of_their_products_in_its_own_list() -> None:
    reading = READINGS["product"]
    cursor = walk.resume(reading, Cursor(), full=True)
    rows = [{"id": 1, "type": "simple"}, {"id": 2, "type": "variable"}, {"id": 3, "type": "x", "variations": [9]}]
    cursor, fresh = walk.take(reading, cursor, rows, NOON, 100)
    assert [row["id"] for row in fresh] == [1, 2, 3]
    assert (cursor.parents, cursor.phase, cursor.done) == (("2", "3"), 1, False)
    assert "status" not in walk.ask_below(cursor, reading, 100), "the trash is the next list, not theirs"
    cursor, fresh = walk.take_below(READINGS["product"], cursor, [{"id": 7}, {"id": 8}], 2)
    assert ([row["id"] for row in fresh], cursor.parents) == ([7, 8], ("2", "3"))
    cursor, fresh = walk.take_below(READINGS["product"], cursor, [{"id": 8}], 2)
    assert (fresh, cursor.parents) == ([], ("3",))
    cursor, _ = walk.take_below(READINGS["product"], cursor, [{"id": 9}], 2)
    assert cursor.parents == ()
    assert not cursor.done
    cursor, _ = walk.take(reading, cursor, [{"id": 4, "type": "variable"}], NOON, 100)
    assert (cursor.mode, cursor.done) == (Mode.IDLE, False)
    assert walk.ask_below(cursor, reading, 100)["status"] == "trash"
    cursor, _ = walk.take_below(READINGS["product"], cursor, [], 100)
    assert cursor.done


def test_a_cursor_is_plain_json_and_another_shape_is_named() -> None:
    cursor = Cursor(mode=Mode.SWEEP, since="2026-11-21T12:00:00", climb=Climb(7, 2), parents=("5",))
    assert paging.load(paging.save(cursor), Cursor) == cursor
    assert paging.save(Cursor(since="2026-11-21T12:00:00")) == {"since": "2026-11-21T12:00:00"}
    with pytest.raises(ValueError, match="cursor: "):
        paging.load({"mode": "sideways"}, Cursor)
