"""The orders of a proof by day: every order counts once, so the numbers of a day add up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from crossdock.flow.reconcile.by_day import MOST, Tally

NAME = ("con_1", "CRM")
BERLIN = ZoneInfo("Europe/Berlin")
PARTS = ("delivered", "skipped", "fallback", "dead", "missing", "duplicate", "drifted", "moving")


def made(day: int, hour: int = 12, presence: str = "live") -> dict[str, Any]:
    return {"made_at": datetime(2026, 11, day, hour, tzinfo=UTC), "presence": presence}


def wrong(day: int, kind: str, bucket: str, state: str = "open", count: int = 1) -> dict[str, Any]:
    return {
        "at": datetime(2026, 11, day, 12, tzinfo=UTC),
        "kind": kind,
        "bucket": bucket,
        "state": state,
        "count": count,
    }


def test_a_wrong_order_leaves_the_place_its_delivery_had() -> None:
    tally = Tally(UTC, None)
    for bucket in ("delivered", "delivered", "delivered", "skipped", "dead", ""):
        tally.note(made(17), bucket)
    listed = [{"at": datetime(2026, 11, 17, 12, tzinfo=UTC), "count": 6}]
    found = [wrong(17, "drifted", "delivered"), wrong(17, "missing", ""), wrong(17, "dead", "dead")]
    (row,) = tally.rows(NAME, listed, found)
    assert (row.in_store, row.recorded) == (6, 6)
    assert (row.delivered, row.drifted, row.skipped, row.dead, row.missing, row.moving) == (2, 1, 1, 1, 1, 0)


def test_what_a_proof_has_repaired_counts_as_delivered() -> None:
    tally = Tally(UTC, None)
    tally.note(made(17), "delivered")
    (row,) = tally.rows(NAME, [], [wrong(17, "missing", "delivered", "repaired")])
    assert (row.delivered, row.missing, row.repaired) == (1, 0, 1)


def test_days_are_the_stores_own_and_deleted_orders_are_of_none() -> None:
    tally = Tally(BERLIN, None)
    tally.note(made(17, hour=23), "delivered")
    tally.note(made(17, presence="deleted"), "delivered")
    (row,) = tally.rows(NAME, [], [])
    assert (row.day, row.recorded) == ("2026-11-18", 1)


def test_orders_of_long_ago_are_not_told_by_day() -> None:
    tally = Tally(UTC, datetime(2026, 11, 10, tzinfo=UTC))
    tally.note(made(9), "delivered")
    tally.note({"made_at": None, "presence": "live"}, "delivered")
    assert tally.rows(NAME, [{"at": datetime(2026, 11, 9, tzinfo=UTC), "count": 3}], []) == []


def test_a_record_looked_at_again_moves_from_one_place_to_the_other() -> None:
    tally = Tally(UTC, None)
    tally.note(made(17), "")
    tally.note(made(17), "", -1)
    tally.note(made(17), "delivered")
    (row,) = tally.rows(NAME, [], [])
    assert (row.recorded, row.delivered, row.moving) == (1, 1, 0)


def test_the_newest_days_come_first_and_there_is_an_end() -> None:
    tally = Tally(UTC, None)
    for ordinal in range(MOST + 5):
        at = datetime.fromordinal(738_000 + ordinal).replace(tzinfo=UTC)
        tally.note({"made_at": at, "presence": "live"}, "delivered")
    rows = tally.rows(NAME, [], [])
    assert len(rows) == MOST
    assert [row.day for row in rows] == sorted((row.day for row in rows), reverse=True)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 5),
            st.sampled_from(("delivered", "skipped", "fallback", "dead", "")),
            st.sampled_from((None, "missing", "duplicate", "drifted", "dead")),
        )
    )
)
def test_the_parts_of_a_day_are_all_that_was_recorded(orders: list[tuple[int, str, str | None]]) -> None:
    tally = Tally(UTC, None)
    for day, bucket, _ in orders:
        tally.note(made(day), bucket)
    found = [wrong(day, kind, bucket) for day, bucket, kind in orders if kind]
    for row in tally.rows(NAME, [], found):
        assert sum(getattr(row, part) for part in PARTS) == row.recorded
        assert all(getattr(row, part) >= 0 for part in PARTS)
