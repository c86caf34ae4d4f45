"""A mapping is tried before it acts: on one record, and on the newest as a run; nothing is sent."""

from __future__ import annotations

import asyncio
from typing import Any

from crossdock.kit import redact
from tests.journey.doors.street import is_problem
from tests.journey.mapping.stage import VAT, Desk
from tests.journey.mapping.test_versions import with_name


async def requests(filled: Desk) -> dict[str, Any]:
    """Return what was asked of the portal that may have written."""
    state = await filled.stage.get(f"{filled.stage.portal_url}/_sandbox/state?history=false")
    return {
        name: count for name, count in state["requests"].items() if not name.startswith("GET") and "read" not in name
    }


async def test_a_draft_is_previewed_on_a_real_record(filled: Desk) -> None:
    route = filled.routes["order"]
    order = await filled.store.pick("processing", "completed")
    before = await requests(filled)
    draft = {"record": str(order), "objects": await with_name(filled, "Order {number}")}
    told = (await filled.post(f"/routes/{route}/mapping/preview", draft)).json
    (change,) = told["differences"]
    deal = (await filled.stage.deal(filled.store, order))["properties"]["dealname"]
    assert (change["object"], change["field"], change["before"]) == ("deals", "dealname", deal)
    assert change["after"] == f"Order {(await filled.store.orders())[order]['number']}"
    assert (change["effect"], change["changed_there"], change["external_id"]) == ("written", False, str(order))
    assert told["mapped"]["deals"][0]["dealname"] == change["after"]
    assert told["plan"][-1]["do"] == "associate"
    assert told["compared"] == "held"
    assert await requests(filled) == before, "nothing is sent"
    hidden = (await filled.post(f"/routes/{route}/mapping/preview", draft, filled.reader)).json
    assert deal not in str(hidden)
    assert hidden["mapped"]["contacts"][0]["email"] == redact.MASK


async def test_what_acts_already_changes_nothing(filled: Desk) -> None:
    for stream, route in filled.routes.items():
        rows = {"order": "orders", "customer": "customers", "product": "products"}[stream]
        named = next(
            one["id"]
            for one in filled.store.shop.truth()[rows]
            if one.get("status") not in ("trash", "checkout-draft", "draft") and one.get("type") != "variable"
        )
        told = await filled.post(f"/routes/{route}/mapping/preview", {"record": str(named)})
        assert told.status == 200, told.body
        assert told.json["differences"] == [], (stream, told.json["differences"])


async def test_a_version_is_tried_on_the_newest_records_as_a_run(filled: Desk) -> None:
    at = f"/routes/{filled.routes['order']}/mapping"
    objects = await with_name(filled, "Order {number}")
    for one in objects:
        if one["object"] == "deals":
            one["rules"].append({"target": "description", "path": f"meta.{VAT}", "owner": "crm"})
    assert (await filled.post(f"{at}/versions", {"objects": objects})).json["version"] == 1
    # somebody has written into one deal, and renamed another
    orders = await filled.store.orders()
    taken = next(n for n, row in orders.items() if any(m["key"] == VAT for m in row["meta_data"]) and row["line_items"])
    deal = await filled.stage.deal(filled.store, taken)
    await filled.stage.crm("edit", type="deals", id=deal["id"], properties={"description": "mine", "dealname": "ours"})
    before = await requests(filled)
    run = (await filled.post(f"{at}/dry-runs", {"last": 50})).json
    done = await filled.ended(run["id"])
    assert (done["state"], done["kind"], done["asked"]["version"]) == ("done", "mapping", 1), done["problem"]
    report = done["result"]
    deals = report["writes"]["deals"]
    planned = report["looked_at"] - report["nothing"] - report["refused"]
    assert deals["update"] == report["fields"]["deals.dealname"] == planned
    assert report["writes"]["line_items"].keys() == {"unchanged"}
    assert report["conflicts"] == {"deals.dealname": 1, "deals.description": 1}
    kept = [one for one in report["differences"] if one["effect"] == "kept"]
    assert [(one["field"], one["before"]) for one in kept] == [("description", redact.MASK)]
    (renamed,) = [one for one in report["differences"] if one["changed_there"]]
    assert (renamed["field"], renamed["record"]) == ("dealname", deal["id"])
    assert done["counters"]["read"] == report["looked_at"] == done["total"]
    assert await requests(filled) == before, "nothing is sent"


async def test_a_proof_reads_what_a_mapping_of_ones_own_writes(filled: Desk) -> None:
    at = f"/routes/{filled.routes['order']}/mapping"
    objects = await with_name(filled, "Order {number}")
    for one in objects:
        if one["object"] == "deals":
            one["rules"].append({"target": "description", "path": "status"})
    await filled.post(f"{at}/versions", {"objects": objects, "activate": True})
    replay = {"since": "2020-01-01T00:00:00Z", "route_id": filled.routes["order"]}
    await filled.ended((await filled.post("/replays", replay)).json["id"])
    await filled.stage.rest()
    proof = await filled.store.prove()
    assert proof.ok, (proof.rows, proof.differences[:5])
    assert proof.repairs == {}


async def test_only_one_run_at_a_destination_at_a_time(filled: Desk) -> None:
    at = f"/routes/{filled.routes['order']}/mapping/dry-runs"
    answers = await asyncio.gather(*(filled.post(at, {"version": 0}) for _ in range(4)))
    assert {answer.status for answer in answers} <= {202, 409}
    assert any(answer.status == 202 for answer in answers)
    for answer in answers:
        if answer.status == 202:
            await filled.ended(answer.json["id"])


async def test_what_cannot_be_tried_is_named(filled: Desk) -> None:
    at = f"/routes/{filled.routes['order']}/mapping"
    is_problem(await filled.post(f"{at}/preview", {"record": "999999"}), 404, "not-found", "record")
    is_problem(await filled.post(f"{at}/dry-runs", {"version": 9}), 404, "not-found")
    is_problem(await filled.post(f"{at}/dry-runs", {"last": 0}), 400, "bad-input", "last")
    both = {"record": "1", "version": 0, "objects": []}
    is_problem(await filled.post(f"{at}/preview", both), 400, "bad-input", "version")
