"""The rules that hold for every tenant unless it says otherwise, and what can be set about each. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Literal

import msgspec

from crossdock.errors import BadInput

Severity = Literal["error", "warning"]


class Kind(StrEnum):
    """What an alert is about."""

    DEAD_LETTERS = "dead_letters"
    CONNECTION_BROKEN = "connection_broken"
    BREAKER_OPEN = "breaker_open"
    LAG = "lag"
    QUEUE_AGE = "queue_age"
    FAILURE_SHARE = "failure_share"
    SILENCE = "silence"
    PROOF_GAP = "proof_gap"
    QUOTA = "quota"
    FINDING = "finding"
    STOCK_LINKS = "stock_links_suspended"
    STOCK_LOW = "stock_low"
    FALLBACK = "fallback_used"
    CHANNEL = "channel_failing"


class Setting(msgspec.Struct, frozen=True):
    """A number that a rule can be given. All are within ``least`` and ``most``."""

    name: str
    default: float
    least: float
    most: float
    means: str


class RuleKind(msgspec.Struct, frozen=True):
    """A rule as it holds by default."""

    kind: Kind
    severity: Severity
    means: str
    settings: tuple[Setting, ...] = ()
    by_connection: bool = True
    """Whether it can be changed for one connection."""


class Rule(msgspec.Struct, frozen=True):
    """A rule as it holds for one connection."""

    kind: Kind
    enabled: bool
    severity: Severity
    settings: Mapping[str, float]

    def number(self, name: str) -> float:
        """Return a setting."""
        return self.settings[name]


_MINUTES = Setting("minutes", 15, 1, 1440, "how far back calls are counted")

KINDS: Mapping[Kind, RuleKind] = {
    one.kind: one
    for one in (
        RuleKind(
            Kind.DEAD_LETTERS,
            "error",
            "deliveries were given up and wait for a person",
            (
                Setting("count", 1, 1, 1_000_000, "so many or more"),
                Setting("minutes", 0, 0, 44_640, "given up within so many minutes; 0: however long ago"),
            ),
        ),
        RuleKind(Kind.CONNECTION_BROKEN, "error", "an account refuses us or does not answer: nothing goes there"),
        RuleKind(
            Kind.BREAKER_OPEN,
            "error",
            "too many calls failed: only one probe at a time goes out",
            (Setting("minutes", 10, 0, 1440, "open for so long"),),
        ),
        RuleKind(
            Kind.LAG,
            "warning",
            "one of 20 deliveries or more comes later than it may",
            (
                Setting("seconds", 900, 1, 604_800, "from the event to its delivery"),
                _MINUTES,
                Setting("least", 5, 1, 100_000, "judged when so many were delivered"),
            ),
        ),
        RuleKind(
            Kind.QUEUE_AGE,
            "warning",
            "deliveries are due and nobody takes them, or they are tried in vain",
            (Setting("seconds", 1800, 1, 604_800, "past the time the oldest was due"),),
        ),
        RuleKind(
            Kind.FAILURE_SHARE,
            "warning",
            "a large part of the calls fails",
            (
                Setting("percent", 30, 1, 100, "of the calls"),
                _MINUTES,
                Setting("least", 20, 1, 100_000, "judged when so many were made"),
            ),
        ),
        RuleKind(
            Kind.SILENCE,
            "warning",
            "nothing new comes from a store that usually has news",
            (
                Setting("hours", 6, 1, 2160, "at least so long"),
                Setting("factor", 1.5, 1, 10, "and so many times the longest usual pause of its last four weeks"),
            ),
        ),
        RuleKind(Kind.PROOF_GAP, "error", "the last proof found that something is missing, doubled or different"),
        RuleKind(
            Kind.QUOTA,
            "warning",
            "the day's requests at a vendor are nearly used up",
            (Setting("percent", 90, 1, 100, "of the day's quota"),),
        ),
        RuleKind(Kind.FINDING, "warning", "the watch found something wrong with a store that it could not repair"),
        RuleKind(
            Kind.STOCK_LINKS,
            "error",
            "products are no longer told their stock, because the store refused it too often",
            (Setting("count", 1, 1, 1_000_000, "so many or more"),),
        ),
        RuleKind(Kind.STOCK_LOW, "warning", "stock runs low by the tenant's own thresholds", by_connection=False),
        RuleKind(Kind.FALLBACK, "warning", "a critical route's deliveries go to its second destination"),
        RuleKind(
            Kind.CHANNEL,
            "error",
            "notices do not get through on a channel; told on the others",
            (Setting("minutes", 15, 0, 1440, "for so long"),),
            by_connection=False,
        ),
    )
}


class Given(msgspec.Struct, frozen=True):
    """What a tenant has set about a rule; None: as it is by default."""

    kind: Kind
    connection_id: uuid.UUID | None
    enabled: bool = True
    severity: Severity | None = None
    settings: Mapping[str, float] = {}


class Rules:
    """The rules of one tenant: the connection's own before the tenant's before the default."""

    def __init__(self, given: Iterable[Given] = ()) -> None:
        self._given = {(one.kind, one.connection_id): one for one in given}
        self._known: dict[tuple[Kind, uuid.UUID | None], Rule] = {}

    def of(self, kind: Kind, connection_id: uuid.UUID | None = None) -> Rule:
        """Return what holds."""
        key = (kind, connection_id)
        if (Kind(kind), connection_id) not in self._given:
            key = (kind, None)
        if key not in self._known:
            self._known[key] = self._merged(*key)
        return self._known[key]

    def _merged(self, kind: Kind, connection_id: uuid.UUID | None) -> Rule:
        known = KINDS[kind]
        layers = [self._given[key] for key in ((kind, None), (kind, connection_id)) if key in self._given]
        settings = {one.name: one.default for one in known.settings}
        severity, enabled = known.severity, True
        for layer in layers:
            settings |= layer.settings
            severity, enabled = layer.severity or severity, layer.enabled
        return Rule(kind, enabled, severity, settings)


def checked(kind: str, settings: Mapping[str, Any]) -> dict[str, float]:
    """Return a rule's settings. Raises ``BadInput`` naming the field, the rule and what is possible."""
    known = kind_of(kind)
    possible = {one.name: one for one in known.settings}
    found = {}
    for name, value in settings.items():
        setting = possible.get(name)
        if setting is None:
            has = ", ".join(possible) or "none"
            raise BadInput(f"the rule {kind} has no {name!r}", field=f"settings.{name}", remedy=f"it has: {has}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not setting.least <= value <= setting.most:
            raise BadInput(f"{name} is a number from {setting.least:g} to {setting.most:g}", field=f"settings.{name}")
        found[name] = float(value)
    return found


def kind_of(kind: str) -> RuleKind:
    """Return a rule by its name. Raises ``BadInput``."""
    try:
        return KINDS[Kind(kind)]
    except ValueError:
        raise BadInput(f"there is no rule {kind!r}", field="kind", remedy=f"one of: {', '.join(KINDS)}") from None
