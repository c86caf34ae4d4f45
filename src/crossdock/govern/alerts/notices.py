"""The outbox: every notice is a row before it is sent, and is sent until it got through or three days have passed.

A notice is taken by a lease, sent, and settled. A process that dies in between leaves a row whose lease ends: the next
one sends it again under the same message id. Channels do not wait for each other; within one, order is kept.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson
import structlog

from crossdock.connect.client import Transport
from crossdock.govern.alerts import words
from crossdock.govern.alerts.channels import Channel, Channels
from crossdock.govern.alerts.mail import Mail, NotSent, send
from crossdock.govern.alerts.posts import post_signed, post_slack
from crossdock.govern.routing import Store
from crossdock.kit.backoff import full_jitter
from crossdock.kit.clock import Clock
from crossdock.kit.failpoints import Failpoints
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.store.acting import note_act
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("notices.sql"))
log = structlog.get_logger("crossdock.alerts")
_LEASE = timedelta(seconds=90)
"""Longer than the longest send."""
_KEPT = timedelta(days=3)


class Backoff(msgspec.Struct, frozen=True):
    """When a notice that did not get through is sent again."""

    base_s: float = 5.0
    ceiling_s: float = 900.0


class Taken(msgspec.Struct, frozen=True):
    """A notice under our lease."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    channel_id: uuid.UUID
    topic: str
    document: dict[str, Any]
    attempt: int
    created_at: datetime


class Notices:
    """Sends what stands in the outbox. Any number of processes may do so at once."""

    def __init__(
        self,
        store: Store,
        channels: Channels,
        transport: Transport,
        clock: Clock,
        failpoints: Failpoints,
        backoff: Backoff,
    ) -> None:
        self._store = store
        self._channels = channels
        self._transport = transport
        self._clock = clock
        self._failpoints = failpoints
        self._backoff = backoff

    async def send_one(self, owner: str) -> bool:
        """Send one notice that is due. False when there is none."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["take_notice"], owner, _LEASE)
        if row is None:
            return False
        taken = Taken(**{**dict(row), "document": orjson.loads(row["document"])})
        await self._failpoints.reach("notice.taken")
        problem, remark = None, ""
        try:
            channel = await self._channels.opened(taken.tenant_id, taken.channel_id)
            remark = await self._send(channel, taken)
        except NotSent as failed:
            problem = failed
        except Exception as bug:
            log.error("a notice cannot be sent", problem=type(bug).__name__, exc_info=bug)
            problem = NotSent(f"an unexpected {type(bug).__name__}; the log has more")
        await self._failpoints.reach("notice.sent")
        await self._settle(owner, taken, problem, remark)
        return True

    async def test(self, tenant_id: uuid.UUID, channel_id: uuid.UUID) -> str:
        """Send a test at once; returns what went wrong, empty when it was taken. Raises ``NotFound``."""
        channel = await self._channels.opened(tenant_id, channel_id)
        document = {"channel": channel.name}
        taken = Taken(new_id(), tenant_id, channel_id, "test", document, 1, datetime.now(UTC))
        try:
            remark = await self._send(channel, taken)
        except NotSent as failed:
            return failed.problem
        async with self._store.transaction() as conn:
            await conn.execute(SQL["channel_works"], channel_id, remark)
            await conn.execute(SQL["hurry"], channel_id)
            await note_act(conn, tenant_id, "alert_channel.test", show(Prefix.CHANNEL, channel_id))
        return remark

    async def _send(self, channel: Channel, taken: Taken) -> str:
        """Send; returns a remark when not everybody was reached. Raises ``NotSent``."""
        message_id = show(Prefix.NOTICE, taken.id)
        if channel.kind == "slack":
            await post_slack(self._transport, channel.secrets, words.slack_of(taken.topic, taken.document))
        elif channel.kind == "webhook":
            body = words.json_of(taken.topic, taken.document, taken.created_at)
            await post_signed(self._transport, channel.secrets, message_id, self._clock.now(), body)
        else:
            mail = Mail(
                message_id=message_id,
                sender=channel.config["sender"],
                to=channel.config["to"],
                subject=f"[Crossdock] {words.title_of(taken.topic, taken.document)}",
                body=words.text_of(taken.topic, taken.document),
                at=taken.created_at,
            )
            return await send(channel.server, mail, self._transport.guard, self._transport.tls)
        return ""

    async def _settle(self, owner: str, taken: Taken, problem: NotSent | None, remark: str) -> None:
        key = (taken.id, owner, taken.attempt)
        async with self._store.transaction() as conn:
            if problem is None:
                if await conn.fetchval(SQL["sent"], *key) is not None:
                    await conn.execute(SQL["channel_works"], taken.channel_id, remark)
                return
            given = full_jitter(taken.attempt, base_s=self._backoff.base_s, ceiling_s=self._backoff.ceiling_s)
            wait = timedelta(seconds=given if problem.after_s is None else problem.after_s)
            late = datetime.now(UTC) - taken.created_at > _KEPT
            if await conn.fetchval(SQL["not_sent"], *key, wait, problem.problem, late) is not None:
                await conn.execute(SQL["channel_fails"], taken.channel_id, problem.problem)
        log.warning("a notice did not get through", channel=str(taken.channel_id), problem=problem.problem)
