"""The limits of a vendor account, as its manifest names them."""

from __future__ import annotations

import msgspec


class Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the manifest's parts: frozen, and a misspelt key is an error."""


class EndpointLimit(Word, frozen=True, kw_only=True):
    """A budget of one endpoint beside the account's; ``concurrency = 1`` is a single flight."""

    path: str
    requests: int
    per_s: float
    concurrency: int | None = None


class Limits(Word, frozen=True, kw_only=True):
    """Budgets of the vendor account: at most ``requests`` in any ``per_s`` seconds."""

    requests: int = 10
    per_s: float = 1.0
    daily: int | None = None
    concurrency: int = 4
    batch: int = 1
    timeout_s: float = 15.0
    endpoints: tuple[EndpointLimit, ...] = ()
    enforced: bool = False
    """Whether the vendor refuses what is beyond them: then all processes share them as one budget."""
    limit_header: str = ""
    """Answer's header that names the window's limit."""
    remaining_header: str = ""
    """The one that says how many calls are left in the window, for all programs together."""
    reset_header: str = ""
    """The one that says in how many seconds the window is empty again."""
    daily_header: str = ""
    daily_remaining_header: str = ""
    """The same of the day, which ends at midnight in the account's own time zone."""
    source: str = ""
    """Where the figures come from."""
