"""The deals of a CRM: read as people ask for them, and told the invoice that was made of them.

A capability: a connector that has deals gives ``Connector.deals``; where it is ``None`` there are none. Reading one
deal takes the same number of requests however many lines it has, up to the vendor's batch size.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from crossdock.model.commerce.deal import Deal
from crossdock.model.plan import Plan


class DealFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which deals are asked for; what is not given holds nothing back. Moments in UTC, bounds included."""

    stage: str = ""
    """The CRM's id of a stage, or its label."""
    pipeline: str = ""
    """The CRM's id of a pipeline, or its label."""
    owner: str = ""
    """The owner's id at the CRM, or e-mail address."""
    least: Decimal | None = None
    most: Decimal | None = None
    """Amount, in the deal's own currency."""
    closed_from: datetime | None = None
    closed_until: datetime | None = None
    modified_since: datetime | None = None
    won: bool | None = None
    """True: won deals only; False: those that are not."""
    won_since: datetime | None = None
    """Won, with a close date at this time or later; one without a close date is judged by its last change."""


class DealPage(msgspec.Struct, frozen=True):
    """One page of deals, the newest first; their lines, contacts and companies are not read."""

    items: tuple[Deal, ...]
    cursor: dict[str, Any] | None
    """Where the next page begins: opaque, JSON; None: this was the last."""
    total: int | None = None
    """How many fit from here on, where the CRM tells."""


class InvoiceTold(msgspec.Struct, frozen=True, kw_only=True):
    """What the CRM is told of an invoice."""

    deal_id: str
    number: str
    link: str = ""
    """Where people see it; empty: nowhere."""


class UnknownDeals(ValueError):
    """A filter names what the CRM does not have. ``field`` is the filter's name."""

    def __init__(self, field: str, rule: str, remedy: str) -> None:
        super().__init__(rule)
        self.field, self.rule, self.remedy = field, rule, remedy


class Deals(Protocol):
    """Deals of one account. All but ``write_back`` raise :class:`~crossdock.connect.client.CallFailed`."""

    async def deals(self, asked: DealFilter, cursor: dict[str, Any] | None, limit: int) -> DealPage:
        """Read a page of at most ``limit`` (1 to 100) deals that fit.

        Raises :class:`UnknownDeals`, and ``ValueError`` for a cursor that is none.
        """
        ...

    async def deal(self, deal_id: str) -> Deal | None:
        """Read one deal with its lines, contacts, companies and owner; None where there is none of this id now.

        An archived deal, and one that was merged into another, is none. Raises ``ValueError`` for what is no id.
        """
        ...

    async def some(self, deal_ids: Sequence[str]) -> tuple[Deal, ...]:
        """Read many deals as :meth:`deal` does, in batches; those that are not there are left out."""
        ...

    def write_back(self, told: InvoiceTold, key: str) -> Plan:
        """Make the plan that writes an invoice's number to its deal; ``key``: our name of the deal. Pure."""
        ...
