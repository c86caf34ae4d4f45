"""The chainer: takes up what was written, a second or so after its commit, in rounds.

Writers only add rows; they never wait for the chainer or for each other. A round locks the head of one chain, so each
entry is chained once however many processes do rounds, and a process that dies leaves the round undone as a whole.
The order of a chain is that in which the chainer saw the entries committed.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import asyncpg
import msgspec
import structlog

from crossdock import metrics
from crossdock.govern.audit.chain import GONE, HOUSE, Head, Link, State, beginning, entry_hash, entry_of, link_hash
from crossdock.kit.ids import Prefix, show
from crossdock.store.audit import Marks, audit, canonical
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("chainer.sql"))
_AT_ONCE: Final = 500
_NEWS: Final = timedelta(minutes=10)
"""How long a process may take to read master keys anew that others have already."""
BEGAN: Final = "audit.begin"
"""What the house's chain says of a chain that is new."""
ENDED: Final = "audit.end"
"""What it says of one that was taken away with its tenant."""
log = structlog.get_logger("crossdock.audit")


class Store(Protocol):
    """The database, as the chain needs it."""

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...

    def transaction(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection with an open transaction."""
        ...


def head_of(row: Any) -> Head:
    """Read a head off its row."""
    return Head(*(row[name] for name in ("tenant_id", *Head.__struct_fields__[1:])))


def signed(marks: Marks, head: Head) -> Head:
    """Return a head with its mark."""
    return msgspec.structs.replace(head, mark=marks.mark(head.message()))


class Chainer:
    """Chains what waits."""

    def __init__(self, store: Store, marks: Marks) -> None:
        self._store = store
        self._marks = marks

    async def tend(self) -> int:
        """Chain all that waits, unless another process is at it; returns how many entries were chained here."""
        async with self._store.engine() as conn:
            chains = [row["tenant_id"] for row in await conn.fetch(SQL["waiting_chains"])]
        done = 0
        for chain in chains:
            while (some := await self._round(chain)) is not None:
                done += some
                if some < _AT_ONCE:
                    break
        waiting = 0
        if chains:
            async with self._store.engine() as conn:
                waiting = await conn.fetchval(SQL["waiting"])
        metrics.AUDIT_WAITING.set(waiting)
        return done

    async def _round(self, chain: uuid.UUID) -> int | None:
        """Do as :meth:`round`; a chain that cannot be continued keeps no other one waiting."""
        try:
            return await self.round(chain)
        except asyncpg.UniqueViolationError:
            log.error("somebody put links behind the head of an audit chain: it is not continued", chain=shown(chain))
            metrics.AUDIT_BROKEN.labels(shown(chain)).set(1)
            return None

    async def round(self, chain: uuid.UUID) -> int | None:
        """Chain up to 500 entries; None when another process has the chain, or it does not hold."""
        async with self._store.transaction() as conn:
            await self._begin(conn, chain)
            row = await conn.fetchrow(SQL["head"], chain)
            if row is None:
                return None
            head = head_of(row)
            if not self._holds(head):
                return None
            links = self._links(head, await conn.fetch(SQL["next_waiting"], chain, _AT_ONCE), datetime.now(UTC))
            if not links:
                return 0
            columns = [[getattr(link, name) for link in links] for name in Link.__struct_fields__]
            await conn.execute(SQL["add_links"], chain, *columns)
            await conn.execute(SQL["taken"], chain, [link.entry_id for link in links])
            await move(conn, signed(self._marks, _grown(head, links[-1])))
        return len(links)

    def _holds(self, head: Head) -> bool:
        """Whether a head is as it was signed; a chain whose head is not goes no further, which would cover it up."""
        held, name = self._marks.marked(head.message(), head.mark), shown(head.chain)
        if held:
            # where it was counted, its master key was read meanwhile
            metrics.AUDIT_BROKEN.remove(name)
            return True
        if held is None:
            log.error("the head of an audit chain is signed by a master key that is not at hand", chain=name)
        else:
            log.error("the head of an audit chain was changed: it is not continued", chain=name)
        metrics.AUDIT_BROKEN.labels(name).set(1)
        return False

    async def _begin(self, conn: Any, chain: uuid.UUID) -> None:
        """Give a chain its head; the house's chain names every other."""
        if await conn.fetchval(SQL["head_there"], chain) is not None:
            return
        if chain == HOUSE:
            until = await conn.fetchval(SQL["start"])
        else:
            await self._begin(conn, HOUSE)
            until = (await conn.fetchrow(SQL["head_there"], HOUSE))["former_until"]
        nothing = beginning(chain)
        made = datetime.now(UTC)
        head = signed(self._marks, Head(chain, 0, nothing, 0, nothing, until, made))
        if await conn.fetchval(SQL["begin_head"], chain, nothing, until, made, head.mark) and chain != HOUSE:
            await audit(conn, None, "audit", BEGAN, show(Prefix.TENANT, chain))

    def _links(self, head: Head, waiting: Sequence[Any], now: datetime) -> list[Link]:
        links = []
        seq, prev = head.seq, head.hash
        for row in waiting:
            judged = self._judged(head, row, now)
            if judged is None:
                break
            state, told = judged
            seq += 1
            made = link_hash(head.chain, seq, state, prev, told)
            links.append(Link(seq, row["entry_id"], state, prev, made, self._marks.mark(made)))
            prev = made
        return links

    def _judged(self, head: Head, row: Any, now: datetime) -> tuple[State, bytes] | None:
        """Return what an entry is, and what its link covers of it; None: that is for later, or for another process."""
        if row["id"] is None:
            log.error("an entry of the audit is gone before it was chained", entry=show(Prefix.AUDIT, row["entry_id"]))
            return State.GONE, GONE
        entry, mark = entry_of(row), row["mark"]
        told = entry_hash(entry, mark)
        if mark is None and head.former_until is not None and now < head.former_until:
            return State.FORMER, told
        at_home = mark is not None and (entry.tenant_id or HOUSE) == head.chain
        held = at_home and self._marks.marked(canonical(entry), mark)
        if held:
            return State.SIGNED, told
        if held is None and abs(now - entry.at) < _NEWS:
            # marked with a key that this process has not read yet
            return None
        log.error("an entry of the audit was not written by this hub", entry=show(Prefix.AUDIT, entry.id))
        return State.UNSIGNED, told


def _grown(head: Head, last: Link) -> Head:
    return msgspec.structs.replace(head, seq=last.seq, hash=last.hash, at=datetime.now(UTC))


async def move(conn: Any, head: Head) -> None:
    """Write a head anew; its row is locked."""
    await conn.execute(
        SQL["move_head"], head.chain, head.cut_seq, head.cut_hash, head.seq, head.hash, head.at, head.mark
    )


def shown(chain: uuid.UUID) -> str:
    """Return the name of a chain."""
    return "house" if chain == HOUSE else show(Prefix.TENANT, chain)
