"""Verifying: reads a chain from its beginning to its head and names each row that is not as it was written.

What the database alone can tell is told by the hashes; that nobody with the database alone worked the hashes out anew
is told by the marks, which need the master key. Reads in one snapshot, while everything goes on.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from crossdock.govern.audit.chain import GONE, HOUSE, Head, State, beginning, entry_hash, entry_of, link_hash
from crossdock.govern.audit.chainer import BEGAN, Store, head_of, shown
from crossdock.govern.audit.chainer import SQL as HEADS
from crossdock.kit.ids import Prefix, parse, show
from crossdock.store.audit import Marks, canonical
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("verifier.sql"))
_PAGE: Final = 2000
_MOST: Final = 100
_FIRST = uuid.UUID(int=0)

Kind = Literal["changed", "removed", "inserted", "moved", "forged", "head", "no-chain", "older"]


class Flaw(msgspec.Struct, frozen=True):
    """One row that is not as it was written."""

    chain: str
    """``tnt_…``, or ``house`` for what belongs to no tenant."""
    kind: Kind
    told: str
    """What is wrong, in plain words; names the place and the entry."""
    seq: int | None = None
    entry_id: str | None = None


class ChainReport(msgspec.Struct):
    """What one chain is like."""

    chain: str
    entries: int = 0
    """Entries whose place in the chain was verified."""
    first_seq: int = 0
    """The first place; above 1: what lay before was taken away in due form (retention)."""
    last_seq: int = 0
    hash: str = ""
    """The head's hash in hex. Kept elsewhere, it shows later that nobody went back to an older state."""
    at: datetime | None = None
    waiting: int = 0
    """Entries written and not chained yet."""
    former: int = 0
    """Entries that an older version wrote, without a mark."""
    unknown_keys: int = 0
    """Marks by keys that are no longer among the master keys: those rows are held by the hashes alone."""
    flaws: list[Flaw] = msgspec.field(default_factory=list)
    more_flaws: int = 0
    """How many are not listed."""


class Report(msgspec.Struct):
    """What was found; ``ok`` when there is no flaw."""

    ok: bool
    chains: list[ChainReport]


class Expected(msgspec.Struct, frozen=True):
    """A head somebody noted earlier: the chain must still contain it."""

    chain: uuid.UUID
    seq: int
    hash: str


class Verifier:
    """Verifies chains."""

    def __init__(self, store: Store, marks: Marks) -> None:
        self._store = store
        self._marks = marks

    async def verify(self, tenant_id: uuid.UUID | None = None, expected: Expected | None = None) -> Report:
        """Verify one tenant's chain, or every chain with the house's. ``HOUSE`` names the house's."""
        async with self._store.engine() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            chains = [row["tenant_id"] for row in await conn.fetch(SQL["chains"], tenant_id)]
            reports = [await _Reading(conn, self._marks, chain, expected).read() for chain in chains]
            if tenant_id is None:
                await self._lost_chains(conn, reports, chains)
        return Report(not any(one.flaws for one in reports), reports)

    async def _lost_chains(self, conn: Any, reports: list[ChainReport], chains: list[uuid.UUID]) -> None:
        present = {row["tenant_id"] for row in await conn.fetch(HEADS["heads"])}
        if chains and HOUSE not in present and present:
            reports.append(ChainReport("house", flaws=[Flaw("house", "removed", "the whole chain was removed")]))
        for row in await conn.fetch(SQL["said_of_chains"]):
            try:
                chain = parse(Prefix.TENANT, row["subject"])
            except ValueError:
                # nothing that the hub wrote: it is told with the house's own chain
                continue
            if row["last"] == BEGAN and chain not in present:
                name = shown(chain)
                told = f"the chain of {name} is gone, and nothing says that the tenant was ended"
                reports.append(ChainReport(name, flaws=[Flaw(name, "removed", told)]))


class _Reading:
    """One chain while it is read."""

    def __init__(self, conn: Any, marks: Marks, chain: uuid.UUID, expected: Expected | None) -> None:
        self._conn = conn
        self._marks = marks
        self._chain = chain
        self._expected = expected if expected is not None and expected.chain == chain else None
        self._said = ChainReport(shown(chain))
        self._seq = 0
        self._prev = b""

    async def read(self) -> ChainReport:
        row = await self._conn.fetchrow(HEADS["head_there"], self._chain)
        head = head_of(row) if row is not None else None
        if head is None:
            self._prev = beginning(self._chain)
        else:
            self._said.last_seq, self._said.hash, self._said.at = head.seq, head.hash.hex(), head.at
            self._seq, self._prev = head.cut_seq, head.cut_hash
            self._said.first_seq = head.cut_seq + 1
            self._look_at_head(head)
        while rows := await self._conn.fetch(SQL["links"], self._chain, self._seq, _PAGE):
            for one in rows:
                self._look_at(one)
        self._look_at_end(head)
        await self._look_beside(await self._conn.fetchval(HEADS["start"]) if head is None else head.former_until)
        return self._said

    def _flaw(self, kind: Kind, told: str, seq: int | None = None, entry: uuid.UUID | None = None) -> None:
        if len(self._said.flaws) >= _MOST:
            self._said.more_flaws += 1
            return
        name = None if entry is None else show(Prefix.AUDIT, entry)
        self._said.flaws.append(Flaw(self._said.chain, kind, told, seq, name))

    def _holds(self, message: bytes, mark: bytes) -> bool:
        held = self._marks.marked(message, mark)
        if held is None:
            self._said.unknown_keys += 1
        return held is not False

    def _look_at_head(self, head: Head) -> None:
        held = self._marks.marked(head.message(), head.mark)
        if held is None:
            self._flaw("head", "the head is signed by a master key that is not at hand, so the end cannot be verified")
        elif not held:
            self._flaw("head", "the head (how many entries there are, and the last one's hash) was changed")
        asked = self._expected
        if asked is not None and asked.seq > head.seq:
            self._flaw("older", f"entry {asked.seq} was there once; the chain ends at {head.seq}: an older state")

    def _look_at(self, row: Any) -> None:
        seq, entry_id = row["seq"], row["entry_id"]
        name = show(Prefix.AUDIT, entry_id)
        if seq > self._seq + 1:
            self._gap(self._seq + 1, seq - 1)
        elif row["prev_hash"] != self._prev:
            self._flaw("changed", f"entry {seq - 1} no longer has the hash that entry {seq} follows", seq - 1)
        self._seq, self._prev = seq, row["hash"]
        told = self._entry(row, seq, name)
        if told is not None:
            made = link_hash(self._chain, seq, row["state"], row["prev_hash"], told)
            if made != row["hash"]:
                self._odd(row, seq, entry_id, name)
            elif not self._holds(row["hash"], row["link_mark"]):
                self._flaw("forged", f"entry {seq} ({name}) was chained without the master key", seq, entry_id)
            else:
                self._said.entries += 1
        asked = self._expected
        if asked is not None and asked.seq == seq and asked.hash != row["hash"].hex():
            self._flaw("older", f"entry {seq} had another hash once: the chain was made anew", seq, entry_id)

    def _entry(self, row: Any, seq: int, name: str) -> bytes | None:
        """Return what the link covers of its entry; None where a flaw says why there is nothing to compare."""
        state = row["state"]
        if state == State.GONE:
            self._flaw("removed", f"entry {seq} ({name}) was removed before it was chained", seq, row["entry_id"])
            return GONE
        if row["id"] is None:
            self._flaw("removed", f"entry {seq} ({name}) is gone", seq, row["entry_id"])
            return None
        if state == State.UNSIGNED:
            self._flaw("inserted", f"entry {seq} ({name}) was not written by the hub", seq, row["entry_id"])
        elif state == State.FORMER:
            self._said.former += 1
        return entry_hash(entry_of(row), row["mark"])

    def _odd(self, row: Any, seq: int, entry_id: uuid.UUID, name: str) -> None:
        """Tell a row that was changed from one that was moved: the latter still is as the hub wrote it."""
        mark = row["mark"]
        whole = mark is not None and self._marks.marked(canonical(entry_of(row)), mark)
        if whole:
            self._flaw("moved", f"entry {seq} ({name}) is not the one that was chained there", seq, entry_id)
        else:
            self._flaw("changed", f"entry {seq} ({name}) was changed", seq, entry_id)

    def _gap(self, first: int, last: int) -> None:
        which = f"entry {first} is" if first == last else f"entries {first} to {last} are"
        self._flaw("removed", f"{which} gone from the chain", first)

    def _look_at_end(self, head: Head | None) -> None:
        if head is None:
            if self._seq:
                self._flaw("head", "the head was removed")
        elif self._seq < head.seq:
            self._gap(self._seq + 1, head.seq)
        elif self._seq > head.seq:
            self._flaw("inserted", f"entries {head.seq + 1} to {self._seq} lie behind the head", head.seq + 1)
        elif self._prev != head.hash:
            self._flaw("changed", f"the last entry ({head.seq}) does not have the hash that the head has", head.seq)

    async def _look_beside(self, former_until: datetime | None) -> None:
        former = former_until is not None and datetime.now(UTC) < former_until
        tenant = None if self._chain == HOUSE else self._chain
        for row in await self._conn.fetch(SQL["unlinked"], tenant, _MOST):
            name = show(Prefix.AUDIT, row["id"])
            self._flaw("inserted", f"{name} hangs in no chain: it was put in, or its link was removed", None, row["id"])
        after = _FIRST
        while rows := await self._conn.fetch(SQL["waiting"], self._chain, after, _PAGE):
            for row in rows:
                self._look_at_waiting(row, former=former)
            after = rows[-1]["entry_id"]

    def _look_at_waiting(self, row: Any, *, former: bool) -> None:
        name = show(Prefix.AUDIT, row["entry_id"])
        if row["id"] is None:
            self._flaw("removed", f"{name} was removed before it was chained", None, row["entry_id"])
            return
        self._said.waiting += 1
        if row["mark"] is None:
            if not former:
                self._flaw("inserted", f"{name}, not chained yet, was not written by the hub", None, row["id"])
        elif not self._holds(canonical(entry_of(row)), row["mark"]):
            self._flaw("changed", f"{name}, not chained yet, is not as the hub wrote it", None, row["id"])
