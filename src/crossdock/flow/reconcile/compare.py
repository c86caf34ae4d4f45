"""Compare plans with what a destination holds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from crossdock.model.plan import Found, Ref, Verb, Write

Equal = Callable[[str, str, str | None, str | None], bool]
Links = Mapping[tuple[str, str], str]


class Snapshot(msgspec.Struct):
    """All records of a destination that matter to one store."""

    by_id: dict[tuple[str, str], Found] = msgspec.field(default_factory=dict)
    by_key: dict[tuple[str, str], list[Found]] = msgspec.field(default_factory=dict)
    by_match: dict[tuple[str, str, str], list[Found]] = msgspec.field(default_factory=dict)
    """(object, property, lower-case value): how a contact is found by its e-mail."""

    def add(self, found: Found) -> None:
        """Take in one record."""
        self.by_id[found.object, found.external_id] = found
        if found.key:
            self.by_key.setdefault((found.object, found.key), []).append(found)
        elif (email := found.properties.get("email")) is not None:
            self.by_match.setdefault((found.object, "email", email.lower()), []).append(found)

    def find(self, write: Write, links: Links) -> list[Found]:
        """Return the records a write is about: by our key, else by its match, else by its link."""
        found = self.by_key.get((write.object, write.key))
        if found:
            return found
        if write.match is not None and write.match[1] != write.key:
            found = self.by_match.get((write.object, write.match[0], write.match[1].lower()))
            if found:
                return found
        linked = links.get((write.object, write.key))
        at = self.by_id.get((write.object, linked)) if linked else None
        return [at] if at else []


class Verdict(msgspec.Struct):
    """What is wrong with one record's plan."""

    missing: list[str] = msgspec.field(default_factory=list)
    duplicates: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """(object, the record ids that stand under one key, with a space between)."""
    drifted: list[str] = msgspec.field(default_factory=list)
    expected: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """(object, external id) of every record that belongs here."""


def compare(main_key: str, writes: Iterable[Write], snapshot: Snapshot, links: Links, equal: Equal) -> Verdict:
    """Compare one plan: its main record missing is *missing*, anything else that differs is *drifted*."""
    verdict = Verdict()
    # an address may have passed to another contact than the one that our link still names
    here: dict[tuple[str, str], str] = {}
    for write in writes:
        if write.verb is Verb.ASSOCIATE:
            if not _associated(write, snapshot, links, here):
                verdict.drifted.append(f"{write.object} to {write.to.object if write.to else '?'}")
            continue
        found = snapshot.find(write, links)
        if write.verb is Verb.ARCHIVE:
            if found:
                verdict.drifted.append(f"{write.object} not archived")
            continue
        if write.verb is not Verb.UPSERT or (write.match is None and not found):
            continue
        if not found:
            (verdict.missing if write.key == main_key else verdict.drifted).append(write.object)
            continue
        if len(found) > 1:
            verdict.duplicates.append((write.object, " ".join(one.external_id for one in found)))
        here[write.object, write.key] = found[0].external_id
        verdict.expected += [(one.object, one.external_id) for one in found]
        if not write.ensure:
            verdict.drifted += _fields(write, found[0], snapshot, links, equal)
    return verdict


def _fields(write: Write, found: Found, snapshot: Snapshot, links: Links, equal: Equal) -> list[str]:
    wrong = []
    for name, value in write.properties.items():
        if name in write.blanks and found.properties.get(name):
            continue
        sent = _resolve(value, snapshot, links) if isinstance(value, Ref) else value
        if not equal(write.object, name, sent, found.properties.get(name)):
            wrong.append(f"{write.object}.{name}")
    return wrong


def _resolve(ref: Ref, snapshot: Snapshot, links: Links) -> str | None:
    at = snapshot.by_key.get((ref.object, ref.key))
    return at[0].external_id if at else links.get((ref.object, ref.key))


def _associated(write: Write, snapshot: Snapshot, links: Links, here: Links) -> bool:
    assert write.to is not None
    near = _resolve(Ref(write.object, write.key), snapshot, links)
    there = here.get((write.to.object, write.to.key)) or _resolve(write.to, snapshot, links)
    found = snapshot.by_id.get((write.object, near)) if near else None
    return found is not None and (write.to.object, there) in found.associations
