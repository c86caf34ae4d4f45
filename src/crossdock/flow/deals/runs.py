"""Deals made into invoices, or read afresh into the record, as runs: one deal, some, or those of the last days.

A run commits its place after each deal, under its fence: whoever goes on after a crash makes no invoice twice, for the
run and the deal name the invoice. What is wrong with one deal is noted and ends no run.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, Protocol

import msgspec
import orjson

from crossdock.connect.client import CallFailed
from crossdock.connect.deals import DealFilter, Deals
from crossdock.errors import BadInput, Conflict, CrossdockError, KeyReused
from crossdock.flow.deals.desk import Crms
from crossdock.flow.deals.maker import SQL, Maker
from crossdock.flow.deals.route import ByRoute
from crossdock.flow.invoice import Asked, InvoiceConflict, asked_of
from crossdock.flow.ports import Store
from crossdock.flow.run import PutOff, Run, Runs
from crossdock.kit.clock import Clock
from crossdock.kit.failpoints import NONE, Failpoints
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.commerce.deal import Deal
from crossdock.model.commerce.invoice import InvoiceState
from crossdock.model.connection import Connection, ConnectionState
from crossdock.model.observation import Doorbell
from crossdock.model.outcome import Throttled
from crossdock.store.acting import note_act

MOST_NAMED: Final = 1_000
MOST_DAYS: Final = 366
_CHUNK: Final = 25
"""Deals that are read in full at once."""
_PART = "deals"
_STREAM = "deal"


class DealsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is to do with which deals."""

    do: Literal["invoice", "record"] = "invoice"
    """invoice: make invoices. record: read the deals afresh into the record, as a webhook would make the hub do."""
    deals: tuple[str, ...] = ()
    """By the CRM's ids; or"""
    days: int | None = None
    """those won (invoice) or changed (record) in the last so many days."""
    then: Literal["issue", "draft", ""] = ""
    """Empty: what the terms say of each deal."""
    since: datetime | None = None
    """Where ``days`` begins; filled in when the run is asked for."""
    again: str = ""
    """Why a deal gets another invoice."""
    sealed: str = ""
    """What was asked beside, sealed: it may name people."""
    actor: str = ""
    key: str | None = None

    def checked(self) -> DealsAsked:
        """Return itself. Raises ``BadInput`` that names the field."""
        if bool(self.deals) == (self.days is not None):
            raise BadInput("name deals, or give days", field="deal_ids", remedy="give one of the two")
        if len(self.deals) > MOST_NAMED:
            raise BadInput(f"at most {MOST_NAMED} deals", field="deal_ids", remedy="ask in several calls")
        for at, each in enumerate(self.deals):
            if not each.isascii() or not each.isdigit() or len(each) > 20:
                raise BadInput("not the id of a deal", field=f"deal_ids[{at}]", remedy="write the CRM's own id")
        if self.days is not None and not 1 <= self.days <= MOST_DAYS:
            raise BadInput(f"from 1 to {MOST_DAYS}", field="days", remedy="name older deals by their ids")
        return self


class Sealer(Protocol):
    """The part of the vault that seals what was asked."""

    def seal_secret(self, secret: str, row: bytes) -> bytes: ...
    def open_secret(self, sealed: bytes, row: bytes) -> str: ...


class Accounts(Protocol):
    """Who is who."""

    async def connection(self, connection_id: uuid.UUID) -> Connection:
        """Return a connection. Raises ``NotFound``."""
        ...

    def streams(self, connection: Connection) -> tuple[str, ...]:
        """Return the streams a connection is read by."""
        ...


class Bells(Protocol):
    """Where doorbells are recorded."""

    async def rung(self, conn: Any, bells: Sequence[tuple[Connection, Doorbell]]) -> None:
        """Record doorbells inside the caller's transaction."""
        ...

    def recorded(self, *, doorbells: bool = False) -> None:
        """Tell those who answer them, after the commit."""
        ...


class Rooms(msgspec.Struct, frozen=True):
    """What a run of deals works with."""

    store: Store
    runs: Runs
    crms: Crms
    accounts: Accounts
    maker: Maker
    bells: Bells
    vault: Sealer
    clock: Clock
    failpoints: Failpoints = NONE


class DealRuns:
    """Takes and works off runs of kind ``invoice``."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self.by_route = ByRoute(rooms.crms, rooms.maker)

    @property
    def maker(self) -> Maker:
        """Return what makes invoices of deals."""
        return self._rooms.maker

    async def ask(self, connection: Connection, asked: DealsAsked, overrides: Asked | None = None) -> dict[str, Any]:
        """Queue a run and return it; the same key with the same asked is the same run.

        Raises ``BadInput``, ``Conflict`` for a connection that is not active, ``KeyReused``, ``VendorTrouble``.
        """
        asked = asked.checked()
        rooms = self._rooms
        if connection.state is not ConnectionState.ACTIVE:
            raise Conflict(f"{connection.name} is {connection.state}", remedy="resume or check it first")
        await rooms.crms.deals(connection.id)
        if asked.do == "record" and _STREAM not in rooms.accounts.streams(connection):
            raise BadInput("deals of this connection are not read", field="do", remedy="switch its stream deal on")
        if asked.do == "invoice":
            # what the portal refuses is told to whoever asks, before anything is queued
            await rooms.maker.ready(connection)
        run_id = new_id()
        told = self._told(run_id, asked, overrides)
        tenant_id = connection.tenant_id
        async with rooms.store.transaction() as conn:
            made = await conn.fetchval(SQL["add_run"], run_id, tenant_id, connection.id, told)
            if made is None:
                row = await conn.fetchrow(SQL["run_of_key"], tenant_id, connection.id, asked.key)
                made = self._same(row, asked, overrides)
            else:
                await note_act(conn, tenant_id, "run.add", show(Prefix.RUN, made), {"kind": "invoice", "do": asked.do})
        found = await rooms.runs.one(tenant_id, made)
        assert found is not None
        rooms.runs.due.set()
        return found

    async def known(
        self, connection: Connection, asked: DealsAsked, overrides: Asked | None = None
    ) -> dict[str, Any] | None:
        """Return the run that was asked for with the same key; None where there is none. Raises ``KeyReused``."""
        rooms = self._rooms
        async with rooms.store.engine() as conn:
            row = await conn.fetchrow(SQL["run_of_key"], connection.tenant_id, connection.id, asked.key)
        if row is None:
            return None
        return await rooms.runs.one(connection.tenant_id, self._same(row, asked, overrides))

    def _told(self, run_id: uuid.UUID, asked: DealsAsked, overrides: Asked | None) -> str:
        more = overrides.model_dump_json(exclude_defaults=True, exclude={"again"}) if overrides else "{}"
        sealed = ""
        if more != "{}":
            sealed = base64.b64encode(self._rooms.vault.seal_secret(more, _row(run_id))).decode()
        since = self._rooms.clock.now().astimezone(UTC) - timedelta(days=asked.days) if asked.days else None
        kept = msgspec.structs.replace(asked, sealed=sealed, since=since)
        plain = msgspec.to_builtins(kept)
        return orjson.dumps({name: value for name, value in plain.items() if value not in ("", None, [], ())}).decode()

    def _same(self, row: Any, asked: DealsAsked, overrides: Asked | None) -> uuid.UUID:
        """Return the run that was asked for with the same key. Raises ``KeyReused`` where it was asked otherwise."""
        before = _read(row["asked"])
        plain = msgspec.structs.replace(before, sealed="", since=None)
        same = msgspec.structs.replace(asked, sealed="", since=None)
        more = overrides.model_copy(update={"again": ""}) if overrides else Asked()
        if plain != same or self._overrides(row["id"], before).model_copy(update={"again": ""}) != more:
            raise KeyReused(
                "this Idempotency-Key was used before with another body",
                field="Idempotency-Key",
                remedy="send the same body, or a new key",
            )
        found: uuid.UUID = row["id"]
        return found

    def _overrides(self, run_id: uuid.UUID, asked: DealsAsked) -> Asked:
        told: dict[str, Any] = {"again": asked.again} if asked.again else {}
        if asked.sealed:
            opened = self._rooms.vault.open_secret(base64.b64decode(asked.sealed), _row(run_id))
            told |= orjson.loads(opened)
        return asked_of(told)

    # --- working ------------------------------------------------------------------------------------------------

    async def __call__(self, run: Run) -> dict[str, Any]:
        """Work off a run from its place. Raises ``PutOff`` while the CRM asks to wait."""
        asked = _read(run.asked)
        connection = await self._rooms.accounts.connection(run.connection_id)
        if asked.do == "invoice":
            await self._rooms.maker.ready(connection)
        job = _Job(self._rooms, run, connection, asked, self._overrides(run.id, asked))
        try:
            more = True
            while more:
                more = await job.step()
                await self._rooms.failpoints.reach("deals.chunk")
        except CallFailed as problem:
            if isinstance(problem.outcome, Throttled):
                wait = timedelta(seconds=max(1.0, problem.outcome.after_s))
                raise PutOff(datetime.now(UTC) + wait, problem.outcome.reason) from None
            raise
        return {"deals": job.part["read"], **job.part["verdicts"]}


class _Job:
    """One run under its lease."""

    def __init__(self, rooms: Rooms, run: Run, connection: Connection, asked: DealsAsked, overrides: Asked) -> None:
        self._rooms = rooms
        self._run = run
        self._connection = connection
        self._asked = asked
        self._overrides = overrides
        named = {"total": len(asked.deals)} if asked.deals else {}
        self.part: dict[str, Any] = run.progress.setdefault(_PART, {"read": 0, "verdicts": {}, **named})

    async def step(self) -> bool:
        """Do the next deals; False when there are none."""
        part = self.part
        if part.get("done"):
            return False
        ids, following = await self._next()
        fresh = [each for each in ids if each not in part.get("seen", ())]
        if self._asked.do == "record":
            await self._record(fresh)
        else:
            await self._invoice(fresh)
        # the page is done: the next one begins behind it
        part.pop("seen", None)
        part["place"], part["done"] = following, following is None
        await self._commit()
        return following is not None

    async def _next(self) -> tuple[list[str], Any]:
        """Return the deals of the next page, and where the one behind it begins (None: nowhere)."""
        asked, place = self._asked, self.part.get("place")
        if asked.deals:
            at = int(place or 0)
            following = at + _CHUNK
            return list(asked.deals[at:following]), following if following < len(asked.deals) else None
        won = asked.do == "invoice"
        wanted = DealFilter(won_since=asked.since) if won else DealFilter(modified_since=asked.since)
        page = await (await self._deals()).deals(wanted, place, _CHUNK)
        if "total" not in self.part and page.total is not None:
            self.part["total"] = page.total
        return [deal.id for deal in page.items], page.cursor

    async def _record(self, ids: Sequence[str]) -> None:
        """Ring for deals: the reading of single records does the rest."""
        bells = [(self._connection, Doorbell(_STREAM, each, reason="process")) for each in ids]
        self._count("rung", len(ids))
        self.part["read"] += len(ids)
        async with self._rooms.store.transaction() as conn:
            await self._rooms.runs.fence(conn, self._run)
            await self._rooms.bells.rung(conn, bells)
        self._rooms.bells.recorded(doorbells=True)

    async def _invoice(self, ids: Sequence[str]) -> None:
        known = {deal.id: deal for deal in await (await self._deals()).some(ids)} if ids else {}
        for each in ids:
            self._count(await self._one(each, known.get(each)))
            self.part["read"] += 1
            self.part.setdefault("seen", []).append(each)
            await self._commit()

    async def _one(self, deal_id: str, deal: Deal | None) -> str:
        """Make one invoice; returns what became of the deal. What is wrong is noted."""
        if deal is None:
            self._run.note_error(f"deal {deal_id}", "it is not there: archived, merged or deleted", rule="deal.gone")
            return "failed"
        maker, run, connection = self._rooms.maker, self._run, self._connection
        try:
            then: str = self._asked.then
            if not then:
                then = (await maker.invoicing.verdict(run.tenant_id, connection.id, deal)).then
            if then == "nothing":
                return "left"
            kept = await maker.make(
                connection,
                deal,
                self._overrides,
                actor=self._asked.actor,
                key=f"run:{run.id.hex}:{deal_id}",
                issue=then == "issue",
            )
        except InvoiceConflict as conflict:
            if conflict.rule == "deal.once":
                return "already"
            self._note(deal_id, conflict)
            return "failed"
        except CrossdockError as problem:
            self._note(deal_id, problem)
            return "failed"
        return "drafted" if kept.invoice.state is InvoiceState.DRAFT else "issued"

    def _note(self, deal_id: str, problem: CrossdockError) -> None:
        told = problem.as_problem()
        link = f"/api/v1/crm/{show(Prefix.CONNECTION, self._connection.id)}/deals/{deal_id}"
        more = {name: told[name] for name in ("rule", "field") if told.get(name)}
        self._run.note_error(f"deal {deal_id}", f"{problem.problem}; {problem.remedy}", link=link, **more)

    def _count(self, verdict: str, number: int = 1) -> None:
        counts = self.part["verdicts"]
        counts[verdict] = counts.get(verdict, 0) + number

    async def _commit(self) -> None:
        """Save the place. Raises ``RunLost`` when the run is somebody else's, or was cancelled."""
        async with self._rooms.store.transaction() as conn:
            await self._rooms.runs.advance(conn, self._run, self._run.progress)

    async def _deals(self) -> Deals:
        return await self._rooms.crms.deals(self._connection.id)


def _row(run_id: uuid.UUID) -> bytes:
    return b"invoice-run:" + run_id.bytes


def _read(told: Any) -> DealsAsked:
    return msgspec.convert(orjson.loads(told) if isinstance(told, str) else told, DealsAsked)
