"""The writes of one step as batch calls: by record id where a link is known, else by a unique property.

Everything sent here may be sent twice: an upsert, an update by id, an association and an archive have one effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

import msgspec

from crossdock.connect.client import Reply
from crossdock.connectors.hubspot.adopting import Adoption
from crossdock.connectors.hubspot.answers import Refusal, Row, read_batch
from crossdock.connectors.hubspot.batches import Call, Found, Sender
from crossdock.connectors.hubspot.client import PAIRS, HubSpot
from crossdock.connectors.hubspot.mapper import CONTACTS
from crossdock.connectors.hubspot.options import LEAVE_OUT, REFUSE, Options, concerns
from crossdock.model.outcome import Delivered, Gone, Outcome, Rejected, Retry
from crossdock.model.plan import Resolved, Verb, Write

OWNER = "crossdock_customer_id"
"""On a contact: the customer account its fields and address follow."""
LIFECYCLE = "lifecyclestage"


class _Merged(msgspec.Struct):
    """Writes that mean the same record."""

    row: Row
    members: list[int]
    ensure: bool
    alike: tuple[str, str] | None = None
    """A record without our key that holds this is taken over."""
    blanks: frozenset[str] = frozenset()
    """Properties that are written only where the record holds nothing."""


class Performance:
    """One step's writes on their way. ``outcomes`` has one place a write."""

    def __init__(
        self, hubspot: HubSpot, sender: Sender, writes: Sequence[Resolved], *, unknown_options: str = REFUSE
    ) -> None:
        self._hubspot = hubspot
        self._options = Options(hubspot, unknown_options)
        self._sender = sender
        self._writes = writes
        self._traces = (f"w{n}" for n in count())
        self._adoption = Adoption(hubspot, sender)
        self.outcomes: list[Outcome | None] = [None] * len(writes)

    async def run(self) -> list[Outcome]:
        """Do all writes; one outcome each, in order."""
        for (verb, name), members in self._grouped().items():
            if verb is Verb.UPSERT:
                await self._upsert(name, members)
            elif verb is Verb.ARCHIVE:
                await self._archive(name, members)
            elif verb in (Verb.ASSOCIATE, Verb.DISSOCIATE):
                await self._associate(verb, name, members)
        return [outcome or Rejected("HubSpot has no such write", code="verb") for outcome in self.outcomes]

    def _grouped(self) -> dict[tuple[Verb, str], list[int]]:
        groups: dict[tuple[Verb, str], list[int]] = {}
        for at, resolved in enumerate(self._writes):
            groups.setdefault((resolved.write.verb, resolved.write.object), []).append(at)
        return groups

    def _settle(self, merged: Iterable[_Merged], found: Found) -> None:
        for each in merged:
            for member in each.members:
                self.outcomes[member] = found[each.row.trace]

    # --- upsert -------------------------------------------------------------------------------------------------

    async def _upsert(self, name: str, members: list[int]) -> None:
        linked, unlinked = [], []
        for at in members:
            resolved = self._writes[at]
            if resolved.external_id is None:
                unlinked.append(at)
            elif resolved.write.ensure and not _is_guest(resolved.write):
                self.outcomes[at] = Delivered(resolved.external_id)
            else:
                linked.append(at)
        if name == CONTACTS and linked:
            linked, relinked = await self._owned(linked)
            unlinked += relinked
            for at in (at for at in linked if self._writes[at].write.ensure):
                self.outcomes[at] = Delivered(self._writes[at].external_id)
            linked = [at for at in linked if not self._writes[at].write.ensure]
        await self._update(name, linked)
        await self._match(name, unlinked)

    async def _owned(self, linked: list[int]) -> tuple[list[int], list[int]]:
        """Part contacts that may be written by their link from those that another account has taken along.

        Two shops' customers with one address share a contact. When one of them changes the address, the contact goes
        with the account it follows; the other's link must not pull it back, so it is found by its address anew.
        """
        ids = sorted({self._writes[at].external_id or "" for at in linked})
        rows = [Row(trace=f"read-{each}", id=each) for each in ids]
        held: dict[str, dict[str, str | None]] = {}

        async def call(part: Sequence[Row]) -> Reply:
            reply = await self._hubspot.batch_read(CONTACTS, [row.id for row in part], ["email", OWNER])
            if reply.ok:
                done = read_batch(reply, part).done
                held.update({row.id: done[row.trace].get("properties") or {} for row in part if row.trace in done})
            return reply

        found = await self._sender.send(rows, call, absent=Gone())
        keep, anew = [], []
        for at in linked:
            resolved = self._writes[at]
            outcome = found[f"read-{resolved.external_id}"]
            if not isinstance(outcome, Delivered):
                self.outcomes[at] = outcome
            elif not _taken(resolved, held.get(resolved.external_id or "", {})):
                keep.append(at)
            elif resolved.write.match is None:
                self.outcomes[at] = Delivered(resolved.external_id)
            else:
                anew.append(at)
        return keep, anew

    async def _update(self, name: str, members: list[int]) -> None:
        merged = self._merge(members, by_link=True)
        unread = await self._spare(name, merged)
        rows = [each.row for each in merged if each.row.trace not in unread]

        async def call(part: Sequence[Row]) -> Reply:
            return await self._hubspot.batch_update(name, _updates(part))

        found = unread | await self._sender.send(rows, call)
        found |= await self._mend(name, rows, call)
        self._settle(merged, found)

    async def _match(self, name: str, members: list[int]) -> None:
        able = []
        for at in members:
            if self._writes[at].write.match is None:
                self.outcomes[at] = Gone("there is no link and nothing to find the record by")
            else:
                able.append(at)
        merged = self._merge(able, by_link=False)
        for id_property in sorted({each.row.id_property or "" for each in merged}):
            await self._upsert_by(name, id_property, [each for each in merged if each.row.id_property == id_property])

    async def _upsert_by(self, name: str, id_property: str, merged: list[_Merged]) -> None:
        found = await self._adopt(name, [each for each in merged if each.alike is not None])
        self._settle([each for each in merged if each.row.trace in found], found)
        merged = [each for each in merged if each.row.trace not in found]
        # a record that is only to exist keeps its fields when it does: look first, by the same unique property
        asked = [each.row for each in merged if each.ensure and set(each.row.properties) - {id_property}]
        found = await self._standing(name, id_property, asked)
        found |= await self._spare(name, [each for each in merged if each.row.trace not in found], id_property)
        rows = [each.row for each in merged if each.row.trace not in found]

        async def call(part: Sequence[Row]) -> Reply:
            return await self._hubspot.batch_upsert(name, _upserts(part))

        found |= await self._sender.send(rows, call)
        found |= await self._mend(name, rows, call, frozenset(each.row.trace for each in merged if each.ensure))
        self._settle(merged, found)

    async def _adopt(self, name: str, merged: list[_Merged]) -> Found:
        """Write the records of the portal's own that are taken over; what only ensures gives them our key alone."""
        if not merged:
            return {}
        taken, found = await self._adoption.of(name, {m.row.trace: (m.row, m.alike) for m in merged if m.alike})
        rows = []
        for each in merged:
            if (record_id := taken.get(each.row.trace)) is not None:
                kept = {k: v for k, v in each.row.properties.items() if not each.ensure or k == each.row.id_property}
                each.row = msgspec.structs.replace(each.row, id=record_id, id_property=None, properties=kept)
                rows.append(each)
        found |= await self._spare(name, [each for each in rows if not each.ensure])

        async def call(part: Sequence[Row]) -> Reply:
            return await self._hubspot.batch_update(name, _updates(part))

        sent = [each.row for each in rows if each.row.trace not in found]
        found |= await self._sender.send(sent, call)
        return found | await self._mend(name, sent, call)

    async def _spare(self, name: str, merged: list[_Merged], id_property: str | None = None) -> Found:
        """Leave out what is only to be filled in and stands already; returns the rows whose look-up failed."""
        asked = [each for each in merged if each.blanks]
        if not asked:
            return {}
        names = sorted({field for each in asked for field in each.blanks})
        held: dict[str, dict[str, str | None]] = {}

        async def call(part: Sequence[Row]) -> Reply:
            reply = await self._hubspot.batch_read(name, [row.id for row in part], names, id_property)
            if reply.ok:
                done = read_batch(reply, part).done
                held.update({row.trace: done[row.trace].get("properties") or {} for row in part if row.trace in done})
            return reply

        found = await self._sender.send([each.row for each in asked], call, absent=Gone())
        for each in asked:
            stands = held.get(each.row.trace, {})
            kept = {k: v for k, v in each.row.properties.items() if k not in each.blanks or not stands.get(k)}
            each.row = msgspec.structs.replace(each.row, properties=kept)
        return {trace: outcome for trace, outcome in found.items() if not isinstance(outcome, Delivered | Gone)}

    async def _standing(self, name: str, id_property: str, rows: list[Row]) -> Found:
        """Return the rows whose record stands already, and those the look-up itself failed for."""
        if not rows:
            return {}
        found = await self._sender.send(
            rows,
            lambda part: self._hubspot.batch_read(name, [row.id for row in part], [id_property], id_property),
            absent=Gone(),
        )
        return {trace: outcome for trace, outcome in found.items() if not isinstance(outcome, Gone)}

    async def _mend(self, name: str, rows: list[Row], call: Call, ensured: frozenset[str] = frozenset()) -> Found:
        """Write what HubSpot refused for a reason that we can meet.

        A contact whose address another one has already (HubSpot names it): that one is written, its address kept.
        A lifecycle stage that would go back: sales moved the person on, everything else is written.
        A field of a record that is only to exist (a product's SKU that another has): its owner's delivery will tell.
        A value that is no option of its property: left out or offered, where a person has chosen so.
        """
        unoffered: list[tuple[Row, Refusal]] = []
        existing: dict[str, Row] = {}
        softer: list[Row] = []
        meant: dict[str, str] = {}
        for row in rows:
            refusal = self._sender.refusals.pop(row.trace, None)
            if refusal is None:
                continue
            if refusal.existing_id:
                keep = {k: v for k, v in row.properties.items() if k != (row.id_property or "email")}
                other = Row(trace=row.trace, id=refusal.existing_id, properties=keep)
                meant[row.trace] = existing.setdefault(refusal.existing_id, other).trace
            elif concerns(refusal) and self._options.choice != REFUSE:
                unoffered.append((row, refusal))
            elif refusal.names == (LIFECYCLE,) or (refusal.names and row.trace in ensured):
                keep = {k: v for k, v in row.properties.items() if k not in refusal.names or k == row.id_property}
                softer.append(msgspec.structs.replace(row, properties=keep))
        softer += await self._offered(name, unoffered)
        found = await self._sender.send(
            list(existing.values()), lambda part: self._hubspot.batch_update(name, _updates(part))
        )
        found = {trace: found[through] for trace, through in meant.items()}
        return found | await self._sender.send(softer, call)

    async def _offered(self, name: str, unoffered: Sequence[tuple[Row, Refusal]]) -> list[Row]:
        """Return rows whose values are all options: without the others, or after those were added."""
        if self._options.choice == LEAVE_OUT:
            return [
                msgspec.structs.replace(row, properties={k: v for k, v in row.properties.items() if k not in why.names})
                for row, why in unoffered
            ]
        names = list(dict.fromkeys(field for _, why in unoffered for field in why.names))
        await self._options.offer(name, names, [row.properties for row, _ in unoffered])
        return [row for row, _ in unoffered]

    def _merge(self, members: list[int], *, by_link: bool) -> list[_Merged]:
        """Make one row of the writes that mean the same record: a batch with two of them fails (vendor fact).

        The later wins, and a write that only ensures never covers one that carries its fields.
        """
        merged: dict[tuple[str, str], _Merged] = {}
        for at in members:
            resolved = self._writes[at]
            ensure = resolved.write.ensure
            place, value = (None, resolved.external_id or "") if by_link else (resolved.write.match or ("", ""))
            properties = {key: text or "" for key, text in resolved.properties.items()}
            known = merged.get((place or "", value.lower()))
            if known is None:
                row = Row(next(self._traces), value, place, properties)
                alike = next((each for each in resolved.write.alike if each[1].strip()), None)
                merged[place or "", value.lower()] = _Merged(row, [at], ensure, alike, resolved.write.blanks)
                continue
            known.members.append(at)
            if ensure and not known.ensure:
                continue
            base = {} if known.ensure and not ensure else known.row.properties
            known.row = msgspec.structs.replace(known.row, properties={**base, **properties})
            known.ensure = known.ensure and ensure
            known.blanks = (known.blanks - properties.keys()) | resolved.write.blanks
        return list(merged.values())

    # --- the rest -----------------------------------------------------------------------------------------------

    async def _archive(self, name: str, members: list[int]) -> None:
        known = [at for at in members if self._writes[at].external_id is not None]
        merged = self._merge(known, by_link=True)
        rows = [each.row for each in merged]
        found = await self._sender.send(rows, lambda part: self._hubspot.batch_archive(name, [row.id for row in part]))
        for each in merged:
            if isinstance(found[each.row.trace], Gone):
                found[each.row.trace] = Delivered(each.row.id)
        self._settle(merged, found)
        for at in set(members) - set(known):
            self.outcomes[at] = Delivered(None)

    async def _associate(self, verb: Verb, name: str, members: list[int]) -> None:
        merged: dict[tuple[str, str, str], _Merged] = {}
        for at in members:
            resolved = self._writes[at]
            if resolved.from_id is None or resolved.to_id is None or resolved.write.to is None:
                self.outcomes[at] = Retry("a record to be associated has no link yet", after_s=0.5, ours=True)
                continue
            place = (resolved.write.to.object, resolved.from_id, resolved.to_id)
            row = Row(next(self._traces), resolved.from_id, to_id=resolved.to_id)
            merged.setdefault(place, _Merged(row, [], ensure=False)).members.append(at)
        send = self._hubspot.associate_default if verb is Verb.ASSOCIATE else self._hubspot.dissociate
        for other in sorted({place[0] for place in merged}):
            group = [each for place, each in merged.items() if place[0] == other]
            found = await self._sender.send(
                [each.row for each in group],
                lambda part, other=other: send(name, other, [(row.id, row.to_id) for row in part]),  # type: ignore[misc]
                size=PAIRS,
            )
            self._settle(group, found)


def _is_guest(write: Write) -> bool:
    # named by an address: an account may since have taken the linked contact along to another one
    return write.object == CONTACTS and write.key.startswith("guest:")


def _taken(resolved: Resolved, held: dict[str, str | None]) -> bool:
    owner = held.get(OWNER)
    if not owner or owner in (resolved.properties.get(OWNER), resolved.write.key):
        return False
    address = resolved.properties.get("email")
    return address is None or (held.get("email") or "").lower() != address.lower()


def _updates(rows: Sequence[Row]) -> list[dict[str, object]]:
    return [{"id": row.id, "properties": row.properties, "objectWriteTraceId": row.trace} for row in rows]


def _upserts(rows: Sequence[Row]) -> list[dict[str, object]]:
    return [
        {
            "id": row.id,
            "idProperty": row.id_property,
            "properties": row.properties,
            "objectWriteTraceId": row.trace,
        }
        for row in rows
    ]
