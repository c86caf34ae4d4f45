"""What somebody did in the CRM: named, explained, delivered again where that helps."""

from __future__ import annotations

import copy

from crossdock.flow.reconcile import Asked, Depth
from tests.journey.reconcile.stage import Stage


async def test_a_value_that_was_edited_there(stage: Stage) -> None:
    (store,) = stage.stores
    order = await store.pick("processing", "completed")
    deal = await stage.deal(store, order)
    await stage.crm("edit", type="deals", id=deal["id"], properties={"amount": "1.23"})
    kept, seen = await store.kept(rounds=0)
    assert (seen.ok, seen.rows[0].drifted, seen.rows[0].missing) == (False, 1, 0)
    (told,) = await store.told(kept)
    assert (told["kind"], told["what"], told["state"]) == ("drifted", "deals.amount", "open")
    assert "another value" in told["cause"]
    assert told["done"] == "nothing: repairs were switched off"
    assert told["known"]["delivery"] == "delivered"
    assert told["links"]["record"].startswith("/api/v1/orders/ord_")
    assert told["links"]["event"].startswith("/api/v1/events/evt_")
    assert told["links"]["delivery"].startswith("/api/v1/deliveries/dlv_")
    assert "1.23" not in str(told), "no values, they may be a person's"
    kept, proof = await store.kept()
    assert proof.ok, proof.differences
    assert (proof.repairs, proof.costs.repairs["deliveries"]) == ({"delivered": 1}, 1)
    (told,) = await store.told(kept)
    assert (told["state"], told["done"]) == ("repaired", "delivered again once; it is right now")
    assert (await stage.deal(store, order))["properties"]["amount"] == deal["properties"]["amount"]


async def test_a_deal_that_was_deleted_there(stage: Stage) -> None:
    (store,) = stage.stores
    order = await store.pick("processing", "completed")
    await stage.crm("archive", type="deals", id=(await stage.deal(store, order))["id"])
    kept, seen = await store.kept(rounds=0)
    assert (seen.rows[0].missing, seen.rows[0].drifted) == (1, 0)
    (told,) = await store.told(kept)
    assert (told["kind"], told["what"]) == ("missing", "deals")
    assert "is not there any more" in told["cause"]
    proof = await store.prove()
    assert (proof.ok, proof.repairs) == (True, {"delivered": 1}), proof.differences
    assert not (await stage.deal(store, order))["archived"]


async def test_what_no_repair_helps_stays_an_exception(stage: Stage) -> None:
    """Deliveries wait for a connection that was paused: told as tried, and still so; the proof ends all the same."""
    (store,) = stage.stores
    order = await store.pick("processing", "completed")
    deal = await stage.deal(store, order)
    await stage.crm("edit", type="deals", id=deal["id"], properties={"amount": "1.23"})
    async with stage.hub.database.transaction() as conn:
        await conn.execute("UPDATE connection SET state = 'paused' WHERE connector = 'hubspot'")
    kept, proof = await stage.hub.reports.taken(store.id, None, Asked(1, 0.5, depth=Depth.LIGHT))
    assert not proof.ok
    assert proof.pending == 1, "its delivery waits for the connection"
    (told,) = await store.told(kept)
    assert (told["state"], told["done"]) == ("open", "delivered again once; it is still so")


async def test_a_double_there_is_named_and_left_to_a_person(stage: Stage) -> None:
    """Two records under one key: an import from before the property was unique."""
    (store,) = stage.stores
    order = await store.pick("processing", "completed")
    deal = await stage.deal(store, order)
    records = stage.portal.portal.records["deals"]
    double = copy.deepcopy(records[deal["id"]])
    double.id = str(int(deal["id"]) + 10**9)
    records[double.id] = double
    kept, proof = await store.kept()
    assert (proof.ok, proof.rows[0].duplicates, proof.repairs) == (False, 1, {})
    (told,) = await store.told(kept)
    assert (told["kind"], set(told["known"]["found_id"].split())) == ("duplicate", {deal["id"], double.id})
    assert "merge or archive" in told["remedy"]
    del records[double.id]
    assert (await store.prove()).ok


async def test_a_record_of_nothing_there_is_unexpected(stage: Stage) -> None:
    (store,) = stage.stores
    uid = (await stage.hub.directory.connection(store.id)).account_uid
    ghost = {"dealname": "ghost", "crossdock_key": f"{uid}:order:999999"}
    made = await stage.crm("create", type="deals", properties=ghost)
    kept, proof = await store.kept()
    assert (proof.ok, proof.rows[0].unexpected) == (False, 1)
    (told,) = await store.told(kept)
    assert (told["kind"], told["external_id"], told["known"]["found_id"]) == (
        "unexpected",
        f"{uid}:order:999999",
        made["id"],
    )
    await stage.crm("archive", type="deals", id=made["id"])
    assert (await store.prove()).ok


async def test_many_exceptions_are_all_kept_paged_and_signed(stage: Stage) -> None:
    (store,) = stage.stores
    uid = (await stage.hub.directory.connection(store.id)).account_uid
    for number in range(1040):
        stage.portal.portal.create("deals", {"dealname": "x", "crossdock_key": f"{uid}:order:9{number:05}"}, "test")
    kept, proof = await store.kept()
    assert (proof.rows[0].unexpected, len(proof.differences), proof.unlisted) == (1040, 1000, 40)
    told = await store.told(kept)
    assert len({one["external_id"] for one in told}) == 1040
    assert kept.report["exceptions"]["count"] == 1040
    reports = stage.hub.reports
    assert reports.genuine(kept.report, kept.signature, told)
    assert not reports.genuine(kept.report, kept.signature, told[:-1])
    assert not reports.genuine(kept.report, kept.signature, [{**told[0], "cause": "none"}, *told[1:]])
