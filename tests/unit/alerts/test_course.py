"""The course of alerts in time: raised once, reminded at growing intervals, damped when they flap, over with a word."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from crossdock.govern.alerts import rhythm
from crossdock.govern.alerts.course import Course, Standing, What, calm_of, course
from crossdock.govern.alerts.readings import Trouble
from crossdock.govern.alerts.words import document_of, json_of, slack_of, text_of, title_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CALM = timedelta(seconds=60)
CON = uuid.UUID(int=3)


def trouble(count: int = 1, **more: Any) -> Trouble:
    words = dict.fromkeys(("title", "cause", "remedy", "command", "link"), "x & <y>")
    facts = {"kind": "lag", "subject": "con", "connection_id": CON, "severity": "error", "since": NOW, "count": count}
    return Trouble(**{**words, **facts, **more})


class Life:
    """Plays evaluations one after the other."""

    def __init__(self) -> None:
        self.open: list[Standing] = []
        self.now = NOW
        self.told: list[tuple[str, timedelta]] = []
        self.relapses: dict[tuple[str, str], int] = {}

    def look(self, *found: Trouble, after: timedelta = timedelta(seconds=10), **more: Any) -> Course:
        self.now += after
        ids = (uuid.uuid4() for _ in found)
        made = course(self.open, found, self.now, calm=CALM, ids=ids, relapses=self.relapses, **more)
        changed = {one.id: one for one in made.changed}
        self.open = [one for one in (changed.get(o.id, o) for o in self.open) if not one.ended_at] + [*made.opened]
        for one in changed.values():
            if one.ended_at:
                self.relapses[one.key] = one.relapses + 1
        self.told += [(str(one.what), self.now - NOW) for one in made.told]
        return made


def test_raised_once_and_over_after_calm() -> None:
    life = Life()
    for _ in range(5):
        life.look(trouble())
    for _ in range(8):
        life.look()
    assert [what for what, _ in life.told] == ["raised", "recovered"]
    assert life.open == []


def test_a_short_gap_is_no_end() -> None:
    life = Life()
    life.look(trouble())
    for _ in range(10):
        life.look()
        life.look(trouble())
    assert [what for what, _ in life.told] == ["raised"]
    assert life.open[0].relapses == 10


def test_reminders_grow_apart_until_somebody_takes_it_over() -> None:
    life = Life()
    for _ in range(24 * 10):
        life.look(trouble(), after=timedelta(hours=1))
    hours = [round(at.total_seconds() / 3600) for what, at in life.told if what == "reminder"]
    assert hours == [2, 6, 18, 42, 114]
    life.open = [msgspec.structs.replace(one, acknowledged=True) for one in life.open]
    life.look(trouble(), after=timedelta(days=30))
    assert len(life.told) == 6
    life.look(trouble(count=10))
    assert life.told[-1][0] == "grown"


def test_what_flaps_becomes_one_long_alert() -> None:
    life = Life()
    for _ in range(60):
        life.look(trouble(), after=timedelta(minutes=5))
        life.look(after=timedelta(seconds=10))
        life.look(after=timedelta(minutes=4))
    assert 2 <= len(life.told) <= 12, life.told


def test_a_pause_freezes_and_an_end_is_silent() -> None:
    life = Life()
    life.look(trouble())
    life.look(frozen=frozenset({CON}), after=timedelta(days=2))
    assert len(life.open) == 1
    life.look(gone=frozenset({CON}))
    assert (life.open, [what for what, _ in life.told]) == ([], ["raised"])


def test_what_is_quiet_is_not_opened_and_not_ended() -> None:
    life = Life()
    life.look(trouble(quiet=True))
    assert life.open == []
    life.look(trouble())
    for _ in range(100):
        life.look(trouble(quiet=True), after=timedelta(minutes=10))
    assert [what for what, _ in life.told] == ["raised"]


@given(st.lists(st.booleans(), max_size=60))
def test_at_most_one_is_open_and_every_end_has_a_beginning(seen: list[bool]) -> None:
    life = Life()
    for wrong in seen:
        life.look(*((trouble(),) if wrong else ()))
        assert len(life.open) <= 1
    ends = [what for what, _ in life.told if what in ("raised", "recovered")]
    assert ends == ["raised", "recovered"] * (len(ends) // 2) + ["raised"] * (len(ends) % 2)


def test_calm_doubles_up_to_an_hour() -> None:
    assert [calm_of(n, CALM).total_seconds() for n in (0, 1, 3, 6, 1000)] == [60, 120, 480, 3600, 3600]


def test_a_notice_is_said_in_three_ways() -> None:
    life = Life()
    raised = life.look(trouble(count=1200)).told
    said = document_of("default", raised, NOW, "https://hub.example")
    assert title_of("alerts", said) == "Alert: x & <y>"
    assert "how many  1,200" in text_of("alerts", said)
    assert "https://hub.examplex" in text_of("alerts", said)
    assert "x &amp; &lt;y&gt;" in slack_of("alerts", said)["text"]
    assert json_of("alerts", said, NOW)["data"]["alerts"][0]["what"] == What.RAISED
    many = document_of("default", [*raised] * 30, NOW, "")
    assert title_of("alerts", many) == "30 alerts: 30 raised"
    assert len(slack_of("alerts", many)["blocks"]) == 21


def test_a_rhythm_is_learned_and_forgotten() -> None:
    orders = [NOW - timedelta(hours=84 * n) for n in range(1, 8)]
    known = rhythm.first(orders, NOW, 5)
    assert known.usual_s == 84 * 3600
    assert rhythm.first(orders[:2], NOW, 0).usual_s is None, "two orders are no rhythm"
    later = NOW + timedelta(hours=1)
    assert rhythm.listened(known, {later.date(): 5}, later).heard_at == known.heard_at
    heard = rhythm.listened(known, {later.date(): 6}, later)
    assert (heard.heard_at, heard.heard) == (later, 6)
    much_later = NOW + timedelta(days=40)
    assert rhythm.listened(heard, {date(2026, 12, 31): 1}, much_later).usual_s is None, "old pauses are forgotten"
    assert len(rhythm.kept([(NOW, n) for n in range(100)], NOW)) == 20
