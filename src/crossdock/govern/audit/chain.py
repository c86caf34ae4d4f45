"""The arithmetic of a chain: what a link's hash covers, and what a head's mark covers.

``hash = SHA-256(domain, chain, seq, state, prev_hash, SHA-256(entry))`` can be worked out by anybody who has the rows;
a link's mark and the head's are HMACs by a key derived from the master key, which the database does not hold.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from crossdock.store.audit import Entry, canonical

HOUSE: Final = uuid.UUID(int=0)
"""The chain of what belongs to no tenant: it also names when each other chain began and ended."""
_LINK = b"crossdock/audit/link/1"
_HEAD = b"crossdock/audit/head/1"
_BEGIN = b"crossdock/audit/begin/1"


class State(StrEnum):
    """What the chainer found when it took an entry up."""

    SIGNED = "signed"
    """It carries a mark of this installation's."""
    FORMER = "former"
    """It carries none: an older version wrote it (taken only until the day after the upgrade)."""
    UNSIGNED = "unsigned"
    """It carries none, or one that does not fit: the hub did not write it so."""
    GONE = "gone"
    """It was announced, and was not there any more."""


class Link(msgspec.Struct, frozen=True):
    """One place of a chain."""

    seq: int
    entry_id: uuid.UUID
    state: State
    prev_hash: bytes
    hash: bytes
    mark: bytes


class Head(msgspec.Struct, frozen=True):
    """Where a chain begins (``cut_seq`` entries before were taken away in due form) and where it ends."""

    chain: uuid.UUID
    cut_seq: int
    cut_hash: bytes
    seq: int
    hash: bytes
    former_until: datetime | None
    """None: no entry without a mark is ever taken."""
    at: datetime
    mark: bytes = b""

    def message(self) -> bytes:
        """Return what the mark covers."""
        until = b"" if self.former_until is None else self.former_until.astimezone(UTC).isoformat().encode()
        return _joined(
            _HEAD,
            self.chain.bytes,
            str(self.cut_seq).encode(),
            self.cut_hash,
            str(self.seq).encode(),
            self.hash,
            until,
            self.at.astimezone(UTC).isoformat().encode(),
        )


def beginning(chain: uuid.UUID) -> bytes:
    """Return the hash before the first link."""
    return hashlib.sha256(_joined(_BEGIN, chain.bytes)).digest()


def entry_of(row: Any) -> Entry:
    """Read an entry off a row of ``audit_entry``."""
    told = (row["tenant_id"], row["actor"], row["action"], row["subject"], row["detail"], row["at"])
    return Entry(row["id"], *told)


def entry_hash(entry: Entry, mark: bytes | None) -> bytes:
    """Return the digest of an entry with its mark."""
    return hashlib.sha256(_joined(canonical(entry), mark or b"")).digest()


GONE: Final = b"\0" * 32
"""What stands in the hash of a link whose entry was not there."""


def link_hash(chain: uuid.UUID, seq: int, state: str, prev_hash: bytes, told: bytes) -> bytes:
    """Return a link's hash; ``told`` is :func:`entry_hash` or :data:`GONE`."""
    return hashlib.sha256(_joined(_LINK, chain.bytes, str(seq).encode(), state.encode(), prev_hash, told)).digest()


def _joined(*fields: bytes) -> bytes:
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)
