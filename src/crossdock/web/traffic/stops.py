"""A stop on the line of a story."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """What happened at one point; ``kind`` names the part of the page that shows ``data``."""

    tone: str
    at: datetime | None
    title: str
    soft: str = ""
    after: str = ""
    """How long after the stop before it."""
    state: str = ""
    """A state beside the title, with ``word`` instead of its own."""
    word: str = ""
    kind: str = ""
    data: Any = None
    hold: bool = False
    end: bool = False
