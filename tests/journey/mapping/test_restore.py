"""The way back: the version before acts again, and what was written and nobody has changed since stands as it did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from crossdock.flow.run import Run, RunKind
from crossdock.kit.ids import Prefix, parse, show
from tests.journey.mapping.stage import Desk
from tests.journey.mapping.test_versions import with_name
from tests.support.hub import until


async def deals(filled: Desk) -> dict[str, dict[str, Any]]:
    """Return all deals' properties by our key."""
    return {key: dict(deal["properties"]) for key, deal in (await filled.stage.deals()).items()}


def mattering(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Leave out what the vendor sets at every write."""
    return {
        key: {name: value for name, value in one.items() if name != "hs_lastmodifieddate" and value}
        for key, one in found.items()
    }


async def acting(filled: Desk, text: str, **more: Any) -> None:
    """Let a mapping of one's own act and deliver everything by it."""
    at = f"/routes/{filled.routes['order']}/mapping"
    objects = await with_name(filled, text)
    for one in objects:
        if one["object"] == "deals":
            one["rules"] += [{"target": name, **rule} for name, rule in more.items()]
    made = await filled.post(f"{at}/versions", {"objects": objects, "activate": True})
    assert made.status == 201, made.body
    replay = {"since": "2020-01-01T00:00:00Z", "route_id": filled.routes["order"], "events": []}
    asked = await filled.post("/replays", {**replay, "mapping": made.json["version"]})
    await filled.ended(asked.json["id"])
    await filled.stage.rest()


async def back(filled: Desk, **more: Any) -> dict[str, Any]:
    """Go back with restoring; return the ended run."""
    done = (await filled.post(f"/routes/{filled.routes['order']}/mapping/rollback", {"restore": True, **more})).json
    return await filled.ended(done["run"]["id"])


async def test_everything_stands_again_as_it_did(filled: Desk) -> None:
    # somebody had written into a field before the mapping wrote there
    some = list((await filled.stage.deals()).values())
    await filled.stage.crm("edit", type="deals", id=some[0]["id"], properties={"description": "from before"})
    before = mattering(await deals(filled))
    await acting(filled, "Order {number}", description={"constant": "by us"}, hs_next_step={"path": "status"})
    between = await deals(filled)
    assert {one["description"] for one in between.values()} == {"by us"}
    assert {one["dealname"].split()[0] for one in between.values()} == {"Order"}
    done = await back(filled)
    assert done["state"] == "done", done
    assert mattering(await deals(filled)) == before
    report = done["result"]
    assert report["records"] == len(before) == report["fields"]["deals.description"]
    assert (report["changed_since"], report["failed"]) == (0, 0)
    assert (await filled.get(f"/routes/{filled.routes['order']}/mapping")).json["version"] == 0
    proof = await filled.store.prove()
    assert proof.ok, proof.differences[:5]
    # once is all: nothing is left to restore
    async with filled.hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM former_value") == 0


async def test_what_somebody_has_changed_since_is_left_alone_and_told(filled: Desk) -> None:
    before = await deals(filled)
    await acting(filled, "Order {number}", description={"constant": "by us"})
    key, deal = next(iter((await filled.stage.deals()).items()))
    edits = {"description": "a person's", "dealname": "a person's name"}
    await filled.stage.crm("edit", type="deals", id=deal["id"], properties=edits)
    report = (await back(filled))["result"]
    after = await deals(filled)
    assert (after[key]["description"], after[key]["dealname"]) == ("a person's", "a person's name")
    assert report["changed_since"] == 2
    left = [one for one in report["differences"] if one["effect"] == "changed-since"]
    assert {(one["record"], one["field"]) for one in left} == {(deal["id"], "dealname"), (deal["id"], "description")}
    others = [name for name in after if name != key]
    assert all(after[name]["dealname"] == before[name]["dealname"] for name in others)
    assert all(not after[name].get("description") for name in others)


async def test_over_two_versions_it_goes_back_to_what_stood_before_the_first(filled: Desk) -> None:
    before = mattering(await deals(filled))
    await acting(filled, "First {number}", description={"constant": "one"})
    await acting(filled, "Second {number}", description={"constant": "two"}, hs_next_step={"constant": "call"})
    report = (await back(filled, to=1))["result"]
    between = await deals(filled)
    assert {one["description"] for one in between.values()} == {"one"}
    assert not any(one.get("hs_next_step") for one in between.values())
    assert report["records"] == len(before)
    # back to the connector's own, over the first version
    await back(filled, to=0)
    assert mattering(await deals(filled)) == before


async def test_values_that_were_kept_are_sealed_and_only_of_ones_own_mappings(filled: Desk) -> None:
    async with filled.hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM former_value") == 0, "the connector's own keeps nothing"
    name = next(iter((await deals(filled)).values()))["dealname"]
    await acting(filled, "Order {number}")
    async with filled.hub.database.engine() as conn:
        rows = await conn.fetch("SELECT object, sealed, external_id FROM former_value")
    assert {row["object"] for row in rows} >= {"deals", "line_items"}
    assert all(row["external_id"] for row in rows if row["object"] == "deals")
    assert not any(name.encode() in row["sealed"] for row in rows)


async def test_nothing_is_written_over_while_what_stands_there_cannot_be_read(filled: Desk) -> None:
    before = mattering(await deals(filled))
    at = f"/routes/{filled.routes['order']}/mapping"
    made = await filled.post(f"{at}/versions", {"objects": await with_name(filled, "Order {number}"), "activate": True})
    await filled.dials(error_share=1.0)
    replay = {"since": "2020-01-01T00:00:00Z", "route_id": filled.routes["order"], "mapping": made.json["version"]}
    await filled.ended((await filled.post("/replays", replay)).json["id"])

    async def tried() -> Any:
        async with filled.hub.database.engine() as conn:
            return await conn.fetchval("SELECT count(*) FROM attempt WHERE outcome = 'retry'")

    await until(tried)
    assert mattering(await deals(filled)) == before
    await filled.dials(error_share=0.0)
    await filled.stage.rest()
    assert {one["dealname"].split()[0] for one in (await deals(filled)).values()} == {"Order"}
    async with filled.hub.database.engine() as conn:
        kept = await conn.fetchval("SELECT count(*) FROM former_value WHERE object = 'deals'")
    assert kept == len(before), "what stood there was kept before it was written over"
    assert (await back(filled))["state"] == "done"
    assert mattering(await deals(filled)) == before


async def test_a_way_back_goes_on_after_an_outage(filled: Desk) -> None:
    before = mattering(await deals(filled))
    await acting(filled, "Order {number}", description={"constant": "by us"})
    await filled.dials(error_share=0.6)
    done = (await filled.post(f"/routes/{filled.routes['order']}/mapping/rollback", {"restore": True})).json
    run = parse(Prefix.RUN, done["run"]["id"])
    tenant = await filled.hub.tenants.find()

    async def put_off() -> Any:
        found = await filled.hub.runs.one(tenant, run)
        return found and (found["problem"] or found["state"] == "done")

    await until(put_off)
    await filled.dials(error_share=0.0)
    ended = await filled.ended(done["run"]["id"])
    assert ended["state"] == "done", ended
    assert mattering(await deals(filled)) == before
    assert ended["result"]["records"] <= len(before)


async def test_the_way_back_may_be_asked_for_again(filled: Desk) -> None:
    before = mattering(await deals(filled))
    await acting(filled, "Order {number}", description={"constant": "by us"})
    at = f"/routes/{filled.routes['order']}/mapping/rollback"
    assert (await filled.post(at, {})).json["run"] is None, "only the version"
    assert {one["description"] for one in (await deals(filled)).values()} == {"by us"}
    done = (await filled.post(at, {"to": 0, "restore": True})).json
    assert (done["version"], done["before"]) == (0, 0)
    assert (await filled.ended(done["run"]["id"]))["state"] == "done"
    assert mattering(await deals(filled)) == before


async def test_a_way_back_that_is_refused_leaves_no_run(filled: Desk) -> None:
    """The run and the choice of the version are one commit: neither is there without the other."""
    await acting(filled, "Order {number}")
    at = f"/routes/{filled.routes['order']}/mapping"
    refused = await filled.post(f"{at}/rollback", {"restore": True, "expected": 7})
    assert refused.status == 409, refused.body
    assert (await filled.get(at)).json["version"] == 1
    async with filled.hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM run WHERE kind = 'mapping'") == 0


async def test_a_way_back_ends_when_what_was_left_is_chosen_again(filled: Desk) -> None:
    await acting(filled, "Order {number}", description={"constant": "by us"})
    at = f"/routes/{filled.routes['order']}/mapping"
    held = (
        "UPDATE lane SET owner = 'somebody', epoch = epoch + 1, until = now() + $1::interval"
        " WHERE id = (SELECT destination_id FROM route WHERE id = $2)"
    )
    route = parse(Prefix.ROUTE, filled.routes["order"])
    async with filled.hub.database.engine() as conn:
        await conn.execute(held, timedelta(hours=1), route)
    done = (await filled.post(f"{at}/rollback", {"restore": True})).json
    mappings, tenant = filled.hub.mappings, await filled.hub.tenants.find()
    begun = await mappings.desk.chosen(tenant, route)
    assert (await filled.post(f"{at}/versions/1/activate", {})).status == 200
    async with filled.hub.database.engine() as conn:
        await conn.execute(held, timedelta(0), route)
    ended = await filled.ended(done["run"]["id"])
    assert ended["state"] == "done", ended
    overtaken = {"problem": "version 1 acts now, so nothing more was restored"}
    assert ended["result"] == overtaken
    # the choice may fall into the very moment in which the run begins
    name, asked = parse(Prefix.RUN, done["run"]["id"]), {"do": "restore", "version": 0, "left": 1}
    again = Run(name, tenant, begun.destination.id, RunKind.MAPPING, (), 1, 0, {}, asked)
    assert await mappings.restoring.run(again, begun) == overtaken
    assert {one["description"] for one in (await deals(filled)).values()} == {"by us"}


async def test_a_run_that_loses_its_lease_is_gone_on_with_and_counts_each_record_once(filled: Desk) -> None:
    before = mattering(await deals(filled))
    await acting(filled, "Order {number}", description={"constant": "by us"})
    filled.hub.mappings.restoring.chunk = 1
    await filled.dials(latency_ms=60)
    at = f"/routes/{filled.routes['order']}/mapping/rollback"
    run = parse(Prefix.RUN, (await filled.post(at, {"restore": True})).json["run"]["id"])

    async def taken_away() -> Any:
        async with filled.hub.database.engine() as conn:
            return await conn.fetchval(
                "UPDATE run SET epoch = epoch + 1, owner = NULL, until = NULL, due_at = now() WHERE id = $1"
                " AND state = 'running' AND (progress -> 'records' ->> 'read')::int >= 2 RETURNING id",
                run,
            )

    assert await until(taken_away)
    ended = await filled.ended(show(Prefix.RUN, run))
    assert ended["state"] == "done", ended
    assert mattering(await deals(filled)) == before
    report = ended["result"]
    assert report["fields"]["deals.description"] == len(before)
    assert ended["counters"]["read"] == ended["total"]
