"""What a connector's tests bring to the contract suite: a harness that starts its sandbox and plays its other side.

A harness opens a *bench*: the sandbox on a free loopback port, a transport, and access to it. The suite asks a bench
only for what the connector has: :class:`ReadBench` for a source, :class:`WriteBench` for a destination,
:class:`SignBench` where messages are signed. One bench may be all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from crossdock.connect.connector import Access, Connector
from crossdock.model.plan import Resolved


class Variant(StrEnum):
    """A signed message as it should be, and the ways in which it should not."""

    GOOD = "good"
    BAD = "bad"
    """Signed with another secret."""
    STALE = "stale"
    """Signed well, but outside the time window."""
    OTHER_BODY = "other-body"
    """Signed well, then one byte of the body changed."""


@runtime_checkable
class Bench(Protocol):
    """A running sandbox and access to it. Every bench has these."""

    good: Access
    """Access that works. Its secrets are canaries: long and unlikely words that are searched for in every text."""

    bad: Access | None
    """Access whose credentials the vendor refuses; None where it has none."""

    async def turn(self, **dials: Any) -> None:
        """Turn the sandbox's fault dials (``next_errors=1``, ``throttle_share=1.0``, ``cut_after_effect=1`` …)."""
        ...

    async def requests(self) -> int:
        """Return how many requests the vendor's API has seen so far; 0 is fine for one that does not count."""
        ...

    async def refusals(self) -> Mapping[str, bool]:
        """Try what the vendor refuses, by raw HTTP without the connector's client.

        Returns a name of each refusal (``unknown property``, ``bad signature``) -> whether the sandbox refused it.
        """
        ...

    def round_trips(self) -> Sequence[tuple[Any, Any]]:
        """Return pairs (went in, came back) through the mapper, both ways where it has both. Pure."""
        ...


@runtime_checkable
class ReadBench(Bench, Protocol):
    """A bench of a connector that has a source."""

    stream: str
    """The stream that the suite reads."""

    many: int
    """How many entities fill at least three pages."""

    async def seed(self, count: int) -> list[str]:
        """Put new entities into the sandbox behind the connector's back; return their external ids."""
        ...

    async def touch(self, external_id: str) -> None:
        """Change an entity, so that its modified time moves."""
        ...

    async def ids(self) -> set[str]:
        """Return the external ids a full read of the stream must find, from the sandbox's own state."""
        ...


@runtime_checkable
class WriteBench(Bench, Protocol):
    """A bench of a connector that has a destination."""

    retry_after_s: float | None
    """What the sandbox's 429 says to wait; None when the vendor never says."""

    def writes(self, count: int, *, poisoned: int | None = None) -> tuple[str, list[Resolved]]:
        """Return (step, writes) of fresh records with keys of their own; the one at ``poisoned`` is refused (4xx)."""
        ...

    async def held(self) -> Mapping[str, int]:
        """Return our key (webhooks: the message id) -> how many records the vendor holds of it."""
        ...


@runtime_checkable
class SignBench(Bench, Protocol):
    """A bench of a connector whose messages are signed, in (a door) or out (a sender)."""

    async def accepts(self, variant: Variant) -> bool:
        """Whether the receiving side takes a message: our door, or the sandbox where we are the sender."""
        ...


@runtime_checkable
class RenewBench(Bench, Protocol):
    """A bench of a connector whose credentials can be renewed without a person."""

    async def expire(self) -> None:
        """Make the access token stop working, as time does."""
        ...


@runtime_checkable
class EraseBench(Bench, Protocol):
    """A bench of a destination that can erase a person."""

    async def erases(self) -> bool:
        """Write a person, erase them through the connector; whether the sandbox then holds nothing of them."""
        ...


@runtime_checkable
class DealBench(Bench, Protocol):
    """A bench of a connector that has deals."""

    async def sell(self, lines: int) -> str:
        """Make a won deal with so many lines without discounts, a person, a company and an owner; return its id."""
        ...

    async def touch_deal(self, deal_id: str) -> None:
        """Change a deal, so that its modified time moves."""
        ...

    async def numbers(self) -> Mapping[str, str]:
        """Return the invoice numbers that the vendor's deals bear, by deal."""
        ...


class Harness(Protocol):
    """What ``tests/contract/<name>/harness.py`` gives as ``HARNESS``."""

    connector: Connector

    folder: Path
    """The connector's own folder."""

    page: Path
    """The reference page made from the manifest (``docs/reference/connectors/<name>.md``)."""

    def open(self) -> AbstractAsyncContextManager[Bench]:
        """Start a fresh sandbox and transport; both end with the block."""
        ...
