"""The watch itself: one look however many processes, other people's webhooks, late deliveries, writes that wait."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crossdock.errors import Unauthenticated
from crossdock.flow.pull.terms import terms_of
from crossdock.flow.watch import Watch
from crossdock.govern.hook_list import HookList
from crossdock.govern.hooks import OLD
from crossdock.kit.ids import Prefix, show
from crossdock.settings import Settings
from crossdock.wiring import Hub, watched
from tests.journey.doors.street import street
from tests.journey.watch.faults import ELSEWHERE, STAGING
from tests.journey.watch.stage import Stage, staged
from tests.support.hub import add_route, add_shop, add_sink, order, signed, until, working


async def test_any_number_of_processes_make_one_look(settings: Settings) -> None:
    async with staged(settings) as stage:
        hub = stage.hub
        others = [Watch(hub.database, hub.directory, hub.hooks, hub.runs, stage.clock, watched) for _ in range(5)]
        await stage.pass_by(210)
        looked = await asyncio.gather(*(one.one(f"process {n}") for n, one in enumerate(others)))
        assert sorted(looked) == [False] * 4 + [True]


async def test_a_look_is_seven_requests_and_nine_every_six_hours(settings: Settings) -> None:
    async with staged(settings) as stage:
        for seconds, requests in ((210, 7), (210, 7), (6 * 3600, 9), (210, 7)):
            await stage.pass_by(seconds)
            before = stage.app.requests
            assert await stage.look()
            assert stage.app.requests - before == requests
            assert await stage.findings() == {}


async def test_a_lost_watcher_is_replaced_and_does_not_write(settings: Settings) -> None:
    """A process that was asleep during its look finds the lease gone."""
    async with staged(settings) as stage:
        await stage.hook(topic="order.created", delete=True)
        await stage.pass_by(210)
        sql = "UPDATE watch SET epoch = epoch + 1 WHERE connection_id = $1"
        real = stage.hub.hooks.mend

        async def asleep(connection: Any, mend: Any) -> None:
            async with stage.hub.database.engine() as conn:
                await conn.execute(sql, connection.id)
            await real(connection, mend)

        hub, hooks = stage.hub, _Sleepy(stage.hub.hooks, asleep)
        sleepy = Watch(hub.database, hub.directory, hooks, hub.runs, stage.clock, watched)
        assert await sleepy.one("asleep")
        assert await stage.findings() == {}


class _Sleepy:
    """The webhooks, repaired by somebody who loses the lease meanwhile."""

    def __init__(self, hooks: Any, mend: Any) -> None:
        self._hooks, self.mend = hooks, mend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hooks, name)


async def test_webhooks_of_others_are_never_touched(settings: Settings) -> None:
    async with staged(settings) as stage:
        hooks = stage.app.hooks
        theirs = hooks.create({"topic": "order.created", "delivery_url": ELSEWHERE, "secret": "theirs"})
        theirs.status = "disabled"
        await stage.hook(topic="order.updated", delete=True)
        await stage.find("webhook-deleted")
        await stage.gone("webhook-deleted")
        assert hooks.rows[theirs.id].status == "disabled"
        assert hooks.rows[theirs.id].delivery_url == ELSEWHERE


async def test_a_webhook_that_a_person_removed_stays_removed(settings: Settings) -> None:
    """It is no finding, and its stream is pulled as one without webhooks; another that is lost comes back meanwhile."""
    async with staged(settings) as stage:
        hub = stage.hub
        desk = HookList(hub.database, hub.directory, hub.hooks)
        (unwanted,) = [one for one in stage.app.hooks.rows.values() if one.topic == "order.updated"]
        await desk.remove(await stage.known(), str(unwanted.id), actor="test")
        await stage.hook(topic="coupon.created", delete=True)
        found = await stage.find("webhook-deleted")
        assert found.evidence["topics"] == ["coupon.created"]
        for _ in range(3):
            await stage.pass_by(210)
            assert await stage.look()
        assert await stage.findings() == {}
        topics = {one.topic for one in stage.app.hooks.rows.values()}
        assert len(topics) == 14
        assert "order.updated" not in topics
        listed = await desk.listed(await stage.known())
        assert (listed["missing"], listed["removed"]) == ([], ["order.updated"])
        terms = terms_of((await stage.known()).config)
        streams = {one.name: one for one in hub.directory.described(await stage.known())}
        gaps = {n: terms.interval_s(streams[n], rung=True, usual_s=300, without_s=60) for n in ("order", "coupon")}
        assert gaps["order"] < gaps["coupon"]
        assert (await desk.register(await stage.known(), actor="test"))["registered"] == ["order.updated"]
        assert (await desk.listed(await stage.known()))["removed"] == []


async def test_webhooks_left_over_are_deleted(settings: Settings) -> None:
    """A restored backup brings back webhooks that the hub has replaced since."""
    async with staged(settings) as stage:
        url = stage.hub.hooks.url_of(await stage.known())
        left = stage.app.hooks.create({"topic": "order.created", "delivery_url": url, "secret": "of old"})
        found = await stage.find("webhook-unknown", within=500)
        assert found.repaired_at is not None
        assert left.id not in stage.app.hooks.rows
        assert len(stage.app.hooks.rows) == 15


async def test_a_disabled_webhook_is_registered_anew_because_its_count_stays(settings: Settings) -> None:
    async with staged(settings) as stage:
        (old,) = await stage.hook(topic="order.updated", set={"status": "disabled", "failures": 6})
        await stage.find("webhook-disabled")
        assert old not in stage.app.hooks.rows
        (fresh,) = [hook for hook in stage.app.hooks.rows.values() if hook.topic == "order.updated"]
        assert (fresh.status, fresh.failures) == ("active", 0)


async def test_late_deliveries_signed_with_the_old_secret_are_taken_for_a_day(settings: Settings) -> None:
    async with staged(settings) as stage:
        (hook_id,) = await stage.hook(topic="order.created", set={"status": "disabled"})
        old = stage.app.hooks.rows[hook_id].secret
        await stage.find("webhook-disabled")
        headers, body = signed(order(9001), "order.created", old)
        headers["x-wc-webhook-id"] = str(hook_id)
        connection = await stage.known()
        assert [receipt.verdict for receipt in await stage.hub.journey.webhook(connection, headers, body)] == [
            "applied"
        ]
        async with stage.hub.database.engine() as conn:
            await conn.execute(
                "UPDATE credential SET changed_at = now() - interval '25 hours' WHERE name LIKE $1", f"%{OLD}"
            )
        assert await stage.hub.hooks.forget_old() == 1
        with pytest.raises(Unauthenticated):
            await stage.hub.journey.webhook(await stage.known(), *_again(hook_id, old))


def _again(hook_id: int, secret: str) -> tuple[dict[str, str], bytes]:
    headers, body = signed(order(9002), "order.created", secret)
    return {**headers, "x-wc-webhook-id": str(hook_id)}, body


async def test_a_gap_is_asked_for_again_while_another_pull_was_already_under_way(settings: Settings) -> None:
    async with staged(settings) as stage:
        from crossdock.flow.run import RunKind

        await stage.hub.runs.add(stage.tenant, stage.id, RunKind.PULL, ("coupon",))
        async with stage.hub.database.engine() as conn:
            await conn.execute("UPDATE run SET id = $1 WHERE kind = 'pull'", _long_ago())
        await stage.hook(topic="order.created", delete=True)
        await stage.find("webhook-deleted")
        (row,) = await stage.rows("SELECT memory->>'gap' AS gap FROM watch")
        assert row["gap"] == "lately"
        await stage.work()
        await stage.gone("webhook-deleted")
        (row,) = await stage.rows("SELECT memory->>'gap' AS gap FROM watch")
        assert row["gap"] == ""
        assert len(await stage.rows("SELECT 1 FROM run WHERE kind = 'pull'")) == 2


def _long_ago() -> Any:
    import datetime as dt

    from crossdock.kit.ids import new_id

    return new_id(dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5))


async def test_nothing_is_written_while_writes_are_stopped(hub: Hub) -> None:
    """What is to be written waits, and goes out by itself afterwards."""
    shop = await add_shop(hub)
    sink = await add_sink(hub, "http://127.0.0.1:9/")
    await add_route(hub, shop, sink, "*", "post")
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE connection SET writes_stopped = 'staging-clone' WHERE id = $1", sink.id)
    async with street(hub) as doors:
        assert (await doors.hook(shop, order(1))).status == 200
    assert await hub.pump.take("test") is None
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE connection SET writes_stopped = NULL WHERE id = $1", sink.id)
    assert await hub.pump.take("test") is not None


async def test_a_copy_is_refused_by_name_and_the_shop_goes_on(settings: Settings) -> None:
    async with staged(settings) as stage:
        hook = next(hook for hook in stage.app.hooks.rows.values() if hook.topic == "order.updated")
        headers, body = signed(order(77), secret=hook.secret)
        headers |= {"x-wc-webhook-id": str(hook.id), "x-wc-webhook-source": f"https://{STAGING}/"}
        async with stage.http.post(hook.delivery_url, data=body, headers=headers) as reply:
            refused = await reply.json()
        assert (reply.status, refused["field"]) == (403, "x-wc-webhook-source")
        await stage.hub.refusals.flush(stage.hub.database)
        (row,) = await stage.rows("SELECT detail->>'reason' AS reason FROM audit_entry WHERE action = 'refused'")
        assert row["reason"] == "other-site"
        await stage.told(await stage.order())
        found = await stage.find("clone-webhooks")
        assert found.evidence == {"refused": 1, "their_address": f"https://{STAGING}/"}
        assert (await stage.connection())["writes_stopped"] is None, "the connected shop is no copy"


async def test_findings_are_shown_by_the_api(settings: Settings) -> None:
    async with staged(settings) as stage:
        await stage.dials(keys_revoked=True)
        await stage.find("wrong-keys")
        async with street(stage.hub) as doors:
            key = (await stage.hub.keys.add(stage.tenant, "reads", ("read",)))[1]
            path = f"/api/v1/connections/{show(Prefix.CONNECTION, stage.id)}/findings"
            shown = (await doors.get(path, key)).json
            assert shown["hooks_ok"] is False
            (found,) = shown["items"]
            assert (found["code"], found["state"], found["severity"]) == ("wrong-keys", "open", "error")
            assert "REST API" in found["remedy"]
            (status,) = (await doors.get("/api/v1/status", key)).json["connections"]
            assert (status["state"], status["findings"]) == ("broken", ["wrong-keys"])
            await stage.dials(keys_revoked=False)
            await stage.gone("wrong-keys")
            assert (await doors.get(path, key)).json["items"] == []
            (ended,) = (await doors.get(f"{path}?all=true", key)).json["items"]
            assert (ended["state"], ended["resolved_at"] is not None) == ("resolved", True)
            stranger = await stage.hub.tenants.add("other")
            theirs = (await stage.hub.keys.add(stranger, "reads", ("read",)))[1]
            assert (await doors.get(path, theirs)).status == 404


async def test_a_restored_store_is_read_afresh(settings: Settings) -> None:
    """What the backup does not hold is told as deleted, what it holds in an older state as rewound."""
    async with staged(settings) as stage:
        kept = await stage.order()
        await stage.told(kept)
        await stage.control("snapshot")
        await stage.pass_by(5)
        await stage.act("complete", id=int(kept))
        lost = [await stage.order() for _ in range(3)]
        for made in lost:
            await stage.told(made)
        await stage.pass_by(205)
        assert await stage.look()
        await stage.control("restore")
        found = await stage.find("store-restored")
        assert found.evidence["orders_gone"] == 3
        await stage.work()
        await stage.work()
        sql = "SELECT external_id, presence, status FROM record WHERE stream = 'order' AND external_id = ANY($1)"
        held = {row["external_id"]: (row["presence"], row["status"]) for row in await stage.rows(sql, [kept, *lost])}
        assert held == {kept: ("live", "processing"), **dict.fromkeys(lost, ("deleted", "deleted"))}
        assert await stage.rows("SELECT 1 FROM event WHERE verdict = 'rewound' AND external_id = $1", kept)
        await stage.well()
        assert [f.code for f in (await stage.findings(ended=True)).values()].count("store-restored") == 1


async def test_a_worker_watches_by_itself(settings: Settings) -> None:
    async with staged(settings) as stage:
        await stage.hook(topic="order.created", delete=True)
        await stage.pass_by(210)
        async with working(stage.hub):
            await until(lambda: _has(stage, "webhook-deleted"))


async def _has(stage: Stage, code: str) -> bool:
    return code in await stage.findings()
