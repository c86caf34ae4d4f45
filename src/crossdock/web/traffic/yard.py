"""The yard: sources on the left, destinations on the right, a track for each pair that routes join. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

MOST_TRACKS: Final = 12
"""Beyond this a table is clearer."""


class Track(msgspec.Struct, frozen=True):
    """A pair of connections with its routes; ``path`` is drawn in a box of 100 by 100."""

    source: str
    destination: str
    routes: int
    tone: str
    state: str
    """moving, held back, stopped, paused."""
    path: str = ""


class Yard(msgspec.Struct, frozen=True):
    """What is drawn."""

    sources: list[Mapping[str, Any]]
    destinations: list[Mapping[str, Any]]
    tracks: list[Track]
    routes: int

    @property
    def drawn(self) -> bool:
        """Whether it is few enough to be drawn."""
        return 0 < len(self.tracks) <= MOST_TRACKS

    @property
    def words(self) -> str:
        """The tracks in words."""
        by_source: dict[str, list[str]] = defaultdict(list)
        for one in self.tracks:
            by_source[one.source].append(one.destination)
        told = "; ".join(f"{source} to {', '.join(names)}" for source, names in by_source.items())
        return f"{self.routes} {'route' if self.routes == 1 else 'routes'}: {told}."


def yard_of(connections: Sequence[Mapping[str, Any]], routes: Sequence[Mapping[str, Any]]) -> Yard:
    """Return the yard. A connection without routes stands where its first route will begin: with the sources."""
    known = {one["id"]: one for one in connections}
    standing = [one for one in routes if one["source_id"] in known and one["destination_id"] in known]
    ins = {one["source_id"] for one in standing}
    outs = {one["destination_id"] for one in standing}
    sources = [one for one in connections if one["id"] in ins or one["id"] not in outs]
    destinations = [one for one in connections if one["id"] in outs]
    pairs: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for route in standing:
        pairs[route["source_id"], route["destination_id"]].append(route)
    left = {one["id"]: place for place, one in enumerate(sources)}
    right = {one["id"]: place for place, one in enumerate(destinations)}
    order = sorted(pairs, key=lambda pair: (left[pair[0]], right[pair[1]]))
    tracks = []
    for number, pair in enumerate(order):
        tone, state = _state(known[pair[0]], known[pair[1]], pairs[pair])
        path = ""
        if len(order) <= MOST_TRACKS:
            starts = [one for one in order if one[0] == pair[0]]
            ends = sorted((one for one in order if one[1] == pair[1]), key=lambda one: left[one[0]])
            begin = _height(left[pair[0]], starts.index(pair), len(starts), len(sources))
            end = _height(right[pair[1]], ends.index(pair), len(ends), len(destinations))
            path = _path(begin, end, (number + 1) / (len(order) + 1))
        names = known[pair[0]]["name"], known[pair[1]]["name"]
        tracks.append(Track(*names, routes=len(pairs[pair]), tone=tone, state=state, path=path))
    return Yard(sources, destinations, tracks, len(standing))


def _state(
    source: Mapping[str, Any], destination: Mapping[str, Any], routes: Sequence[Mapping[str, Any]]
) -> tuple[str, str]:
    if "broken" in (source["state"], destination["state"]):
        return "bad", "stopped"
    if "paused" in (source["state"], destination["state"]) or not any(one["enabled"] for one in routes):
        return "quiet", "paused"
    if destination["breaker"] in ("open", "half_open") or destination["held_until"]:
        return "warn", "held back"
    return "good", "moving"


def _height(row: int, place: int, among: int, rows: int) -> float:
    """Return where a track meets a door: the door's middle, a little apart from its other tracks."""
    spread = (place - (among - 1) / 2) * min(0.16, 0.5 / among)
    return round(100 * (row + 0.5 + spread) / rows, 2)


def _path(begin: float, end: float, share: float) -> str:
    if abs(begin - end) < 0.5:
        return f"M0 {begin}H100"
    bend = round(14 + 46 * share, 1)
    return f"M0 {begin}H{bend}L{round(bend + 24, 1)} {end}H100"
