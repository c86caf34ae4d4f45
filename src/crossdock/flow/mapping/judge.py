"""What a plan would change, write by write and field by field. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from crossdock.connect.connector import Destination
from crossdock.flow.deliver.planner import Planned
from crossdock.flow.deliver.preview import masked, values_of, writes_of
from crossdock.flow.deliver.standing import Name, Values
from crossdock.kit import redact
from crossdock.model.plan import Verb, Write

MOST = 1_000
Standing = Mapping[Name, tuple[str, Values]]


class FieldChange(msgspec.Struct, frozen=True):
    """One field that does not stand as the mapping says."""

    external_id: str
    """Of the record at its source."""
    object: str
    record: str
    """At the destination; empty where it would be made."""
    field: str
    before: str | None
    after: str | None
    effect: str
    """written, or kept: its owner is the destination, and something stands there."""
    changed_there: bool = False
    """Somebody has changed it at the destination since the hub wrote it: written over it would be lost."""


class Report(msgspec.Struct):
    """What a trial found. ``writes``: object -> create, update, unchanged, exists, archive, associate -> how many."""

    looked_at: int = 0
    refused: int = 0
    """Could not be planned: they would be dead letters."""
    nothing: int = 0
    """A rule leaves them out."""
    compared: str = ""
    """held: with what the destination holds now; nothing: it cannot be asked."""
    writes: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    fields: dict[str, int] = msgspec.field(default_factory=dict)
    """``object.field`` -> in how many records it would be written otherwise than it stands."""
    conflicts: dict[str, int] = msgspec.field(default_factory=dict)
    """``object.field`` -> in how many records its owner keeps it, or somebody has changed it since."""
    differences: list[FieldChange] = msgspec.field(default_factory=list)
    unlisted: int = 0
    refusals: list[dict[str, str]] = msgspec.field(default_factory=list)

    def count(self, name: str, kind: str) -> None:
        """Count a write."""
        of_object = self.writes.setdefault(name, {})
        of_object[kind] = of_object.get(kind, 0) + 1

    def tell(self, change: FieldChange) -> None:
        """Keep a difference, up to a thousand; all are counted."""
        place = f"{change.object}.{change.field}"
        if change.effect == "written":
            self.fields[place] = self.fields.get(place, 0) + 1
        if change.effect == "kept" or change.changed_there:
            self.conflicts[place] = self.conflicts.get(place, 0) + 1
        if len(self.differences) < MOST:
            self.differences.append(change)
        else:
            self.unlisted += 1


class Judge:
    """Compares plans with what stands and with what was written last."""

    def __init__(
        self,
        destination: Destination,
        links: Mapping[Name, str],
        held: Standing | None,
        last: Mapping[Name, Values],
        *,
        people: bool,
        private: frozenset[tuple[str, str]],
    ) -> None:
        self._destination = destination
        self._links = dict(links)
        self._held = held or {}
        self._last = last
        self._people = people
        self._private = private

    def judge(self, item: Planned, report: Report) -> None:
        """Add one record's plan to the report."""
        external_id = str(item.subject.event["external_id"])
        report.looked_at += 1
        if item.plan is None:
            report.refused += 1
            if item.why is not None and len(report.refusals) < MOST:
                told = {"external_id": external_id, "reason": item.why.reason, "rule": item.why.rule}
                report.refusals.append({**told, "field": item.why.field or ""})
            return
        report.nothing += not item.plan.steps
        for write in writes_of([item]):
            self._write(external_id, write, report)

    def _write(self, external_id: str, write: Write, report: Report) -> None:
        if write.verb is not Verb.UPSERT:
            known = write.verb is not Verb.ARCHIVE or (write.object, write.key) in self._links
            report.count(write.object, str(write.verb) if known else "unchanged")
            return
        stands = self._held.get((write.object, write.key))
        if write.ensure and stands is not None:
            report.count(write.object, "exists")
            return
        changes = self._changes(external_id, write, stands)
        written = any(change.effect == "written" for change in changes)
        report.count(write.object, "create" if stands is None else "update" if written else "unchanged")
        for change in changes:
            report.tell(change)

    def _changes(self, external_id: str, write: Write, stands: tuple[str, Values] | None) -> Sequence[FieldChange]:
        record, before = stands or ("", {})
        last = self._last.get((write.object, write.key), {})
        made = []
        for name, after in sorted(values_of(write, self._links).items()):
            now = before.get(name)
            if self._same(write.object, name, after, now) or (stands is None and after in (None, "")):
                continue
            effect = "kept" if name in write.blanks and now else "written"
            theirs = bool(now) and name in last and not self._same(write.object, name, last[name], now)
            shown = [
                value if self._people else hidden(self._private, write.object, name, value) for value in (now, after)
            ]
            made.append(FieldChange(external_id, write.object, record, name, shown[0], shown[1], effect, theirs))
        return made

    def _same(self, name: str, field: str, sent: str | None, found: str | None) -> bool:
        return self._destination.equal(name, field, sent, found)


def hidden(private: frozenset[tuple[str, str]], object_name: str, name: str, value: str | None) -> str | None:
    """Return a value for who is not to see people: of fields that carry data about them only whether there is one."""
    return redact.MASK if value and (object_name, name) in private else masked(name, value)


def told(report: Report) -> dict[str, Any]:
    """Return a report as JSON takes it."""
    found: dict[str, Any] = msgspec.to_builtins(report)
    return found
