"""How each fault of a shop comes about, and how people end those the hub cannot repair."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import orjson

from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.kit.signing import sign_base64
from tests.journey.watch.stage import Stage
from tests.support.hub import until

Step = Callable[[Stage], Awaitable[object]]
ELSEWHERE = "http://127.0.0.1:1/elsewhere"
STAGING = "staging.shop.example"


class Fault(msgspec.Struct, frozen=True):
    """One fault."""

    code: str
    inject: Step
    end: Step | None = None
    """What people do; None where the hub repairs it by itself."""
    tls: bool = False
    shop_state: str = "active"
    """The connection's state while it stands."""
    hooks_ok: bool = True
    """The connection's flag after the look that found it."""
    writes: bool = True
    loses: bool = True
    """Whether an order that no webhook tells of is placed meanwhile."""
    talks: bool = False
    """Whether webhooks go on arriving meanwhile."""
    name: str = ""


def dials(**given: Any) -> Step:
    return lambda stage: stage.dials(**given)


def certified(days: float) -> Step:
    async def step(stage: Stage) -> None:
        assert stage.front is not None
        stage.front.certify(days=days)

    return step


def later(seconds: float) -> Step:
    async def step(stage: Stage) -> None:
        stage.app.shop.clock.advance(seconds)

    return step


async def disabled_by_failures(stage: Stage) -> None:
    """Nobody answers: at the seventh failure in a row the shop disables the webhook by itself."""
    (hook,) = [hook for hook in stage.app.hooks.rows.values() if hook.topic == "order.updated"]
    ours, hook.delivery_url = hook.delivery_url, ELSEWHERE
    for _ in range(7):
        await stage.order()

    async def is_disabled() -> bool:
        return str(hook.status) == "disabled"

    await until(is_disabled)
    hook.delivery_url = ours


async def secret_changed(stage: Stage) -> None:
    """Somebody saves another secret; the next delivery is refused."""
    (hook_id,) = await stage.hook(topic="order.created", set={"secret": "somebody's own"})
    await stage.order()

    async def refused() -> object:
        await stage.flush()
        return await stage.rows("SELECT 1 FROM hook WHERE vendor_id = $1 AND refused > 0", str(hook_id))

    await until(refused)


async def nearly_failed(stage: Stage) -> None:
    """Four genuine deliveries are answered with an error."""
    (hook,) = [hook for hook in stage.app.hooks.rows.values() if hook.topic == "order.created"]
    body = orjson.dumps([1])
    headers = {
        "X-WC-Webhook-ID": str(hook.id),
        "X-WC-Webhook-Topic": hook.topic,
        "X-WC-Webhook-Signature": sign_base64(hook.secret.encode(), body),
    }
    for _ in range(4):
        async with stage.http.post(hook.delivery_url, data=body, headers=headers) as reply:
            assert reply.status == 400
        stage.app.hooks.failed(hook)


async def restored(stage: Stage) -> None:
    """A backup of the shop is brought back: three orders are gone, and the first of their ids are given again."""
    await brought_back(stage, 3)


async def nearly_restored(stage: Stage) -> None:
    """A backup is brought back that lacks a single order, whose id is given again before the next look."""
    await brought_back(stage, 1)


async def brought_back(stage: Stage, orders: int) -> None:
    """Lose so many orders that the hub knows of."""
    await stage.control("snapshot")
    for _ in range(orders):
        await stage.told(await stage.order())
    await stage.pass_by(210)
    assert await stage.look()
    await stage.control("restore")


async def copied(stage: Stage) -> None:
    """The shop is copied, webhooks and all; the copy tells of an order of its own."""
    switch: Any = woocommerce.build(woocommerce.generate(3, 9), woocommerce.Settings(host=STAGING))
    clone = switch.app
    clone.hooks.base = f"http://{STAGING}"
    clone.hooks.rows = copy.deepcopy(stage.app.hooks.rows)
    clone.shop.set_next("post", 9000)
    done = clone.control.acts.do({"do": "place_order", "status": "processing"})

    async def answered() -> object:
        return [entry for entry in clone.hooks.log if entry["status"] == 403]

    await until(answered)
    assert not await stage.recorded(str(done["id"]))


FAULTS = (
    Fault("webhook-disabled", disabled_by_failures),
    Fault("webhook-deleted", lambda s: s.hook(topic="order.created", delete=True)),
    Fault("webhook-deleted", lambda s: s.hook(delete=True), name="all-webhooks-deleted"),
    Fault("webhook-paused", lambda s: s.hook(topic="order.created", set={"status": "paused"})),
    Fault("webhook-secret-changed", secret_changed),
    Fault("webhook-url-changed", lambda s: s.hook(topic="order.created", set={"delivery_url": ELSEWHERE})),
    Fault("webhook-failing", nearly_failed),
    Fault("scheduler-stalled", dials(scheduler="stalled"), hooks_ok=False, loses=False),
    Fault("authorization-stripped", dials(strip_authorization=True), tls=True, talks=True),
    Fault("rest-blocked", dials(firewall="forbidden"), dials(firewall="off"), hooks_ok=False),
    Fault("rest-blocked", dials(firewall="page"), dials(firewall="off"), hooks_ok=False, name="captcha"),
    Fault("maintenance", dials(maintenance=True), dials(maintenance=False), hooks_ok=False),
    Fault("permalinks-off", dials(index_permalinks=True), name="permalinks-need-index-php", talks=True),
    Fault("permalinks-off", dials(plain_permalinks=True), dials(plain_permalinks=False), hooks_ok=False),
    Fault("wrong-keys", dials(keys_revoked=True), dials(keys_revoked=False), shop_state="broken", hooks_ok=False),
    Fault("keys-read-only", dials(keys_permissions="read"), dials(keys_permissions=""), writes=False, talks=True),
    Fault("certificate-expired", certified(-1), certified(90), tls=True, hooks_ok=False),
    Fault("certificate-expiring", certified(5), certified(90), tls=True, talks=True),
    Fault("hpos-switched", dials(storage="posts"), talks=True),
    Fault("staging-clone", dials(host=STAGING), dials(host=None), shop_state="broken", hooks_ok=False, writes=False),
    Fault("clone-webhooks", copied, lambda s: s.pass_by(1), talks=True),
    Fault("store-restored", restored, talks=True),
    Fault("store-restored", nearly_restored, talks=True, name="store-restored-by-one-order"),
    Fault("clock-wrong", later(20 * 60), talks=True),
    Fault("clock-wrong", later(-20 * 60), name="clock-behind", talks=True),
)
