"""What one sandbox portal is and allows: every limit of the vendor is a setting here."""

from __future__ import annotations

from typing import Literal

import msgspec

DATED = ("2026-09", "2026-03")
"""Date versions in service (vendor: `/{api}/{YYYY-MM}/...` since March 2026)."""

_OBJECTS = ("contacts", "companies", "deals", "line_items", "products", "orders")

ALL_SCOPES: tuple[str, ...] = (
    "oauth",
    *(f"crm.objects.{kind}.{way}" for kind in _OBJECTS for way in ("read", "write")),
    *(f"crm.schemas.{kind}.{way}" for kind in _OBJECTS for way in ("read", "write")),
    "crm.objects.owners.read",
)
"""Every scope that a call of this sandbox can ask for."""

TOKEN = "pat-na1-sandbox"  # noqa: S105 - the sandbox's well-known token, no secret
"""The bearer token that works when no tokens are set."""

APP, APP_SECRET = "sandbox-app", "sandbox-app-secret"
"""Id and secret of the public app that ``crossdock sandbox hubspot`` knows."""

FIXED = frozenset({"unique", "portal_id"})
"""Settings that only the constructor may set: the portal's data depends on them."""


class AppFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public app of the sandbox's own making."""

    client_id: str
    client_secret: str
    redirect_uris: list[str]
    scopes: list[str] = msgspec.field(default_factory=lambda: list(ALL_SCOPES))
    """What the app's settings allow it to ask for."""


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """One portal. Durations in seconds, sizes in bytes; changed through ``PUT /_sandbox/settings``."""

    portal_id: int = 62515
    tax_rates: dict[str, tuple[str, str]] = msgspec.field(
        default_factory=lambda: {"9101": ("VAT 19 %", "19"), "9102": ("VAT 7 %", "7")}
    )
    """Id of a tax rate (``hs_tax_rate_group_id`` of a line item) -> (label, percent)."""
    time_zone: str = "UTC"
    """IANA name; the daily quota ends at its midnight."""
    currency: str = "USD"
    currencies: list[str] = msgspec.field(default_factory=lambda: ["USD", "EUR", "GBP", "JPY"])
    """Currency codes the portal has enabled; others are refused in deals, line items and orders."""
    tokens: dict[str, list[str]] = msgspec.field(default_factory=lambda: {TOKEN: list(ALL_SCOPES)})
    """Bearer token -> its scopes."""
    expired_tokens: list[str] = []
    """Tokens answered 401 EXPIRED_AUTHENTICATION."""
    apps: list[AppFacts] = []
    """Public apps that may ask for access on the page of consent."""
    token_life_s: int = 1800
    code_life_s: int = 60
    consent: Literal["grant", "deny"] = "grant"
    """What the person on the page of consent answers."""
    withheld: list[str] = []
    """Scopes that the person, or the portal's plan, does not give."""
    orders_object: bool = True
    """False: the portal's tier has no order object."""
    search_lag_s: float = 5.0
    """How long a write stays invisible to search."""
    search_per_s: int = 4
    per_10s: int = 190
    """Calls in a rolling 10 s, shared by the whole portal (search has its own limit)."""
    daily: int = 1_000_000
    body_bytes: int = 8_388_608
    """Greater bodies are answered 413 (the vendor's figure is not known)."""
    max_unique: int = 10
    """Custom unique properties for each object type."""
    association_inputs: int = 2000
    association_reads: int = 1000
    unique: list[str] = msgspec.field(default_factory=lambda: ["orders.hs_external_order_id"])
    """Standard properties that this portal holds unique, as ``type.property`` (reported for orders)."""
    required_on_create: dict[str, list[str]] = {}
    """Object type -> properties that an administrator made required; enforced from 2026-09 on."""
    lifecycle_backward: Literal["ignore", "refuse"] = "ignore"
    """A lifecycle stage moves forward only: an earlier stage is dropped from the write, or refused with 400."""
    strict_bodies: bool = True
    """Date versions insist on the members that their specification marks as required."""
    app_id: int = 54321
    """The app that is told of what happens here,"""
    app_secret: str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"  # noqa: S105 - the sandbox's own
    """the client secret it signs with,"""
    webhook_url: str = ""
    """where it sends (empty: nothing is told),"""
    webhook_signature: Literal["v3", "v2", "v1"] = "v3"
    """and how it signs."""


class Poison(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dial: rows of ``object`` whose ``property`` is written as ``value`` fail with VALIDATION_ERROR."""

    object: str
    property: str
    value: str
