"""Reading changes by moment and id loses nothing, whatever shares a moment and whatever is written meanwhile."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.connect import paging
from crossdock.connectors.hubspot import reading
from crossdock.connectors.hubspot.reading import STREAMS, Cursor, Mode, further, millis, moment_of, resume, written
from crossdock.model.observation import Presence

BEGAN = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
NOW = BEGAN + timedelta(hours=1)
CONTACT = STREAMS["contact"]


class Index:
    """What search knows: id -> moment. Rows of one moment come in any order, when they are sorted by moment."""

    def __init__(self, rows: dict[str, datetime], chance: random.Random) -> None:
        self.rows = rows
        self._chance = chance
        self.deepest = 0

    def page(self, cursor: Cursor, size: int) -> list[tuple[str, str]]:
        """Answer a request as search does."""
        ((*filters,),), sort = reading.asked(CONTACT, cursor)
        found = [one for one in self.rows.items() if all(self._fits(one, test) for test in filters)]
        self._chance.shuffle(found)
        found.sort(key=(lambda one: int(one[0])) if sort == "hs_object_id" else (lambda one: one[1]))
        return [(record_id, written(at)) for record_id, at in found[:size]]

    @staticmethod
    def _fits(row: tuple[str, datetime], test: dict[str, str]) -> bool:
        value = int(row[0]) if test["propertyName"] == "hs_object_id" else int(millis(written(row[1])))
        wanted = int(test["value"])
        return {"GTE": value >= wanted, "EQ": value == wanted, "GT": value > wanted}[test["operator"]]


@given(
    moments=st.lists(st.integers(0, 12), max_size=60),
    size=st.integers(1, 7),
    seed=st.integers(0, 2**16),
    touched=st.integers(0, 5),
)
def test_loses_nothing(moments: list[int], size: int, seed: int, touched: int) -> None:
    """Few moments, many records in each, small pages, and writes between two pages."""
    chance = random.Random(seed)
    index = Index({str(100 + at): BEGAN + timedelta(milliseconds=m) for at, m in enumerate(moments)}, chance)
    wanted = set(index.rows)
    cursor = resume(Cursor(since=written(BEGAN)), NOW, full=False)
    seen: set[str] = set()
    for turn in range(1_000):
        rows = index.page(cursor, size)
        seen |= {record_id for record_id, _ in rows}
        cursor = further(cursor, rows, size, NOW)
        if cursor.mode is Mode.BIN:
            break
        if turn < touched and index.rows:
            again = chance.choice(sorted(index.rows))
            index.rows[again] = BEGAN + timedelta(milliseconds=13 + turn)
    assert cursor.mode is Mode.BIN, "the pull never ended"
    assert wanted <= seen


def test_ten_thousand_in_one_millisecond_are_read_without_a_deep_page() -> None:
    """An import: search would end at 10,000 results; here each request is a first page."""
    chance = random.Random(7)
    index = Index({str(at): BEGAN + timedelta(seconds=5) for at in range(1, 10_502)}, chance)
    index.rows["20000"] = BEGAN + timedelta(seconds=6)
    cursor = resume(Cursor(since=written(BEGAN)), NOW, full=False)
    seen: set[str] = set()
    pages = 0
    while cursor.mode is not Mode.BIN:
        rows = index.page(cursor, 100)
        seen |= {record_id for record_id, _ in rows}
        cursor = further(cursor, rows, 100, NOW)
        pages += 1
    assert seen == set(index.rows)
    assert pages < 120


def test_the_next_pull_begins_behind_what_search_may_not_see_yet() -> None:
    """A record written a moment ago moves the cursor no closer to now than the lag."""
    just_now = written(NOW - timedelta(seconds=1))
    place = resume(Cursor(since=written(BEGAN)), NOW, full=False)
    ended = further(place, [("7", just_now)], 100, NOW)
    assert ended.since == written(NOW - timedelta(seconds=reading.LAG_S))
    old = further(place, [("7", written(BEGAN + timedelta(seconds=9)))], 100, NOW)
    assert old.since == written(BEGAN + timedelta(seconds=9))
    assert further(place, [], 100, NOW).since == written(BEGAN)


def test_a_record_is_kept_flat_with_its_associations() -> None:
    """Properties stand beside id, times and associations; empty ones are left out."""
    record = {
        "id": "51",
        "properties": {"email": "Ada@Example.test ", "phone": "", "lastmodifieddate": "2026-11-21T08:00:00Z"},
        "createdAt": "2026-11-20T08:00:00.000Z",
        "updatedAt": "2026-11-21T08:00:00.000Z",
        "archived": False,
    }
    seen = reading.observe("contact", record, {"companies": ["9", "10", "9"]})
    assert seen.document["email"] == "Ada@Example.test "
    assert "phone" not in seen.document
    assert seen.document["associations"] == {"companies": ["9", "10"], "deals": []}
    assert seen.subjects == ("ada@example.test",)
    assert seen.modified_at == moment_of("2026-11-21T08:00:00Z")
    binned = reading.observe("contact", {**record, "archived": True, "archivedAt": "2026-11-22T08:00:00Z"}, {})
    assert binned.presence is Presence.TRASHED
    assert binned.modified_at == moment_of("2026-11-22T08:00:00Z")


def test_a_record_without_an_id_is_refused() -> None:
    """Going on would record nobody."""
    with pytest.raises(ValueError, match="id"):
        reading.observe("deal", {"properties": {}}, {})
    with pytest.raises(ValueError, match="lastmodifieddate"):
        reading.row_of(CONTACT, {"id": "5", "properties": {}})


def test_a_cursor_is_plain_json_and_a_broken_one_is_refused() -> None:
    """What is saved comes back as it was."""
    place = Cursor(Mode.CHANGES, since="a", at="b", id="4", newest="c", bin="9")
    assert paging.load(paging.save(place), Cursor) == place
    with pytest.raises(ValueError, match="cursor"):
        paging.load({"mode": "sideways"}, Cursor)
