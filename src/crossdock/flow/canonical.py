"""From a sealed body to our word: what a record or an event says, read in the words of its source."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

import orjson

from crossdock.connect.connector import Connector
from crossdock.model.commerce.customer import Customer
from crossdock.model.commerce.order import Order
from crossdock.model.commerce.product import Product
from crossdock.model.commerce.refund import Refund
from crossdock.model.connection import Connection
from crossdock.model.maps import translated
from crossdock.model.observation import Observation, Presence

_TOMBSTONES: dict[str, Callable[[str], Any]] = {
    "order": lambda i: Order(id=i, number=i, status="deleted", currency="", total=Decimal(0), presence="deleted"),
    "customer": lambda i: Customer(id=i, email="", deleted=True),
    "product": lambda i: Product(id=i, name="", presence="deleted"),
    "refund": lambda i: Refund(id=i, presence="deleted"),
}


class Opener(Protocol):
    """The part of the vault that opens bodies."""

    def open_body(self, sealed: bytes, row: bytes) -> bytes:
        """Open an event's body."""
        ...


class Canonical:
    """Reads rows of events or of records with their event.

    A row has ``stream, external_id, presence, status, modified_at, body`` and the event's id as ``event_id`` or
    ``id``.
    """

    def __init__(self, vault: Opener, connectors: Callable[[str], Connector | None]) -> None:
        self._vault = vault
        self._connectors = connectors

    def document(self, row: Any) -> dict[str, Any]:
        """Return the source's own document of a row."""
        found: dict[str, Any] = orjson.loads(self.body(row))
        return found

    def body(self, row: Any) -> bytes:
        """Return the bytes as they came."""
        return self._vault.open_body(row["body"], (row.get("event_id") or row["id"]).bytes)

    def read(self, connection: Connection, row: Any) -> Any:
        """Return the canonical word of a row, or its document where we have no word; a deletion has only its id left.

        Raises ``ValueError`` naming field and rule when the document is not what its source promises.
        """
        if row["presence"] == Presence.DELETED and row["stream"] in _TOMBSTONES:
            return _TOMBSTONES[row["stream"]](row["external_id"])
        document = self.document(row)
        source = self._connectors(connection.connector)
        if source is None or source.read is None:
            return document
        seen = Observation(
            stream=row["stream"],
            external_id=row["external_id"],
            document=document,
            presence=Presence(row["presence"]),
            status=row["status"],
            modified_at=row["modified_at"],
        )
        word = source.read(seen, connection.account)
        return translated(word, connection.config) if isinstance(word, Order) else word
