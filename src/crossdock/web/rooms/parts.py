"""The living page of all parts: every macro of ``templates/parts`` in every state, where it is added before its use."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from starlette.responses import Response

from crossdock.errors import BadInput
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.words import TONES

ROOM = Room()
_STATIC = Path(__file__).parent.parent / "static"
_KEY = BadInput("this is the secret (cs_…)", field="consumer_key", remedy="the key begins with ck_ and stands above it")


@cache
def _icons() -> tuple[str, ...]:
    return tuple(re.findall(r'id="i-([a-z-]+)"', (_STATIC / "icons.svg").read_text(encoding="utf-8")))


@ROOM.own("/_parts")
async def parts(desk: Desk) -> Response:
    """Show all parts."""
    now = datetime.now(UTC)
    return desk.show(
        "parts/living.html",
        problem=_KEY,
        icons=_icons(),
        states=tuple(TONES),
        moments={
            "now": now,
            "minutes ago": now - timedelta(minutes=3, seconds=8),
            "days ago": now - timedelta(days=12),
            "soon": now + timedelta(minutes=5, seconds=2),
        },
    )
