"""What pages read out of addresses and forms: days, numbers, choices; each refusal names its field."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import msgspec

from crossdock.errors import BadInput
from crossdock.kit.ids import Prefix, parse, show
from crossdock.model.connection import Connection
from crossdock.web.desk import Desk


class Store(msgspec.Struct, frozen=True):
    """A connection, as a filter offers it."""

    id: str
    uuid: uuid.UUID
    name: str
    connector: str
    title: str
    state: str


async def connections(desk: Desk, *, streams: Iterable[str] = ()) -> list[Store]:
    """Return the tenant's connections; with ``streams`` those that one of these is read from."""
    wanted = frozenset(streams)
    found = []
    for row in await desk.hub.connections.list(desk.tenant_id):
        connector = desk.hub.directory.connector(row["connector"])
        if connector is None or (wanted and not wanted & {one.name for one in connector.manifest.streams}):
            continue
        title = connector.manifest.identity.title
        name = show(Prefix.CONNECTION, row["uuid"])
        found.append(Store(name, row["uuid"], row["name"], row["connector"], title, row["state"]))
    return found


async def named(desk: Desk, stores: Sequence[Store], field: str = "store") -> Connection | None:
    """Return the connection that the address names, if it names one. Raises ``BadInput``."""
    text = desk.query.get(field, "")
    if not text:
        return None
    found = store_in(stores, text)
    if found is None:
        raise BadInput("there is no such connection", field=field, remedy="choose one of the list")
    return await desk.hub.connections.one(desk.tenant_id, found.uuid)


def store_in(stores: Sequence[Store], text: str) -> Store | None:
    """Return the store that a text names by its id or name; None where there is none."""
    return next((one for one in stores if text and text in (one.id, one.name)), None)


def needed_store(stores: Sequence[Store], text: str) -> Store:
    """Return the store that a text names. Raises ``BadInput``."""
    found = store_in(stores, text)
    if found is None:
        raise BadInput("name a store", field="store", remedy="choose one of the list")
    return found


def day(text: str, field: str) -> date | None:
    """Read a day; empty is none. Raises ``BadInput``."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("this is no day", field=field, remedy="write it as 2026-11-21") from None


def begins(desk: Desk, field: str) -> datetime | None:
    """Return when a day of the query begins where the person is. Raises ``BadInput``."""
    return _midnight(day(desk.query.get(field, ""), field), desk.seat.zone)


def ends(desk: Desk, field: str) -> datetime | None:
    """Return when a day of the query is over where the person is. Raises ``BadInput``."""
    last = day(desk.query.get(field, ""), field)
    return _midnight(last + timedelta(days=1) if last else None, desk.seat.zone)


def _midnight(at: date | None, zone: str) -> datetime | None:
    if at is None:
        return None
    try:
        return datetime.combine(at, time(), ZoneInfo(zone)).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        raise BadInput("this day is out of reach", field="since", remedy="name a day of this century") from None


def whole(text: str, field: str, *, least: int = 0, most: int = 2_000_000_000) -> int | None:
    """Read a whole number; empty is none. Raises ``BadInput``."""
    if not text:
        return None
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise BadInput(f"expected a whole number from {least} to {most}", field=field, remedy="correct it")
    return value


def amount(text: str, field: str) -> Decimal | None:
    """Read an exact decimal; empty is none. Raises ``BadInput``."""
    if not text:
        return None
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise BadInput("this is no number", field=field, remedy="write it as 12.50")
    return value


def place(desk: Desk, prefix: Prefix, field: str = "before") -> uuid.UUID | None:
    """Return the key of a list that the address names. Raises ``BadInput``."""
    text = desk.query.get(field, "")
    if not text:
        return None
    try:
        return parse(prefix, text)
    except ValueError:
        raise BadInput("there is no such place in the list", field=field, remedy="begin without it") from None


def chosen(text: str, field: str, among: Sequence[str]) -> str | None:
    """Return a word of a fixed list; empty is none. Raises ``BadInput``."""
    if not text:
        return None
    if text not in among:
        raise BadInput(f"{text!r} is none of them", field=field, remedy=f"one of {', '.join(among)}")
    return text
