"""A site as a destination: meta of its users and orders, written by signed commands of the plugin.

Every command may be sent again: the site keeps the ids of those it carried out, and says ``duplicate``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Access, CheckResult, Context, Needs, PlanRefused
from crossdock.connect.outcomes import failed
from crossdock.connect.outpost import META_KEYS, MOST_COMMANDS, Told
from crossdock.connectors.wordpress import mapper
from crossdock.connectors.wordpress.check import Diagnosis
from crossdock.connectors.wordpress.client import SiteClient, meant
from crossdock.connectors.wordpress.replies import told_of
from crossdock.model.mapping import Mapped
from crossdock.model.outcome import Delivered, Gone, Outcome, Rejected, Retry, Unknown
from crossdock.model.plan import Found, Plan, Resolved, Step, Verb, Write
from crossdock.model.schema import Field, Object

WRITE_META = "write_meta"
_GONE = frozenset({"no-such-user", "no-such-order"})


class SiteDestination:
    """Writing to one site."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._site = access.connection.account_uid
        self._clock = access.clock
        self._client = SiteClient(access)

    def __repr__(self) -> str:
        return f"SiteDestination({self._access.connection.id})"

    async def check(self) -> CheckResult:
        """Try the connection; says apart what can be wrong."""
        return await Diagnosis(self._access).result()

    async def prepare(self) -> dict[str, Any]:
        """Nothing has to be made at a site."""
        return {}

    async def describe(self, *, samples: int) -> tuple[Object, ...]:
        """Return the meta that may be written."""
        del samples
        return (Object(name=mapper.OBJECT, label="Meta of users and orders", fields=_FIELDS),)

    def needs(self, action: str, entity: Any, store_uid: str) -> Needs:
        """Ask who at our sites has a contact's address."""
        del action, store_uid
        address = mapper.address_of(entity)
        return Needs(subjects=(address,) if address else ())

    def plan(self, action: str, entity: Any, mapped: Mapped, context: Context) -> Plan:
        """Plan one write. Raises :class:`PlanRefused`."""
        if action != WRITE_META:
            raise PlanRefused("action", f"there is no action {action!r}", f"use {WRITE_META}")
        if context.presence == "deleted":
            return Plan((), nothing="the record is gone from the CRM; what the site knows of it stays")
        target = mapper.target_of(entity, context.speakers, self._site)
        if target is None:
            return Plan((), nothing="nobody at this site has its e-mail address, and no order of it is named")
        meta = mapper.meta_of(mapped.one(mapper.OBJECT))
        if not meta:
            return Plan((), nothing="it tells nothing that the mapping writes")
        key = f"{self._site}:{WRITE_META}:{target.kind}:{target.id}"
        body = msgspec.json.encode(mapper.Meta(target, meta))
        return Plan((Step(WRITE_META, (Write(Verb.SEND, mapper.OBJECT, key, body=body),)),))

    async def perform(self, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
        """Send the commands, fifty a call; one outcome each, in order."""
        del step
        outcomes: list[Outcome] = []
        for start in range(0, len(writes), MOST_COMMANDS):
            outcomes += await self._send(writes[start : start + MOST_COMMANDS])
        return outcomes

    async def _send(self, writes: Sequence[Resolved]) -> list[Outcome]:
        commands = [mapper.command_of(write) for write in writes]
        try:
            reply = await self._client.ask_commands(commands)
        except CallFailed as problem:
            return [failed(problem)] * len(writes)
        whole: Outcome | None = meant(reply, self._clock.now())
        if whole is not None:
            return [whole] * len(writes)
        told = told_of(reply, commands)
        if told is None:
            return [Unknown("the site did not answer what became of each command")] * len(writes)
        return [_outcome(one, mapper.read(write.write.body)) for one, write in zip(told, writes, strict=True)]

    async def found(self, object_name: str, store_uid: str) -> AsyncIterator[Found]:
        """Nothing: what a site holds is what it tells; its evidence is the answer to each command."""
        nothing: tuple[Found, ...] = ()
        for each in nothing:
            yield each

    def equal(self, object_name: str, name: str, sent: str | None, found: str | None) -> bool:
        """Whether two values are the same text; null and empty are."""
        return (sent or "") == (found or "")


def _outcome(told: Told, said: mapper.Meta) -> Outcome:
    if told.done:
        return Delivered(f"{said.target.kind}:{said.target.id}")
    if told.code in _GONE:
        return Gone(f"the site has no {said.target.kind} of this id any more")
    if told.retry:
        return Retry(told.detail or "the site asked for patience", code=told.code)
    reason = f"the site refused to write it: {told.detail or told.code or 'it gave no reason'}"
    return Rejected(reason, told.code or "refused", told.field or None)


_FIELDS = tuple(Field(name=name, label=name.removeprefix("crossdock_").replace("_", " ")) for name in META_KEYS)
