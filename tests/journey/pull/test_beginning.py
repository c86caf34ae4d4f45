"""A run that is queued beside a worker of the same process begins at once: nobody waits for the worker's sweep."""

from __future__ import annotations

import pytest

from crossdock.connectors.woocommerce.sandbox import generate
from crossdock.flow.run import RunKind
from crossdock.wiring import Hub
from tests.journey.reconcile.stage import staged
from tests.support.hub import working


async def test_a_run_begins_without_a_sweep(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossdock.worker.loops.SWEEP_S", 3600.0)
    tenant = await hub.tenants.find()
    async with staged(hub, generate(1, 5)) as stage, working(hub):
        (store,) = stage.stores
        for _ in range(3):
            await hub.runs.add(tenant, store.id, RunKind.PULL, ("coupon",))
            await stage.rest()
    async with hub.database.engine() as conn:
        assert [row["state"] for row in await conn.fetch("SELECT state FROM run")] == ["done"] * 3
