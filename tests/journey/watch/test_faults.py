"""Each fault of a shop: found within five minutes, named with its remedy, repaired where it can be, its gap filled."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock.connectors.woocommerce.ailments import AILMENTS
from crossdock.settings import Settings
from tests.journey.watch.faults import FAULTS, Fault
from tests.journey.watch.stage import Front, staged


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name or fault.code)
async def test_a_fault_is_found_named_and_its_gap_filled(fault: Fault, settings: Settings, tmp_path: Path) -> None:
    front = Front(tmp_path) if fault.tls else None
    async with staged(settings, tls=front) as stage:
        await fault.inject(stage)
        missed = await stage.lost() if fault.loses else await stage.order()
        if fault.talks:
            await stage.told(await stage.order())
        found = await stage.find(fault.code)
        assert found.remedy
        assert found.cause
        assert found.severity == AILMENTS[fault.code].severity
        told = await stage.connection()
        assert told["state"] == fault.shop_state
        assert (told["problem"] is not None) == (fault.shop_state == "broken")
        assert told["hooks_ok"] is fault.hooks_ok
        assert (told["writes_stopped"] is None) == fault.writes
        if fault.end is None:
            assert found.repaired_at is not None, found
        else:
            assert found.repaired_at is None, found
            await fault.end(stage)
            await stage.gone(fault.code)
            assert (await stage.connection())["state"] == "active"
        await stage.filled(missed)
        if fault.code != "scheduler-stalled":
            await stage.well()
