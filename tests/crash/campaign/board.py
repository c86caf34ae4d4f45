"""What all processes of a round share: how often each place was passed, and which faults have struck."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Self

import msgspec

from tests.crash.campaign.points import places

_COUNT = struct.Struct("<I")
BEFORE, AFTER = "before", "after"


class Fault(msgspec.Struct, frozen=True):
    """At the ``nth`` passing of a place, before or after its step, something happens."""

    place: str
    nth: int
    action: str
    phase: str = BEFORE

    def __str__(self) -> str:
        return f"{self.place}:{self.phase}:{self.nth}:{self.action}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what :meth:`__str__` writes."""
        place, phase, nth, action = text.rsplit(":", 3)
        return cls(place, int(nth), action, phase)


class Board:
    """A file of counters, mapped by every process; what a killed process has written stays."""

    def __init__(self, path: Path, faults: int) -> None:
        self.names = {name: i for i, name in enumerate(_keys())}
        self._faults_at = 4 + 4 * len(self.names)
        size = self._faults_at + max(faults, 1)
        if not path.exists():
            path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)

    @property
    def armed(self) -> bool:
        """Whether faults strike."""
        return self._map[0] == 1

    @armed.setter
    def armed(self, on: bool) -> None:
        self._map[0] = int(on)

    def passed(self, place: str, phase: str) -> int:
        """Count one passing; returns how many there were."""
        at = 4 + 4 * self.names[f"{phase} {place}"]
        (count,) = _COUNT.unpack_from(self._map, at)
        _COUNT.pack_into(self._map, at, count + 1)
        return int(count) + 1

    def hits(self) -> dict[str, int]:
        """Return how often each place was passed, by its base name (the larger of before and after)."""
        found: dict[str, int] = {}
        for name, i in self.names.items():
            place = name.split(" ", 1)[1]
            found[place] = max(found.get(place, 0), _COUNT.unpack_from(self._map, 4 + 4 * i)[0])
        return found

    def strike(self, number: int) -> bool:
        """Mark a fault as struck; False when it was already."""
        if self._map[self._faults_at + number]:
            return False
        self._map[self._faults_at + number] = 1
        return True

    def struck(self, count: int) -> list[int]:
        """Return the numbers of the faults that have struck."""
        return [number for number in range(count) if self._map[self._faults_at + number]]

    def close(self) -> None:
        """Let the file go."""
        self._map.close()


def _keys() -> list[str]:
    return [f"{phase} {place}" for place in places() for phase in (BEFORE, AFTER)]
