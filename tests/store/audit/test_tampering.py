"""Whoever has the database, but not the master key, cannot change the audit without being found."""

from __future__ import annotations

import hashlib

import asyncpg
import pytest

from crossdock.errors import BadInput
from crossdock.govern.audit.chain import beginning, entry_hash, entry_of, link_hash
from crossdock.kit.ids import Prefix, show
from crossdock.store.audit import audit
from crossdock.wiring import Hub
from tests.store.audit.conftest import Flaws, Intruder, told, write


@pytest.fixture(autouse=True)
async def chained(hub: Hub) -> None:
    await write(hub, 8)
    # 8 of the tenant's, and then the house's "a chain began"
    assert await hub.audit.chainer.tend() == 8
    assert await hub.audit.chainer.tend() == 1


async def test_an_untouched_chain_verifies(hub: Hub, flaws: Flaws) -> None:
    assert await flaws() == []
    report = await hub.audit.verify()
    assert report.ok
    assert [(c.chain[:4], c.entries, c.last_seq, c.waiting) for c in report.chains] == [
        ("hous", 1, 1, 0),
        ("tnt_", 8, 8, 0),
    ]


@pytest.mark.parametrize(
    "change",
    ["actor = 'cli'", "action = 'x'", "subject = 'x'", "detail = '{\"number\": 9}'", "at = at + interval '1 us'",
     "mark = mark || '\\x00'::bytea", "mark = NULL"],
)  # fmt: skip
async def test_a_changed_entry_is_named(change: str, intruder: Intruder, flaws: Flaws) -> None:
    intruder(
        f"UPDATE audit_entry SET {change} WHERE id = (SELECT entry_id FROM audit_link WHERE seq = 4 AND"
        " tenant_id <> '00000000-0000-0000-0000-000000000000')"
    )
    assert await flaws() == [("changed", 4)]


async def test_an_entry_of_another_tenant_is_found(hub: Hub, intruder: Intruder, flaws: Flaws) -> None:
    other = await hub.tenants.add("other", "Other")
    intruder("UPDATE audit_entry SET tenant_id = %s WHERE subject = 'entry-2'", other)
    assert await flaws() == [("changed", 3)]


async def test_a_removed_entry_is_named(intruder: Intruder, flaws: Flaws) -> None:
    intruder("DELETE FROM audit_entry WHERE subject = 'entry-4'")
    assert await flaws() == [("removed", 5)]


async def test_a_removed_entry_with_its_link_is_named(intruder: Intruder, flaws: Flaws) -> None:
    intruder("WITH e AS (DELETE FROM audit_entry WHERE subject = 'entry-4' RETURNING id)"
             " DELETE FROM audit_link WHERE entry_id IN (SELECT id FROM e)")  # fmt: skip
    assert await flaws() == [("removed", 5)]


async def test_a_link_alone_that_is_removed_is_named(intruder: Intruder, flaws: Flaws) -> None:
    intruder("DELETE FROM audit_link WHERE seq = 5")
    assert await flaws() == [("removed", 5), ("inserted", None)]


async def test_the_last_entries_cannot_go_unseen(intruder: Intruder, flaws: Flaws) -> None:
    intruder("DELETE FROM audit_entry WHERE subject IN ('entry-6', 'entry-7')")
    intruder("DELETE FROM audit_link WHERE seq >= 7")
    assert await flaws() == [("removed", 7)]


async def test_the_head_cannot_be_set_back(intruder: Intruder, flaws: Flaws) -> None:
    intruder("DELETE FROM audit_entry WHERE subject IN ('entry-6', 'entry-7')")
    intruder("DELETE FROM audit_link WHERE seq >= 7")
    intruder("UPDATE audit_head h SET seq = 6, hash = l.hash FROM audit_link l WHERE l.seq = 6"
             " AND l.tenant_id = h.tenant_id")  # fmt: skip
    assert await flaws() == [("head", None)]


async def test_a_whole_chain_cannot_go_unseen(hub: Hub, intruder: Intruder) -> None:
    for table in ("audit_link", "audit_head", "audit_entry"):
        intruder(f"DELETE FROM {table} WHERE tenant_id IN (SELECT tenant_id FROM tenant)")
    assert told(await hub.audit.verify()) == [("removed", None)]


async def test_the_house_s_chain_cannot_go_unseen(hub: Hub, intruder: Intruder) -> None:
    for table in ("audit_link", "audit_head"):
        intruder(f"DELETE FROM {table} WHERE tenant_id NOT IN (SELECT tenant_id FROM tenant)")
    intruder("DELETE FROM audit_entry WHERE tenant_id IS NULL")
    assert told(await hub.audit.verify()) == [("removed", None)]


async def test_two_entries_in_each_other_s_place_are_named(intruder: Intruder, flaws: Flaws) -> None:
    intruder("ALTER TABLE audit_link DROP CONSTRAINT audit_link_entry_id_key")
    intruder("UPDATE audit_link a SET entry_id = b.entry_id FROM audit_link b"
             " WHERE a.tenant_id = b.tenant_id AND (a.seq, b.seq) IN ((3, 4), (4, 3))")  # fmt: skip
    assert await flaws() == [("moved", 3), ("moved", 4)]


async def test_two_links_in_each_other_s_place_are_named(intruder: Intruder, flaws: Flaws) -> None:
    intruder("UPDATE audit_link SET seq = CASE seq WHEN 3 THEN 104 ELSE 103 END WHERE seq IN (3, 4)")
    intruder("UPDATE audit_link SET seq = seq - 100 WHERE seq > 100")
    found = await flaws()
    assert {seq for kind, seq in found if kind == "moved"} == {3, 4}


async def test_an_entry_put_in_beside_the_chain_is_named(intruder: Intruder, flaws: Flaws) -> None:
    intruder("INSERT INTO audit_entry (id, tenant_id, actor, action, subject, mark)"
             " SELECT gen_random_uuid(), tenant_id, actor, action, subject, mark FROM audit_entry"
             " WHERE subject = 'entry-4'")  # fmt: skip
    assert await flaws() == [("inserted", None)]


async def test_an_entry_put_in_the_hub_s_way_is_chained_as_foreign(hub: Hub, flaws: Flaws) -> None:
    """The trigger queues it like any other; it carries no mark of the hub's."""
    tenant = await hub.tenants.find()
    async with hub.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO audit_entry (id, tenant_id, actor, action, subject)"
            " VALUES (gen_random_uuid(), $1, 'cli', 'x', 'y')",
            tenant,
        )
    assert await flaws() == [("inserted", None)], "seen before it is chained, too"
    assert await hub.audit.chainer.tend() == 1
    assert await flaws() == [("inserted", 9)]


async def test_what_waits_to_be_chained_is_watched_too(hub: Hub, intruder: Intruder, flaws: Flaws) -> None:
    await write(hub, 2, name="late")
    assert await flaws() == []
    intruder("UPDATE audit_entry SET actor = 'nobody' WHERE subject = 'late-0'")
    intruder("DELETE FROM audit_entry WHERE subject = 'late-1'")
    assert await flaws() == [("changed", None), ("removed", None)]
    assert await hub.audit.chainer.tend() == 2
    assert await flaws() == [("inserted", 9), ("removed", 10)], "chaining it does not cover it up"


async def test_a_chain_worked_out_anew_without_the_key_is_found(hub: Hub, intruder: Intruder, flaws: Flaws) -> None:
    """Somebody who knows this program changes an entry and works out every hash after it."""
    tenant = await hub.tenants.find()
    intruder("UPDATE audit_entry SET actor = 'nobody' WHERE subject = 'entry-2'")
    prev = beginning(tenant)
    async with hub.database.engine() as conn:
        rows = await conn.fetch(
            "SELECT l.seq, e.id, e.tenant_id, e.actor, e.action, e.subject, e.detail::text AS detail, e.at, e.mark"
            " FROM audit_link l JOIN audit_entry e ON e.id = l.entry_id WHERE l.tenant_id = $1 ORDER BY l.seq",
            tenant,
        )
    for row in rows:
        made = link_hash(tenant, row["seq"], "signed", prev, entry_hash(entry_of(row), row["mark"]))
        intruder(
            "UPDATE audit_link SET prev_hash = %s, hash = %s WHERE tenant_id = %s AND seq = %s",
            *(prev, made, tenant, row["seq"]),
        )
        prev = made
    assert prev != hashlib.sha256(b"").digest()
    found = await flaws()
    assert found[0] == ("forged", 3)
    intruder("UPDATE audit_head SET hash = %s WHERE tenant_id = %s", prev, tenant)
    assert await flaws() == [("head", None), *(("forged", seq) for seq in range(3, 9))]


async def test_an_older_state_is_found_by_a_head_that_was_noted(hub: Hub, intruder: Intruder) -> None:
    tenant = await hub.tenants.find()
    older = {table: intruder(f"SELECT * FROM {table}") for table in ("audit_entry", "audit_link", "audit_head")}
    assert older["audit_head"]
    intruder("CREATE TABLE kept AS SELECT * FROM audit_head")
    await write(hub, 3, name="later")
    await hub.audit.chainer.tend()
    (chain,) = (await hub.audit.verify(tenant)).chains
    noted = f"{chain.last_seq}:{chain.hash}"
    assert (await hub.audit.verify(tenant, noted)).ok
    intruder("DELETE FROM audit_link WHERE seq > 8")
    intruder("DELETE FROM audit_entry WHERE starts_with(subject, 'later-')")
    intruder("UPDATE audit_head h SET seq = k.seq, hash = k.hash, at = k.at, mark = k.mark FROM kept k"
             " WHERE k.tenant_id = h.tenant_id")  # fmt: skip
    assert (await hub.audit.verify(tenant)).ok, "a true state of earlier says nothing by itself"
    assert told(await hub.audit.verify(tenant, noted)) == [("older", None)]
    await write(hub, 3, name="other")
    await hub.audit.chainer.tend()
    assert told(await hub.audit.verify(tenant, noted)) == [("older", 11)]
    with pytest.raises(BadInput, match="seq:hash"):
        await hub.audit.verify(tenant, "8")


async def test_a_chain_whose_head_was_changed_is_not_continued(hub: Hub, intruder: Intruder, flaws: Flaws) -> None:
    intruder("UPDATE audit_head SET at = now()")
    await write(hub, 1, name="late")
    assert await hub.audit.chainer.tend() == 0
    assert await flaws() == [("head", None)]


async def test_what_is_put_in_neither_stops_chaining_nor_verifying(hub: Hub, intruder: Intruder, flaws: Flaws) -> None:
    """A detail nested deeper than anybody reads, a chain that is none, a link where the next one belongs."""
    tenant, other = await hub.tenants.find(), await hub.tenants.add("other")
    put = "INSERT INTO audit_entry (id, tenant_id, actor, action, subject, detail) VALUES (gen_random_uuid(), "
    deep = "[" * 3000 + "]" * 3000
    async with hub.database.transaction() as conn:
        await conn.execute(put + "$1, 'cli', 'x', 'y', $2::jsonb)", tenant, deep)
        await conn.execute(put + "NULL, 'audit', 'audit.begin', 'no tenant', '{}')")
    while await hub.audit.chainer.tend():
        pass
    assert ("inserted", 9) in await flaws()
    assert [flaw.kind for flaw in (await hub.audit.verify()).chains[0].flaws] == ["inserted"]
    intruder("INSERT INTO audit_link SELECT tenant_id, seq + 1, gen_random_uuid(), state, prev_hash, hash, mark"
             " FROM audit_link WHERE tenant_id = %s AND seq = 9", tenant)  # fmt: skip
    await write(hub, 1, name="late")
    await write(hub, 2, other)
    assert await hub.audit.chainer.tend() >= 2
    chains = {chain.chain: chain for chain in (await hub.audit.verify()).chains}
    assert (chains[show(Prefix.TENANT, other)].entries, chains[show(Prefix.TENANT, tenant)].waiting) == (2, 1)
    assert ("inserted", 10) in await flaws()


async def test_the_app_and_the_engine_can_but_add(hub: Hub) -> None:
    tenant = await hub.tenants.find()
    for statement in (
        "UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry", "UPDATE audit_link SET seq = 1",
        "DELETE FROM audit_link", "DELETE FROM audit_head", "TRUNCATE audit_entry",
    ):  # fmt: skip
        for way in (hub.database.transaction(), hub.database.tenant(tenant)):
            async with way as conn:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with conn.transaction():
                        await conn.execute(statement)
    async with hub.database.tenant(tenant) as conn:
        # the pages' role adds entries of its own tenant, and sees those of no other
        await audit(conn, tenant, "usr_x", "test.page", "x")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with conn.transaction():
                await conn.execute("UPDATE audit_head SET seq = 1")
    assert await hub.audit.chainer.tend() == 1
    assert (await hub.audit.verify(tenant)).ok
