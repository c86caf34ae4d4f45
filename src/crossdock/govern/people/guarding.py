"""Lockout: how often somebody may be wrong at a login, by e-mail address and by network address.

An e-mail address is counted whether anybody has it or not, so that a lock tells nothing. Behind a reverse proxy every
request seems to come from the proxy: private and loopback addresses are therefore not counted.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from crossdock.errors import Locked
from crossdock.govern.people.rows import SQL, Store
from crossdock.govern.vault import Vault
from crossdock.kit.forwarded import address_of


class Patience(msgspec.Struct, frozen=True):
    """How many failures are free, how long the first lock is (each next one twice as long), and the longest."""

    free: int
    first: timedelta
    longest: timedelta


EMAIL: Final = Patience(5, timedelta(seconds=30), timedelta(minutes=15))
"""The longest is short enough that nobody is shut out for long by a stranger who knows his address."""
ADDRESS: Final = Patience(30, timedelta(seconds=30), timedelta(hours=1))
FORGOTTEN: Final = timedelta(hours=24)
"""Failures are forgotten when there was none for this long."""


class Key(msgspec.Struct, frozen=True):
    """What failures are counted by."""

    hashed: bytes
    patience: Patience


class Guarding:
    """Counts attempts before they are judged, and takes those back that were good."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    def keys(self, hashed_email: bytes, address: str) -> tuple[Key, ...]:
        """Return what an attempt counts by."""
        by_email = Key(self._vault.subject(f"login-email:{hashed_email.hex()}"), EMAIL)
        caller = _counted(address)
        if not caller:
            return (by_email,)
        return by_email, Key(self._vault.subject(f"login-address:{caller}"), ADDRESS)

    async def take(self, keys: Sequence[Key]) -> None:
        """Count an attempt. Raises :class:`Locked` where there were too many."""
        async with self._store.transaction() as conn:
            for key in keys:
                span = (key.patience.free, key.patience.first, key.patience.longest, FORGOTTEN)
                if await conn.fetchval(SQL["count_try"], key.hashed, *span) is not None:
                    continue
                until = await conn.fetchval(SQL["locked_until"], key.hashed)
                if until is not None:
                    # what was counted before it in this transaction is taken back with it
                    raise locked(until)

    async def take_back(self, keys: Sequence[Key]) -> None:
        """Take an attempt back that was good so far."""
        async with self._store.transaction() as conn:
            for key in keys:
                await conn.execute(SQL["take_back_try"], key.hashed)

    async def forgive(self, conn: Any, keys: Sequence[Key]) -> None:
        """Forget a person's failures after a login; those of a network address only by one."""
        for key in keys:
            await conn.execute(SQL["forgive" if key.patience is EMAIL else "take_back_try"], key.hashed)


def locked(until: datetime) -> Locked:
    """Return the refusal, which says until when."""
    return Locked(
        f"there were too many failed attempts; the next one is possible at {until:%Y-%m-%d %H:%M:%S} UTC",
        until=until,
        remedy="wait until then; a new password can be set by a link meanwhile",
    )


def _counted(address: str) -> str:
    """Return what an address counts as: an IPv6 one as its /64, all of which is one caller's; empty: not at all."""
    found = address_of(address)
    if found is None or not found.is_global:
        return ""
    return str(found if found.version == 4 else ipaddress.ip_network((found, 64), strict=False))
