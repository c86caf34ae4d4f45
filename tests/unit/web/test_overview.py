"""The answer of the overview and the tracks of its yard."""

from __future__ import annotations

from crossdock.web.traffic.needs import answer_of, needs_of
from crossdock.web.traffic.yard import yard_of


def test_every_state_of_a_track_is_said() -> None:
    def one(name: str, state: str = "active", **more: object) -> dict[str, object]:
        return {"id": name, "name": name, "state": state, "breaker": "closed", "held_until": None, **more}

    ends = [one("a"), one("b", "broken"), one("c"), one("d", breaker="open"), one("e", "paused")]
    routes = [{"source_id": s, "destination_id": d, "enabled": True} for s, d in ("ac", "bc", "ad", "ae")]
    yard = yard_of(ends, routes)
    assert [(t.source + t.destination, t.state) for t in yard.tracks] == [
        ("ac", "moving"),
        ("ad", "held back"),
        ("ae", "paused"),
        ("bc", "stopped"),
    ]
    assert yard.words == "4 routes: a to c, d, e; b to c."
    assert all(track.path.startswith("M0 ") for track in yard.tracks)


def test_the_answer_counts_what_needs_somebody() -> None:
    def to(path: str, **query: object) -> str:
        return path

    broken = [{"id": str(n), "name": "x", "state": "broken", "problem": None, "waiting": 0} for n in range(3)]
    needs = needs_of(broken, [], [], to)
    assert answer_of(needs, broken, ran=True) == "Three things need you."
    assert answer_of([], [{"state": "active"}], ran=True) == "Nothing needs you. Everything is moving."
