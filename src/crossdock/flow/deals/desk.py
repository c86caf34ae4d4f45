"""Deals of a CRM for whoever asks: read live, page by page or one in full, and recorded nowhere."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Iterator
from typing import Any, Final, Protocol

import msgspec

from crossdock.connect import trouble
from crossdock.connect.deals import DealFilter, Deals, UnknownDeals
from crossdock.errors import BadInput, NotFound
from crossdock.flow.deals.masking import masked
from crossdock.flow.pull.live import Sealer, opened, sealed
from crossdock.model.commerce.deal import Deal
from crossdock.model.connection import Connection

MOST: Final = 100
"""Deals on one page: what the vendor reads at once."""


class Crms(Protocol):
    """Who is who."""

    async def deals(self, connection_id: uuid.UUID) -> Deals:
        """Return the deals of a connection. Raises ``BadInput`` where it has none."""
        ...


class Slice(msgspec.Struct, frozen=True):
    """One page, as it may be seen."""

    items: list[dict[str, Any]]
    next: str | None


class DealDesk:
    """Reads deals."""

    def __init__(self, crms: Crms, vault: Sealer) -> None:
        self._crms = crms
        self._vault = vault

    async def page(
        self, connection: Connection, asked: DealFilter, cursor: str | None, limit: int, *, people: bool
    ) -> Slice:
        """Read one page, the newest first.

        Raises ``BadInput`` for a filter that names nothing and for a cursor of another list, ``VendorTrouble``.
        """
        deals = await self._crms.deals(connection.id)
        # a cursor is bound to its filter: with another one it would begin in the middle
        row = connection.id.bytes + b"deals" + hashlib.sha256(msgspec.json.encode(asked)).digest()
        place = None if cursor is None else opened(self._vault, row, cursor)
        with told():
            page = await deals.deals(asked, place, limit)
        following = None if page.cursor is None else sealed(self._vault, row, page.cursor)
        return Slice([masked(deal, people=people) for deal in page.items], following)

    async def one(self, connection: Connection, deal_id: str) -> Deal:
        """Read one deal in full. Raises ``NotFound``, ``BadInput`` for what is no id, ``VendorTrouble``."""
        deals = await self._crms.deals(connection.id)
        with told():
            deal = await deals.deal(deal_id)
        if deal is None:
            raise NotFound("the account has no such deal now", field="deal_id", remedy="list them; it may be archived")
        return deal


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Tell what a CRM answers as problems of ours."""
    try:
        with trouble.told():
            yield
    except UnknownDeals as unknown:
        raise BadInput(str(unknown), field=unknown.field, remedy=unknown.remedy) from None
    except ValueError as wrong:
        raise BadInput(str(wrong), field="deal_id", remedy="write the CRM's own id") from None
