"""A tenant's end over the API, done by a worker: doors shut at once, the receipt stays, others go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from crossdock.govern.programs.ending import Ending
from crossdock.wiring import Hub
from tests.journey.access.test_provisioning import make, send
from tests.journey.doors.street import Street, is_problem, rows
from tests.journey.doors.test_invoice_documents import make as issued
from tests.support.hub import key_of, until, working

EVENT = {"type": "assessment.completed", "data": {"email": "person-canary@example.com"}}


async def test_a_tenant_leaves(hub: Hub, doors: Street) -> None:
    platform = await key_of(hub, "platform")
    made, stays = (await make(doors, platform)).json, await key_of(hub, "admin")
    for key in (made["key"], stays):
        assert (await doors.post("/api/v1/events", EVENT, key)).status == 201
    is_problem(await send(doors, "DELETE", "tenants/bakery", platform, {"slug": "baker"}), 400, "bad-input", "slug")
    is_problem(await send(doors, "DELETE", "tenants/bakery", stays, {"slug": "bakery"}), 404, "not-found")
    asked = await send(doors, "DELETE", "tenants/bakery", made["key"], {"slug": "bakery"})
    assert (asked.status, asked.json["state"], asked.json["asked_by"]) == (202, "stopping", made["key_id"])

    async def shut() -> Any:
        return (await doors.get("/api/v1/me", made["key"])).status == 401

    await until(shut)
    end = f"/api/v1/tenant-ends/{asked.json['id']}"

    async def done() -> Any:
        found = (await doors.get(end, platform)).json
        return found if found["state"] == "deleted" else None

    async with working(hub):
        await until(lambda: rows(hub, "SELECT 1 FROM tenant_end WHERE stage = 'delete'"))
    async with hub.database.engine() as conn:
        # the time in which what was under way finds out that it is over
        await conn.execute("UPDATE tenant_end SET due_at = now()")
    async with working(hub):
        receipt = await until(done)
    assert (receipt["counts"]["event"], receipt["counts"]["tenant"], receipt["left_behind"]) == (1, 1, [])
    assert "person-canary" not in str(receipt)
    is_problem(await doors.get("/api/v1/tenants/bakery", platform), 404, "not-found")
    assert [one["id"] for one in (await doors.get("/api/v1/tenant-ends", platform)).json["items"]] == [receipt["id"]]
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM event") == 1
    assert (await doors.get("/api/v1/me", stays)).status == 200
    assert (await make(doors, platform)).status == 201, "the slug is free again"


async def test_issued_invoices_go_only_when_it_is_said_and_with_their_tenant_alone(hub: Hub, doors: Street) -> None:
    kept = await issued(hub)
    tenant, platform = kept.tenant_id, await key_of(hub, "platform")
    await hub.keys.add(await hub.tenants.add("other"), "stays", ["read"])
    refused = await send(doors, "DELETE", "tenants/default", platform, {"slug": "default"})
    assert "1 issued invoices" in is_problem(refused, 409, "conflict", "issued_invoices")["detail"]
    async with hub.database.engine() as conn:
        for table in ("invoice", "invoice_counter", "invoice_terms"):
            with pytest.raises(asyncpg.RestrictViolationError):
                await conn.execute(f"DELETE FROM {table} WHERE tenant_id = $1", tenant)
    end = await hub.ending.ask(tenant, "default", actor="cli", invoices=True)
    ending = Ending(hub.database, hub.connections, timedelta())
    while await ending.work(end):
        pass
    receipt = await ending.receipt(end)
    assert {name: receipt["counts"][name] for name in ("invoice", "invoice_counter", "invoice_terms")} == {
        "invoice": 1,
        "invoice_counter": 1,
        "invoice_terms": 1,
    }
    assert receipt["state"] == "deleted"
