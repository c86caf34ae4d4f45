"""Links by mail: through the e-mail channel of a tenant that may carry them.

Whoever runs a mail server can read what it carries. An invitation goes through the inviting tenant's own. A link that
sets a password opens every tenant the person has a seat in: it goes through the default tenant's, which is that of
whoever runs the hub, or through the only tenant he has; never through the server of one tenant into another.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

import msgspec
import structlog

from crossdock.connect.client import Transport
from crossdock.errors import NotFound
from crossdock.govern.alerts.channels import Channels
from crossdock.govern.alerts.mail import Mail, NotSent, send
from crossdock.govern.people.rows import SQL, Store
from crossdock.govern.tenants import DEFAULT
from crossdock.govern.vault import Vault
from crossdock.kit.clock import Clock
from crossdock.kit.ids import new_id

log = structlog.get_logger("crossdock.people")
_ATTEMPTS: Final = 2


class Letter(msgspec.Struct, frozen=True):
    """What is said to one address. Its repr shows nothing of it."""

    to: str
    subject: str
    body: str

    def __repr__(self) -> str:
        return "Letter()"


class Posted(msgspec.Struct, frozen=True):
    """Whether a letter was handed in, and why not."""

    sent: bool
    problem: str = ""


class Mailing:
    """Finds the server a letter may go through, and hands it in."""

    def __init__(self, store: Store, vault: Vault, transport: Transport, clock: Clock) -> None:
        self._store = store
        self._channels = Channels(store, vault, transport.guard)
        self._transport = transport
        self._clock = clock

    async def from_tenant(self, tenant_id: uuid.UUID, letter: Letter) -> Posted:
        """Send through a tenant's own server."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["mail_channel"], [tenant_id], None)
        return await self._send(row["tenant_id"], row["id"], letter) if row else NO_SERVER

    async def to_person(self, person_id: uuid.UUID, letter: Letter) -> Posted:
        """Send what concerns all of a person's tenants."""
        async with self._store.engine() as conn:
            tenants = [row["tenant_id"] for row in await conn.fetch(SQL["tenants_of"], person_id)]
            row = await conn.fetchrow(SQL["mail_channel"], tenants if len(tenants) == 1 else [], DEFAULT)
        return await self._send(row["tenant_id"], row["id"], letter) if row else NO_SERVER

    async def _send(self, tenant_id: uuid.UUID, channel_id: uuid.UUID, letter: Letter) -> Posted:
        try:
            channel = await self._channels.opened(tenant_id, channel_id)
        except NotFound:
            return NO_SERVER
        mail = Mail(
            message_id=str(new_id()),
            sender=channel.config["sender"],
            to=[letter.to],
            subject=f"[Crossdock] {letter.subject}",
            body=letter.body,
            at=self._clock.now(),
        )
        problem = ""
        for _ in range(_ATTEMPTS):
            try:
                remark = await send(channel.server, mail, self._transport.guard, self._transport.tls)
            except NotSent as failed:
                problem = failed.problem
            else:
                return Posted(not remark, remark)
        log.warning("a letter to a person did not get through", channel=str(channel_id), problem=problem)
        return Posted(False, problem)


NO_SERVER: Final = Posted(False, "no mail server is set up for it")


def invitation(to: str, tenant: str, role: str, link: str) -> Letter:
    """Return the letter that invites."""
    return Letter(
        to,
        f"You are invited to {tenant}",
        f"You are invited to {tenant} on Crossdock, as {role}.\n\nTo come in, open this within 7 days:\n\n{link}\n\n"
        "It works once. If you do not know what this is about, do nothing.\n",
    )


def new_password(to: str, link: str) -> Letter:
    """Return the letter with a link that sets a password."""
    return Letter(
        to,
        "Set a new password",
        f"Somebody, probably you, asked for a new password.\n\nTo set it, open this within an hour:\n\n{link}\n\n"
        "It works once. If it was not you, do nothing: your password stays as it is.\n",
    )


def changed(to: str, what: str, at: datetime) -> Letter:
    """Return the letter that tells of a change, so that it is noticed when it was somebody else."""
    return Letter(
        to,
        f"{what[:1].upper()}{what[1:]} was changed",
        f"{what[:1].upper()}{what[1:]} of your Crossdock account was changed at {at:%Y-%m-%d %H:%M} UTC.\n\n"
        "If it was not you: set a new password at once, and tell an owner of your tenant.\n",
    )
