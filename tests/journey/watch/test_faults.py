"""Each fault of a shop: found within five minutes, named with its remedy, repaired where it can be, its gap filled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from crossdock.connectors.woocommerce.ailments import AILMENTS
from crossdock.settings import Settings
from tests.journey.watch.stage import Front, Stage, staged

Step = Callable[[Stage], Awaitable[object]]


class Fault(msgspec.Struct, frozen=True):
    """One fault: how it comes, whether the hub repairs it by itself, how people end it otherwise."""

    code: str
    inject: Step
    end: Step | None = None
    """None: the hub repairs it."""
    tls: bool = False
    hooks_ok: bool | None = None
    """What the flag says while the fault stands unrepaired."""
    shop_state: str = "active"
    name: str = ""


async def nothing(stage: Stage) -> None:
    del stage


async def disable_by_failures(stage: Stage) -> None:
    """The hub's door fails: the shop disables the webhook by itself."""
    await stage.hook(topic="order.updated", set={"delivery_url": "http://127.0.0.1:1/", "failures": 0})
    (hook,) = [h for h in stage.app.hooks.rows.values() if h.topic == "order.updated"]
    for _ in range(8):
        stage.app.hooks.failed(hook)
    hook.delivery_url = stage.hub.hooks.url_of(await stage.known())
    assert hook.status == "disabled"


async def lost(stage: Stage) -> str:
    """Place an order that no webhook tells of."""
    await stage.dials(drop_share=1.0)
    made = await stage.order()
    await stage.dials(drop_share=0.0)
    return made


FAULTS = (
    Fault("webhook-disabled", disable_by_failures),
    Fault("webhook-deleted", lambda s: s.hook(topic="order.created", delete=True)),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name or fault.code)
async def test_a_fault_is_found_named_and_its_gap_filled(fault: Fault, settings: Settings, tmp_path) -> None:
    front = Front(tmp_path) if fault.tls else None
    async with staged(settings, tls=front) as stage:
        await fault.inject(stage)
        missed = await lost(stage)
        found = await stage.find(fault.code)
        assert found.remedy
        assert found.cause
        assert fault.code in AILMENTS
        state = await stage.connection()
        assert state["state"] == fault.shop_state
        if fault.end is None:
            assert found.repaired_at is not None, found
        else:
            assert found.repaired_at is None, found
            await fault.end(stage)
            await stage.gone(fault.code)
        await stage.work()
        assert await stage.recorded(missed), "the gap is not filled"
