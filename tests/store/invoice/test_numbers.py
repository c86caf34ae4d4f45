"""Numbers have no gap and no double: 50 who issue at once, in several processes, with crashes between."""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
import sys
import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import pytest

from crossdock.flow.invoice import EXAMPLE, InvoiceConflict, Invoicing, asked_of, credit_of
from crossdock.flow.invoice.shelf import SQL
from crossdock.kit.clock import SetClock
from crossdock.settings import Settings
from crossdock.store.errors import StoreError
from crossdock.wiring import Hub, open_hub
from tests.support.database import TestServer
from tests.support.deals import deal, line

ISSUERS = 50
YEAR = datetime.now(UTC).year


class Died(Exception):
    """Stands for the death of a process between the number and the commit."""


class Dying:
    """A store some of whose transactions end before they commit: an error, or the session killed by the server."""

    def __init__(self, hub: Hub, server: TestServer, chance: random.Random) -> None:
        self._hub = hub
        self._server = server
        self._chance = chance
        self.died: Counter[str] = Counter()

    def engine(self) -> Any:
        return self._hub.database.engine()

    @contextlib.asynccontextmanager
    async def transaction(self) -> Any:
        async with self._hub.database.transaction() as conn:
            yield conn
            fate = self._chance.random()
            if fate < 0.3:
                self.died["rolled back"] += 1
                raise Died
            if fate < 0.5:
                pid = await conn.fetchval("SELECT pg_backend_pid()")
                await asyncio.to_thread(self._server.admin, "SELECT pg_terminate_backend(%s)", pid)
                self.died["killed"] += 1


async def drafts(hub: Hub, tenant: uuid.UUID, crm: uuid.UUID, count: int) -> list[uuid.UUID]:
    return [(await hub.invoicing.draft(tenant, crm, deal(id=f"d{one}"), actor="test")).id for one in range(count)]


async def numbers(hub: Hub, series: str = "RE") -> list[str]:
    async with hub.database.engine() as conn:
        rows = await conn.fetch("SELECT number FROM invoice WHERE series = $1 AND number IS NOT NULL", series)
    return sorted(row["number"] for row in rows)


def expected(count: int, series: str = "RE") -> list[str]:
    return [f"{series}-{YEAR}-{number:05d}" for number in range(1, count + 1)]


async def insist(work: Any) -> Any:
    """Do a thing again until it is done, as whoever is woken after a crash does."""
    while True:
        try:
            return await work()
        except (Died, StoreError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await asyncio.sleep(0)


async def test_fifty_who_issue_at_once_leave_no_gap_and_no_double(hub: Hub, crm: tuple[uuid.UUID, uuid.UUID]) -> None:
    tenant, connection = crm
    made = await drafts(hub, tenant, connection, ISSUERS)
    # each is asked for twice: whoever comes second finds it issued
    done = await asyncio.gather(*(hub.invoicing.issue(tenant, one, actor="test") for one in [*made, *made]))
    assert await numbers(hub) == expected(ISSUERS)
    assert len({one.invoice.number for one in done}) == ISSUERS
    (state,) = await hub.invoicing.terms.series(tenant)
    assert (state.first, state.last, state.issued, state.whole) == (1, ISSUERS, ISSUERS, True)


async def test_fifty_sessions_at_once_leave_no_gap_and_no_double(
    settings: Settings, crm: tuple[uuid.UUID, uuid.UUID], hub: Hub
) -> None:
    """Each issuer has a session of its own, all open before the first begins."""
    tenant, connection = crm
    made = await drafts(hub, tenant, connection, ISSUERS)
    async with open_hub(settings.model_copy(update={"pool_size": ISSUERS})) as wide:
        gate = asyncio.Barrier(ISSUERS)
        sessions: set[int] = set()

        class Gated:
            """Waits with an open session until all have one."""

            engine = wide.database.engine

            @contextlib.asynccontextmanager
            async def transaction(self) -> Any:
                async with wide.database.transaction() as conn:
                    sessions.add(await conn.fetchval("SELECT pg_backend_pid()"))
                    await gate.wait()
                    yield conn

        invoicing = Invoicing(Gated(), wide.vault, wide.directory.clock)
        await asyncio.gather(*(invoicing.issue(tenant, one, actor="test") for one in made))
    assert len(sessions) == ISSUERS
    assert await numbers(hub) == expected(ISSUERS)


async def test_whoever_dies_before_the_commit_leaves_no_gap(
    hub: Hub, crm: tuple[uuid.UUID, uuid.UUID], postgres: TestServer
) -> None:
    tenant, connection = crm
    made = await drafts(hub, tenant, connection, ISSUERS)
    store = Dying(hub, postgres, random.Random(7))
    dying = Invoicing(store, hub.vault, hub.directory.clock)
    await asyncio.gather(*(insist(lambda one=one: dying.issue(tenant, one, actor="test")) for one in made))
    assert min(store.died["rolled back"], store.died["killed"]) >= 5, store.died
    assert await numbers(hub) == expected(ISSUERS)
    # every one of them may be taken back, in the same weather
    await asyncio.gather(*(insist(lambda one=one: taken_back(dying, tenant, one)) for one in made[:20]))
    assert await numbers(hub, "GS") == expected(20, "GS")
    assert all(state.whole for state in await hub.invoicing.terms.series(tenant))


async def taken_back(invoicing: Invoicing, tenant: uuid.UUID, one: uuid.UUID) -> None:
    await invoicing.credit(tenant, one, credit_of({"reason": "all of it"}), actor="test", key=str(one))


ISSUE = """
import asyncio, sys, uuid
import orjson
from crossdock.settings import Settings
from crossdock.wiring import open_hub

async def main():
    given = orjson.loads(sys.stdin.buffer.read())
    async with open_hub(Settings(**given["settings"])) as hub:
        work = (hub.invoicing.issue(uuid.UUID(given["tenant"]), uuid.UUID(one), actor="test") for one in given["ids"])
        print(orjson.dumps([one.invoice.number for one in await asyncio.gather(*work)]).decode())

asyncio.run(main())
"""


async def test_two_processes_issue_from_one_series(
    hub: Hub, settings: Settings, crm: tuple[uuid.UUID, uuid.UUID]
) -> None:
    tenant, connection = crm
    made = await drafts(hub, tenant, connection, 40)
    told = {name: getattr(settings, name) for name in ("data_dir", "master_key_file", "production")}
    assert settings.database_url is not None
    told |= {"database_url": settings.database_url.get_secret_value()}

    def issue(ids: list[uuid.UUID]) -> list[str]:
        given = orjson.dumps({"settings": told, "tenant": tenant, "ids": ids}, default=str)
        ran = subprocess.run([sys.executable, "-c", ISSUE], input=given, capture_output=True, timeout=120, check=True)
        found: list[str] = orjson.loads(ran.stdout)
        return found

    # they share the middle ten: whichever is first issues those
    both = await asyncio.gather(asyncio.to_thread(issue, made[:25]), asyncio.to_thread(issue, made[15:]))
    assert both[0][15:] == both[1][:10]
    assert await numbers(hub) == expected(40)


async def test_a_series_begins_anew_each_year_and_its_days_never_go_back(
    hub: Hub, crm: tuple[uuid.UUID, uuid.UUID]
) -> None:
    tenant, connection = crm
    told = {**EXAMPLE, "series": {"invoices": {"name": "R", "start": 40}, "credits": {"name": "G"}}}
    await hub.invoicing.terms.put(tenant, told, actor="test")

    async def issued(number: int, at: datetime) -> tuple[str, str]:
        invoicing = Invoicing(hub.database, hub.vault, SetClock(at))
        made = await invoicing.make(tenant, connection, deal(id=f"y{number}"), actor="test")
        return made.invoice.number, str(made.invoice.issued_on)

    assert await issued(1, datetime(2026, 12, 31, 22, 30, tzinfo=UTC)) == ("R-2026-00040", "2026-12-31")
    # in Berlin it is next year an hour before
    assert await issued(2, datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == ("R-2027-00001", "2027-01-01")
    assert await issued(3, datetime(2027, 1, 5, 12, tzinfo=UTC)) == ("R-2027-00002", "2027-01-05")
    # another machine's clock is slow
    assert await issued(4, datetime(2027, 1, 4, 12, tzinfo=UTC)) == ("R-2027-00003", "2027-01-05")
    restarted = {**told, "series": {"invoices": {"name": "R", "start": 1}, "credits": {"name": "G"}}}
    with pytest.raises(InvoiceConflict) as fixed:
        await hub.invoicing.terms.put(tenant, restarted, actor="test")
    assert fixed.value.rule == "series.fixed"


async def test_a_number_that_is_taken_stops_the_series_instead_of_doubling(
    hub: Hub, crm: tuple[uuid.UUID, uuid.UUID]
) -> None:
    tenant, connection = crm
    plain: dict[str, Any] = {"pattern": "{series}{number}", "yearly": False}
    series = {
        "invoices": {"name": "A1", **plain},
        "credits": {"name": "G"},
        "more": [{"name": "A", "start": 11, **plain}],
    }
    await hub.invoicing.terms.put(tenant, {**EXAMPLE, "series": series}, actor="test")
    assert (await hub.invoicing.make(tenant, connection, deal(id="1"), actor="t")).invoice.number == "A11"
    other = await hub.invoicing.draft(tenant, connection, deal(id="2"), asked_of({"series": "A"}), actor="t")
    with pytest.raises(InvoiceConflict) as taken:
        await hub.invoicing.issue(tenant, other.id, actor="t")
    assert taken.value.rule == "number.taken"
    assert (await hub.invoicing.one(tenant, other.id)).invoice.number == ""


async def test_a_draft_takes_no_number(hub: Hub, crm: tuple[uuid.UUID, uuid.UUID]) -> None:
    tenant, connection = crm
    for number in range(3):
        made = await hub.invoicing.draft(tenant, connection, deal(line(), id=f"x{number}"), actor="test")
        await hub.invoicing.discard(tenant, made.id, actor="test")
    assert await hub.invoicing.terms.series(tenant) == []
    assert (await hub.invoicing.make(tenant, connection, deal(), actor="test")).invoice.number == expected(1)[0]


async def test_the_counter_only_ever_goes_on_by_one(hub: Hub, crm: tuple[uuid.UUID, uuid.UUID]) -> None:
    tenant, connection = crm
    await hub.invoicing.make(tenant, connection, deal(), actor="test")
    for statement in (
        "UPDATE invoice_counter SET last = last + 2",
        "UPDATE invoice_counter SET last = last",
        "UPDATE invoice_counter SET first = first - 1",
        "DELETE FROM invoice_counter",
        "INSERT INTO invoice_counter SELECT tenant_id, 'X', 0, 1, 7, last_on, false FROM invoice_counter",
    ):
        async with hub.database.engine() as conn:
            with pytest.raises(asyncpg.PostgresError):
                await conn.execute(statement)


async def test_an_invoice_has_the_number_the_counter_gave(hub: Hub, crm: tuple[uuid.UUID, uuid.UUID]) -> None:
    """Even past the program nobody issues with a number that is made up."""
    tenant, connection = crm
    await hub.invoicing.make(tenant, connection, deal(), actor="test")
    other = await hub.invoicing.draft(tenant, connection, deal(id="d2"), actor="test")
    today = datetime.now(UTC).date()
    values = (tenant, other.id, YEAR, 9, f"RE-{YEAR}-00009", today, "k", b"s", bytes(32), "[]")
    async with hub.database.engine() as conn:
        with pytest.raises(asyncpg.RestrictViolationError, match="not the next of its series"):
            await conn.execute(SQL["issue"], *values)
