"""What a critical route's second destination took is named by the proof, not missed at the first."""

from __future__ import annotations

import uuid

import pytest

from crossdock.flow.reconcile.report import rows_csv
from crossdock.flow.run import RunKind
from crossdock.settings import Settings
from tests.journey.reconcile.stage import Stage
from tests.support.hub import add_sink
from tests.support.inboxes import receiver


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"alert_every_s": 0.1, "report_at_hour": -1})


async def crm_is(stage: Stage, state: str) -> uuid.UUID:
    """Set the CRM's connection to a state, whatever it is in; returns the orders' route to it."""
    async with stage.hub.database.transaction() as conn:
        crm = await conn.fetchval("SELECT id FROM connection WHERE connector = 'hubspot'")
        await conn.execute("UPDATE connection SET state = $2, problem = 'x; y' WHERE id = $1", crm, state)
        route: uuid.UUID = await conn.fetchval(
            "SELECT id FROM route WHERE destination_id = $1 AND stream = 'order'", crm
        )
    stage.hub.directory.forget(crm)
    return route


async def test_a_proof_names_what_the_second_destination_took(stage: Stage) -> None:
    (store,) = stage.stores
    hub = stage.hub
    tenant = await hub.tenants.find()
    async with receiver() as inbox:
        second = await add_sink(hub, inbox.url, "second")
        route = await crm_is(stage, "broken")
        await hub.alerting.fallbacks.name(tenant, route, second, after_s=0, actor="test")
        made = [str((await store.act("place_order", status="processing"))["id"]) for _ in range(2)]
        await hub.runs.add(tenant, store.id, RunKind.BACKFILL, ("order",))
        await stage.rest()
        await crm_is(stage, "active")
        kept, proof = await store.kept(rounds=2)
        row = next(row for row in proof.rows if row.entity == "order")
        assert (row.missing, row.drifted, row.fallback) == (0, 0, 2), (proof.rows, proof.differences)
        assert row.in_store == row.recorded == row.delivered + row.skipped + row.fallback
        assert proof.ok, proof.differences
        assert proof.taken_by == {"order": {"second": 2}}
        assert kept.report["taken_by"] == {"order": {"second": 2}}
        assert ",fallback" in rows_csv(kept.report).splitlines()[0]
        assert "delivered" not in proof.repairs, "nothing is delivered to the first behind the second's back"
    uid = (await hub.directory.connection(store.id)).account_uid
    assert not {f"{uid}:order:{one}" for one in made} & (await stage.deals()).keys()


async def test_the_first_is_asked_for_its_own_again_once_it_took_a_newer_state(stage: Stage) -> None:
    (store,) = stage.stores
    hub = stage.hub
    tenant = await hub.tenants.find()
    async with receiver() as inbox:
        route = await crm_is(stage, "broken")
        await hub.alerting.fallbacks.name(
            tenant, route, await add_sink(hub, inbox.url, "second"), after_s=0, actor="test"
        )
        made = (await store.act("place_order", status="processing"))["id"]
        await hub.runs.add(tenant, store.id, RunKind.BACKFILL, ("order",))
        await stage.rest()
        await crm_is(stage, "active")
        await store.act("complete", id=made)
        await hub.runs.add(tenant, store.id, RunKind.BACKFILL, ("order",))
        await stage.rest()
        proof = await store.prove()
        assert proof.ok, proof.differences
        assert proof.taken_by == {}
        await stage.crm("archive", type="deals", id=(await stage.deal(store, made))["id"])
        seen = await store.prove(rounds=0)
        assert next(row for row in seen.rows if row.entity == "order").missing == 1
