"""Entries are chained once each, whoever does it and whatever ends in between; what is taken away leaves its place."""

from __future__ import annotations

import asyncio
import contextvars
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import psycopg
import pytest
from pydantic import SecretStr

from crossdock.govern.audit import Asked
from crossdock.govern.audit.chain import HOUSE
from crossdock.govern.audit.chainer import SQL, Chainer
from crossdock.govern.audit.cutting import end_chain
from crossdock.kit.failpoints import Failpoints
from crossdock.settings import Settings
from crossdock.store import backup as store_backup
from crossdock.store import migrate
from crossdock.store.audit import audit
from crossdock.store.errors import ConnectionLost
from crossdock.store.settings import StoreSettings
from crossdock.wiring import Hub, open_hub
from tests.store.audit.conftest import Flaws, Intruder, told, write
from tests.support.database import TestServer
from tests.support.hub import until, working


async def test_writers_and_chainers_side_by_side(hub: Hub, settings: Settings) -> None:
    """Twelve writers in long and short transactions, two processes' chainers: each entry once, and no deadlock."""
    tenants = [await hub.tenants.find(), await hub.tenants.add("second", "Second")]
    ended = asyncio.Event()

    async def writer(number: int) -> None:
        for turn in range(8):
            async with hub.database.transaction() as conn:
                await audit(conn, tenants[turn % 2], f"key_{number}", "test.entry", f"{number}-{turn}")
                # the later its number the longer it holds its transaction open: commits come in another order
                await asyncio.sleep(0.002 * number)
                await audit(conn, tenants[(turn + 1) % 2], f"key_{number}", "test.second", f"{number}-{turn}")

    async def chainer(chains: Chainer) -> None:
        while not ended.is_set():
            await chains.tend()

    async with open_hub(settings) as other:
        chainers = [asyncio.create_task(chainer(one.audit.chainer)) for one in (hub, other, hub, other)]
        await asyncio.gather(*(writer(number) for number in range(4)), *(writer(number) for number in range(4, 12)))
        ended.set()
        await asyncio.gather(*chainers)
        while await hub.audit.chainer.tend():
            pass
        report = await other.audit.verify()
    assert told(report) == []
    assert [(one.entries, one.waiting) for one in report.chains] == [(2, 0), (96, 0), (96, 0)]


class Strike(Failpoints):
    """Ends the process's work at the nth hit of a place."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.hits = 0

    async def reach(self, place: str) -> None:
        if place == self.place:
            self.hits += 1
            raise ConnectionAbortedError(place)


ROUND = ("begin_head", "head", "next_waiting", "add_links", "taken", "move_head")


@pytest.mark.parametrize("place", [f"audit/chainer.{name}" for name in ROUND] + ["commit audit/chainer.move_head"])
async def test_a_round_that_is_cut_off_leaves_nothing_behind(place: str, settings: Settings, hub: Hub) -> None:
    await write(hub, 3)
    strike = Strike(place)
    async with open_hub(settings, strike) as struck:
        with pytest.raises(ConnectionLost):
            await struck.audit.chainer.tend()
    assert strike.hits == 1
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM audit_link") == 0
    while await hub.audit.chainer.tend():
        pass
    report = await hub.audit.verify()
    assert told(report) == []
    assert [one.entries for one in report.chains] == [1, 3]


async def test_who_finds_a_chain_taken_leaves_it(hub: Hub) -> None:
    await write(hub, 2)
    await hub.audit.chainer.tend()
    await write(hub, 2)
    tenant = await hub.tenants.find()
    async with hub.database.transaction() as conn:
        assert await conn.fetchrow(SQL["head"], tenant) is not None
        # neither a writer nor another chainer waits for the one who has the head
        await asyncio.create_task(write(hub, 1), context=contextvars.Context())
        assert await asyncio.create_task(hub.audit.chainer.round(tenant), context=contextvars.Context()) is None
    assert await hub.audit.chainer.round(tenant) == 3


async def test_the_worker_chains(hub: Hub) -> None:
    async with working(hub):
        await write(hub, 3)

        async def chained() -> bool:
            report = await hub.audit.verify()
            return sum(one.entries for one in report.chains) >= 4

        await until(chained)


async def test_an_entry_that_is_rolled_back_leaves_nothing(hub: Hub, flaws: Flaws) -> None:
    tenant = await hub.tenants.find()
    async with hub.database.engine() as conn:
        step = conn.transaction()
        await step.start()
        await audit(conn, tenant, "cli", "test.entry", "x")
        await step.rollback()
    assert await hub.audit.chainer.tend() == 0
    assert await flaws() == []


@pytest.mark.parametrize(
    "detail",
    [None,
     {"b": 1, "a": [1.0, 1e22, -0.0, 0.1, 12345678901234567890], 'é"\\': "ü\n\u2028", "x": {"z": None, "y": True}},
     {"10": 1, "9": 2}, [], {"rate": 0.30000000000000004, "big": 1e-7}],
)  # fmt: skip
async def test_what_the_database_spells_otherwise_is_the_same_entry(hub: Hub, detail: object, flaws: Flaws) -> None:
    tenant = await hub.tenants.find()
    async with hub.database.transaction() as conn:
        await audit(conn, tenant, "cli", "test.entry", uuid.uuid4(), detail)
    assert await flaws() == []
    assert await hub.audit.chainer.tend() == 1
    assert await flaws() == []


async def test_retention_leaves_a_signed_cut(hub: Hub, flaws: Flaws, intruder: Intruder) -> None:
    tenant = await hub.tenants.find()
    await write(hub, 4)
    while await hub.audit.chainer.tend():
        pass
    later = datetime.now(UTC) + timedelta(days=40)
    assert await hub.audit.cutter.retain(60, later) == 0
    assert await hub.audit.cutter.retain(30, later) == 5, "four, and the house's"
    await write(hub, 2, name="after")
    while await hub.audit.chainer.tend():
        pass
    assert await flaws() == []
    (chain,) = (await hub.audit.verify(tenant)).chains
    assert (chain.first_seq, chain.entries, chain.last_seq) == (5, 3, 7)
    actions = [one["action"] for one in await hub.audit.entries(tenant, Asked())]
    assert sorted(actions) == ["audit.cut", "test.after", "test.after"]
    (cut,) = await hub.audit.entries(tenant, Asked("audit"))
    assert (cut["detail"]["upto"], cut["detail"]["entries"]) == (4, 4)
    intruder("UPDATE audit_head SET cut_seq = 5")
    assert ("head", None) in await flaws(), "the cut is signed"


async def test_a_partition_stays_while_the_chain_needs_it(hub: Hub) -> None:
    await write(hub, 2)
    later = datetime.now(UTC) + timedelta(days=40)
    today = f"audit_entry_p{datetime.now(UTC):%Y%m%d}"
    assert today in (await hub.database.tend_partitions({"audit_entry": 30}, later)).pinned, "they wait to be chained"
    while await hub.audit.chainer.tend():
        pass
    assert today in (await hub.database.tend_partitions({"audit_entry": 30}, later)).pinned
    async with hub.database.transaction() as conn:
        await end_chain(conn, await hub.tenants.find(), "cli")
        await conn.execute("SELECT end_audit_chain($1)", HOUSE)
    assert today in (await hub.database.tend_partitions({"audit_entry": 30}, later)).dropped


async def test_a_tenant_goes_with_its_chain_and_the_house_s_tells_it(hub: Hub) -> None:
    tenant = await hub.tenants.find()
    await write(hub, 3)
    while await hub.audit.chainer.tend():
        pass
    await write(hub, 1)
    async with hub.database.transaction() as conn:
        assert await end_chain(conn, tenant, "cli") == 4
    while await hub.audit.chainer.tend():
        pass
    report = await hub.audit.verify()
    assert told(report) == []
    assert [one.chain for one in report.chains] == ["house"]
    (ended,) = await hub.audit.entries(None, Asked(action="audit.end"))
    assert (ended["detail"]["entries"], ended["detail"]["seq"]) == (4, 3)
    async with hub.database.engine() as conn:
        for table in ("audit_entry", "audit_link", "audit_head", "audit_waiting"):
            assert await conn.fetchval(f"SELECT count(*) FROM {table} WHERE tenant_id = $1", tenant) == 0


@pytest.fixture
def former(postgres: TestServer) -> Iterator[str]:
    """A database of the version before the chain, with three entries."""
    name = postgres.create("template0")
    url = postgres.url(name)
    before = [step.version for step in migrate.steps() if step.version < "0025"][-1]
    migrate.upgrade(url, login=postgres.embedded is not None, to=before)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(b"CREATE TABLE audit_entry_default PARTITION OF audit_entry DEFAULT")
        conn.execute(b"ALTER TABLE audit_entry_default OWNER TO crossdock_owner")
        for tenant in ("gen_random_uuid()", "gen_random_uuid()", "NULL"):
            conn.execute(
                "INSERT INTO audit_entry_default (id, tenant_id, actor, action, subject)"
                f" VALUES (gen_random_uuid(), {tenant}, 'cli', 'test.former', 'x')".encode()
            )
    yield url
    postgres.drop(name)


async def test_what_an_older_version_wrote_is_chained_on_upgrade(former: str, settings: Settings) -> None:
    async with open_hub(settings.model_copy(update={"database_url": SecretStr(former)})) as hub:
        while await hub.audit.chainer.tend():
            pass
        report = await hub.audit.verify()
        assert told(report) == []
        assert sorted((one.entries, one.former) for one in report.chains) == [(1, 1), (1, 1), (3, 1)]
        async with hub.database.transaction() as conn:
            await conn.execute(
                "INSERT INTO audit_entry (id, actor, action, subject) VALUES (gen_random_uuid(), 'cli', 'x', 'y')"
            )
        await hub.audit.chainer.tend()
        (house,) = (await hub.audit.verify(HOUSE)).chains
        assert (house.former, house.flaws) == (2, []), "a node of the older version may write for a day"


@pytest.fixture
def empty(postgres: TestServer) -> Iterator[str]:
    """The name of an empty database."""
    name = postgres.create("template0")
    yield name
    postgres.drop(name)


async def test_a_restored_backup_verifies_and_goes_on(
    hub: Hub, settings: Settings, postgres: TestServer, empty: str, tmp_path: Path
) -> None:
    await write(hub, 3)
    await hub.audit.chainer.tend()
    await write(hub, 2, name="waiting")
    await store_backup.backup(hub.database, tmp_path / "backup")
    async with hub.database.engine() as conn:
        before = await conn.fetch("SELECT * FROM audit_link ORDER BY tenant_id, seq")
    place = StoreSettings(tmp_path / "data", database_url=postgres.url(empty), database=empty)
    await store_backup.restore(place, tmp_path / "backup", opens=lambda *_: True)
    async with open_hub(settings.model_copy(update={"database_url": SecretStr(postgres.url(empty))})) as restored:
        report = await restored.audit.verify()
        assert (told(report), [(one.entries, one.waiting) for one in report.chains]) == ([], [(0, 1), (3, 2)])
        while await restored.audit.chainer.tend():
            pass
        report = await restored.audit.verify()
        assert (told(report), [one.entries for one in report.chains]) == ([], [1, 5])
        async with restored.database.engine() as conn:
            assert await conn.fetch("SELECT * FROM audit_link WHERE seq <= 3 AND tenant_id <> $1", HOUSE) == before
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute("DELETE FROM audit_link")
