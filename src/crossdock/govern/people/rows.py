"""How persons lie in the database: what is sealed, what they are found by, what is only a hash."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from crossdock.govern.vault import Vault
from crossdock.kit.ids import Prefix, show
from crossdock.store.audit import audit_all
from crossdock.store.queries import load

SQL: Final = load(Path(__file__).with_name("people.sql"))
FRESH: Final = timedelta(minutes=15)
"""How long after the password was given things may be changed that a thief of the session would change."""


class Store(Protocol):
    """The database, as people need it."""

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...

    def transaction(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection with an open transaction."""
        ...


class Named(msgspec.Struct, frozen=True):
    """What is personal of a person. Its repr shows none of it."""

    email: str
    """In lower case."""
    name: str

    def __repr__(self) -> str:
        return "Named()"

    def sealed(self, vault: Vault, person_id: uuid.UUID) -> bytes:
        """Seal it into the person's row."""
        return vault.seal_secret(msgspec.json.encode(self).decode(), person_row(person_id))


def named(vault: Vault, person_id: uuid.UUID, sealed: bytes) -> Named:
    """Open what :meth:`Named.sealed` made."""
    return msgspec.json.decode(vault.open_secret(sealed, person_row(person_id)), type=Named)


def person_row(person_id: uuid.UUID) -> bytes:
    """Return the name of the row a person's name and e-mail address are bound to."""
    return b"person:" + person_id.bytes


def totp_row(person_id: uuid.UUID) -> bytes:
    """Return the name of the row a person's secret of one-time codes is bound to."""
    return b"person_totp:" + person_id.bytes


def email_hash(vault: Vault, email: str) -> bytes:
    """Return what a person is found by; ``email`` is in lower case."""
    # not the hash by which customers are found: that somebody is both is nobody's business
    return vault.subject(f"person:{email}")


def new_token() -> str:
    """Draw a token of 256 bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what is kept of a token: it has 256 random bits, so that nothing slower is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def csrf_of(token: str) -> str:
    """Return the word that forms of a session carry; without the session's token nobody can make it."""
    return hmac.new(token.encode(), b"crossdock:csrf", hashlib.sha256).hexdigest()


async def note(
    conn: Any, person_id: uuid.UUID, action: str, detail: Any = None, actor: str = "", tenants: Sequence[uuid.UUID] = ()
) -> None:
    """Write a change of a person into the audit of each tenant he has a seat in (and of ``tenants``).

    ``actor`` is the person himself unless given. Nothing personal goes in: he is named by his ``usr_`` id. What
    concerns nobody's tenant stands in the audit of the hub.
    """
    shown = show(Prefix.USER, person_id)
    rows = await conn.fetch(SQL["tenants_of"], person_id)
    told = sorted({*(row["tenant_id"] for row in rows), *tenants}) or [None]
    await audit_all(conn, [(tenant_id, actor or shown, action, shown, detail) for tenant_id in told])
