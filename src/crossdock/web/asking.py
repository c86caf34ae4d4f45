"""What stands in a page's address, read: ids, times of the person's zone, words of a list. An empty one is left out."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.errors import BadInput
from crossdock.kit.ids import Prefix, parse
from crossdock.web.desk import Desk
from crossdock.web.words import local


def asked_id(desk: Desk, prefix: Prefix, name: str) -> uuid.UUID | None:
    """Return an id of the address or the form. Raises ``BadInput`` that names it."""
    text = given(desk, name)
    if not text:
        return None
    try:
        return parse(prefix, text)
    except ValueError as wrong:
        raise BadInput(str(wrong), field=name) from None


def asked_word(desk: Desk, name: str, among: Sequence[str]) -> str | None:
    """Return one of the words there are. Raises ``BadInput`` that names them."""
    text = given(desk, name)
    if not text:
        return None
    if text not in among:
        raise BadInput(f"there is no {text[:60]!r}", field=name, remedy=f"one of {', '.join(among)}")
    return text


def asked_text(desk: Desk, name: str, longest: int = 200) -> str | None:
    """Return words, at most so many characters. Raises ``BadInput``."""
    text = given(desk, name)
    if len(text) > longest:
        raise BadInput(f"at most {longest} characters", field=name, remedy="shorten it")
    return text or None


def asked_time(desk: Desk, name: str, *, end: bool = False) -> datetime | None:
    """Return a time, taken in the person's zone where it names none; ``end``: a bare day means its end.

    Raises ``BadInput``.
    """
    text = given(desk, name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("this is no time", field=name, remedy="write 2026-11-21T08:00") from None
    if not 1970 < at.year < 9000:
        raise BadInput("this is no time of ours", field=name, remedy="write 2026-11-21T08:00")
    at = at if at.tzinfo else at.replace(tzinfo=local(datetime.now(UTC), desk.seat.zone).tzinfo)
    return (at + timedelta(days=1) if end and len(text) == len("2026-11-21") else at).astimezone(UTC)


def given(desk: Desk, name: str) -> str:
    """Return what the form says, else what the address says."""
    return desk.text(name) or desk.query.get(name, "").strip()


def kept(desk: Desk, names: Iterable[str]) -> dict[str, str]:
    """Return what the form or the address says of some names; what both leave empty is left out."""
    return {name: text for name in names if (text := given(desk, name))}


def choices(words: Iterable[str], every: str = "All") -> list[tuple[str, str]]:
    """Return the choices of a filter; the first takes all."""
    return [("", every), *((word, word.replace("_", " ")) for word in words)]


def named(rows: Iterable[Mapping[str, Any]], every: str = "All") -> list[tuple[str, str]]:
    """Return the choices of a filter among things that have an id and a name."""
    return [("", every), *((str(row["id"]), str(row["name"])) for row in rows)]
