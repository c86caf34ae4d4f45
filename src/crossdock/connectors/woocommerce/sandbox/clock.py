"""The shop's clock: real time plus a shift that tests move, shown in the site's zone and in GMT."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

_STAMP = re.compile(r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}(?::?\d{2})?)?$")
_ZONED = re.compile(r"(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$")


class ShopClock:
    """Seconds since 1970 of the shop, and its site zone (an IANA name)."""

    def __init__(self, zone: str = "America/Los_Angeles") -> None:
        self.zone = ZoneInfo(zone)
        self._shift = 0.0
        self._stopped: float | None = None

    def time(self) -> float:
        """Return the shop's Unix time in seconds."""
        return self._stopped if self._stopped is not None else time.time() + self._shift

    def advance(self, seconds: float) -> None:
        """Move the shop's time forward."""
        if self._stopped is not None:
            self._stopped += seconds
        else:
            self._shift += seconds

    def stop_at(self, unix: float | None) -> None:
        """Stand still at ``unix`` (recordings are replayed at their own time); None lets time run again."""
        self._stopped = unix

    def stamps(self, unix: float | None = None) -> tuple[str, str]:
        """Return (site time, GMT) as WordPress writes them: ``YYYY-MM-DDTHH:MM:SS``, no zone."""
        return stamps_at(int(self.time() if unix is None else unix), self.zone)

    def to_gmt(self, text: str, *, dates_are_gmt: bool) -> str:
        """Return a request's date as GMT text; without a zone it is site time (vendor fact 19).

        Raises ``ValueError`` for what WordPress refuses: an epoch, a bare date.
        """
        if not _STAMP.match(text):
            raise ValueError("Invalid date.")
        at = datetime.fromisoformat(text.upper().replace(" ", "T", 1))
        if not _ZONED.search(text):
            at = at.replace(tzinfo=UTC if dates_are_gmt else self.zone)
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=4096)
def stamps_at(unix: int, zone: ZoneInfo) -> tuple[str, str]:
    """Return (site time, GMT) of a whole second."""
    at = datetime.fromtimestamp(unix, UTC)
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S"), at.strftime("%Y-%m-%dT%H:%M:%S")
