"""Watching an account: what a look at it sees, what the hub knows of it, and what follows from both.

A connector's watcher does the looking (:class:`Watcher`); what it sees is a :class:`Sight` of plain facts. Its
``diagnose`` is pure: facts in, a :class:`Judgement` out. The hub keeps the findings and carries the repairs out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec

from crossdock.connect.connector import CheckResult, Hook

NEWEST: Final = 50
"""How many of the newest entities a look asks for."""


class Repair(StrEnum):
    """What the hub can do about a finding."""

    REGISTER = "register"
    """A webhook of a topic that has none; an old one that is named is deleted afterwards. It gets a new secret."""
    ENABLE = "enable"
    """Set a webhook active and to our address again."""
    ROTATE = "rotate"
    """Give a webhook a new secret."""
    REMOVE = "remove"
    """Delete a webhook that points to us and that we know nothing of."""
    KICK = "kick"
    """Make the account's own job queue run."""
    ADAPT = "adapt"
    """Use the new way of reaching the account (:attr:`Judgement.account`)."""


class Mend(msgspec.Struct, frozen=True):
    """One repair."""

    repair: Repair
    topic: str = ""
    vendor_id: str = ""
    there: bool = True
    """Whether the account still has the webhook; one that became somebody else's is not there either."""


class Gap(StrEnum):
    """What a finding may have hidden: what changed lately, or anything at all."""

    NONE = ""
    LATELY = "lately"
    ANYTHING = "anything"
    AFRESH = "afresh"
    """Anything, and the account's time went back: pulls begin anew at its time now."""


class Finding(msgspec.Struct, frozen=True):
    """Something wrong with an account: its name, cause and remedy, in plain words for people."""

    code: str
    severity: str
    """``error``: something stands still; ``warning``: it goes on, but not as it should."""
    cause: str
    remedy: str
    mends: tuple[Mend, ...] = ()
    """What can be done about it, in this order; empty when only people can."""
    gap: Gap = Gap.LATELY
    hooks_ok: bool = True
    """False: webhooks cannot be counted on while this stands unrepaired."""
    breaks: bool = False
    """Nothing can be read until people have done something: the connection is broken."""
    stops_writes: bool = False
    evidence: dict[str, Any] = msgspec.field(default_factory=dict)
    """Numbers, ids and topics; never personal data or secrets."""


class KnownHook(msgspec.Struct, frozen=True):
    """A webhook as we registered it, and what its deliveries were answered."""

    vendor_id: str
    topic: str
    url: str
    failed: int = 0
    """Deliveries answered with anything but 2xx since the last one that was taken."""
    refused: int = 0
    """Those among them whose signature did not fit."""
    heard_at: datetime | None = None
    """When a delivery was last taken."""


class Known(msgspec.Struct, frozen=True):
    """What the hub knows of an account beside what the look saw."""

    now: datetime
    config: Mapping[str, Any]
    account: Mapping[str, Any]
    """What the last check that worked learned."""
    url: str
    """Where the account's webhooks have to point; empty in pull-only mode."""
    topics: tuple[str, ...]
    """The topics that webhooks are wanted of."""
    hooks: tuple[KnownHook, ...] = ()
    recorded: Mapping[str, datetime | None] = msgspec.field(default_factory=dict)
    """Modified time of our record of each entity in :attr:`Sight.changed` that we have a record of."""
    vanished: int = 0
    """Entities the last look saw among the newest, that stand in our records, and that are no longer there."""
    told: Mapping[str, int] = msgspec.field(default_factory=dict)
    """Totals: ``webhook`` arrivals, ``pulled`` changes that a pull was the first to see, ``rewound`` events."""
    strangers: int = 0
    """Total of genuine webhooks that were refused because another site sent them."""
    stranger: str = ""
    """The address the last of them gave."""
    memory: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """What the last judgement asked to remember."""


class Sight(msgspec.Struct, frozen=True):
    """What one look saw."""

    check: CheckResult
    hooks: tuple[Hook, ...] | None = None
    """None: they could not be listed."""
    clock_ahead_s: float | None = None
    """How far the account's clock is ahead of ours."""
    certificate_ends: datetime | None = None
    certificate_expired: bool = False
    stream: str = ""
    """Which stream ``changed`` and ``newest`` speak of."""
    changed: tuple[tuple[str, datetime], ...] = ()
    """(id, modified time) of the entities that were changed last, long enough ago for a webhook to have come."""
    newest: tuple[int, ...] = ()
    """The highest ids there are; fewer than :data:`NEWEST` when there are no more."""
    marks: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What tells each of the newest from another that is given the same id later: the same for as long as it lives."""


class Judgement(msgspec.Struct, frozen=True):
    """What follows from a sight."""

    findings: tuple[Finding, ...]
    account: dict[str, Any]
    """The account's facts as they are to be kept from now on."""
    memory: dict[str, Any]
    """What the next judgement needs to know."""
    soon: bool = False
    """Look again earlier than usual, because something is not yet certain."""


class Watcher(Protocol):
    """The watching part of a connector."""

    async def look(self) -> Sight:
        """See how the account does, in a handful of requests and without side effects. Never raises ``CallFailed``."""
        ...

    def diagnose(self, sight: Sight, known: Known) -> Judgement:
        """Say what follows. Pure."""
        ...

    async def change_hook(self, vendor_id: str, *, url: str = "", secret: str = "", active: bool = False) -> None:
        """Change a webhook in place. Raises ``CallFailed``."""
        ...

    async def kick(self) -> None:
        """Make the account's own job queue run once. Raises ``CallFailed``."""
        ...
