"""Reading an account now: pages and single entities as the vendor shows them, recorded nowhere.

Who may not see people gets what is about people masked, by the names of fields (a guess, and a wide one); what may be
about health is masked for everybody. A cursor is sealed: it goes back to the vendor's own addresses.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
import orjson

from crossdock.connect import trouble
from crossdock.connect.connector import Source
from crossdock.connect.manifest import Stream
from crossdock.errors import BadInput, NotFound, WrongMasterKey
from crossdock.kit import redact
from crossdock.model.connection import Connection
from crossdock.model.observation import Observation
from crossdock.model.sensitivity import Sensitivity, guess

_TITLES = frozenset({"dealname", "description", "hs_next_step", "company", "name_of_buyer", "website", "domain"})
"""Names that tell nothing of people, whose texts do."""
_NAMES = frozenset({"key", "value"})


class Sealer(Protocol):
    """The part of the vault that seals cursors."""

    def open_body(self, sealed: bytes, row: bytes) -> bytes: ...
    def seal_body(self, body: bytes, row: bytes) -> bytes: ...


class Accounts(Protocol):
    """Who is who."""

    async def source(self, connection_id: uuid.UUID) -> Source:
        """Return the reading half of a connection."""
        ...

    def readable(self, connection: Connection) -> tuple[Stream, ...]:
        """Return the streams its connector can read, switched on or not."""
        ...


class Shown(msgspec.Struct, frozen=True):
    """One entity as the vendor shows it now."""

    external_id: str
    stream: str
    presence: str
    status: str
    modified_at: Any
    created_at: Any
    parent_id: str | None
    document: dict[str, Any]
    """In the vendor's own words."""


class Slice(msgspec.Struct, frozen=True):
    """One page."""

    items: list[Shown]
    next: str | None
    """Where the next page begins; None: this was the last."""


class Live:
    """Reads accounts for whoever asks."""

    def __init__(self, sources: Accounts, vault: Sealer) -> None:
        self._sources = sources
        self._vault = vault

    async def page(self, connection: Connection, stream: str, cursor: str | None, *, people: bool) -> Slice:
        """Read one page of all there is, as many entities as the vendor lists at once.

        Raises ``NotFound`` for a stream it has not, ``BadInput`` for a cursor that is none, ``VendorTrouble``.
        """
        self._known(connection, stream)
        source = await self._sources.source(connection.id)
        place = None if cursor is None else self._opened(connection, stream, cursor)
        try:
            with trouble.told():
                page = await source.page(stream, place, full=True)
        except ValueError:
            raise _no_cursor() from None
        items = [shown(one, people=people) for one in page.items]
        return Slice(items, None if page.done else self._sealed(connection, stream, page.cursor))

    async def one(
        self, connection: Connection, stream: str, external_id: str, parent_id: str | None, *, people: bool
    ) -> Shown:
        """Read one entity. Raises ``NotFound`` where the vendor has none such, ``BadInput``, ``VendorTrouble``."""
        self._known(connection, stream)
        source = await self._sources.source(connection.id)
        try:
            with trouble.told():
                found = await source.fetch(stream, external_id, parent_id)
        except ValueError as wrong:
            raise BadInput(str(wrong), field="external_id", remedy="write the account's own id") from None
        if found is None:
            raise NotFound(f"the account has no such {stream} now", field="external_id")
        return shown(found, people=people)

    def _known(self, connection: Connection, stream: str) -> None:
        names = [one.name for one in self._sources.readable(connection)]
        if stream not in names:
            remedy = f"one of {', '.join(names)}" if names else "this connector reads nothing"
            raise NotFound(f"there is no stream {stream[:60]!r}", field="stream", remedy=remedy)

    def _sealed(self, connection: Connection, stream: str, cursor: Mapping[str, Any]) -> str:
        return sealed(self._vault, connection.id.bytes + stream.encode(), cursor)

    def _opened(self, connection: Connection, stream: str, cursor: str) -> dict[str, Any]:
        return opened(self._vault, connection.id.bytes + stream.encode(), cursor)


def sealed(vault: Sealer, row: bytes, cursor: Mapping[str, Any]) -> str:
    """Return a vendor's cursor as it is given to others, bound to what it is of."""
    return base64.urlsafe_b64encode(vault.seal_body(orjson.dumps(cursor), row)).decode().rstrip("=")


def opened(vault: Sealer, row: bytes, cursor: str) -> dict[str, Any]:
    """Return the vendor's cursor. Raises ``BadInput`` for what is none of this list."""
    try:
        told = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        found: dict[str, Any] = orjson.loads(vault.open_body(told, row))
    except (ValueError, binascii.Error, WrongMasterKey):
        raise _no_cursor() from None
    return found


def _no_cursor() -> BadInput:
    return BadInput("this is no cursor of this list", field="cursor", remedy="take it from the page before")


def shown(seen: Observation, *, people: bool) -> Shown:
    """Return an entity as it may be seen."""
    return Shown(
        external_id=seen.external_id,
        stream=seen.stream,
        presence=str(seen.presence),
        status=seen.status,
        modified_at=seen.modified_at,
        created_at=seen.created_at,
        parent_id=seen.parent_id,
        document=masked(seen.document, people=people),
    )


def masked(value: Any, *, people: bool, about: Sensitivity = Sensitivity.NONE) -> Any:
    """Return a copy of a JSON value without what may not be seen.

    A name speaks for all below it, and a plugin's ``{"key": …, "value": …}`` by its key: nobody states what it holds,
    so it is taken to be about a person.
    """
    if isinstance(value, Mapping):
        if value.keys() >= _NAMES and isinstance(value["key"], str):
            told = guess(value["key"], least=Sensitivity.PII)
            return {name: one if name == "key" else _judged(name, one, told, people) for name, one in value.items()}
        return {name: _judged(str(name), one, about, people) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [masked(one, people=people, about=about) for one in value]
    if value in (None, "", True, False) or (about is Sensitivity.NONE and not isinstance(value, str)):
        return value
    if about is Sensitivity.PHI or (about is Sensitivity.PII and not people):
        return redact.MASK
    return redact.text(value) if isinstance(value, str) and not people else value


def _judged(name: str, value: Any, about: Sensitivity, people: bool) -> Any:
    least = Sensitivity.PII if name in _TITLES else about
    if name in ("id", "key"):
        return value
    return masked(value, people=people, about=guess(name, least=least))
