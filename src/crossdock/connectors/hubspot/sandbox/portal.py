"""The portal's data: records with the history of every value, unique keys, and what search can see."""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import Any

from crossdock.connectors.hubspot.sandbox.catalogue import CREATED, MODIFIED, TYPE_IDS
from crossdock.connectors.hubspot.sandbox.definitions import Schema
from crossdock.connectors.hubspot.sandbox.hooks import Hooks
from crossdock.connectors.hubspot.sandbox.instants import MovableClock, iso
from crossdock.connectors.hubspot.sandbox.links import Links
from crossdock.connectors.hubspot.sandbox.settings import Poison, Settings
from crossdock.connectors.hubspot.sandbox.stages import FIELDS, Pipelines

Value = tuple[int, int, str, str]
"""One value a property has had: ms, number of the portal's write, value, source.

A plain tuple of texts and numbers is no load for the garbage collector; a portal holds very many of them.
"""


class Record:
    """One CRM record. ``properties`` holds only those that are set."""

    __slots__ = (
        "archived_ms",
        "created_ms",
        "history",
        "id",
        "kind",
        "merged_into",
        "properties",
        "updated_ms",
        "writes",
    )

    def __init__(self, kind: str, record_id: str, ms: int) -> None:
        self.kind = kind
        self.id = record_id
        self.properties: dict[str, str] = {}
        self.history: dict[str, list[Value]] = {}
        self.created_ms = self.updated_ms = ms
        self.archived_ms: int | None = None
        self.merged_into: str | None = None
        self.writes = 0


class Portal:
    """All state of one sandbox account."""

    def __init__(self, settings: Settings, clock: MovableClock) -> None:
        self.settings = settings
        self.clock = clock
        self.schema = Schema(settings)
        self.pipelines = Pipelines()
        self.links = Links()
        self.records: dict[str, dict[str, Record]] = {kind: {} for kind in TYPE_IDS}
        self.keys: dict[str, dict[str, dict[str, str]]] = {kind: {} for kind in TYPE_IDS}
        """Object type -> unique property -> value -> id of the live record that holds it."""
        self.blocked: set[str] = set()
        """Addresses erased by gdpr-delete."""
        self.poison: list[Poison] = []
        self.seen: dict[str, dict[str, dict[str, str]]] = {kind: {} for kind in TYPE_IDS}
        """What search knows: object type -> id -> properties."""
        self.hooks = Hooks(settings, clock)
        self.requests: dict[str, dict[str, int]] = {}
        self._unseen: deque[tuple[float, str, str, dict[str, str] | None]] = deque()
        self._ids = count(20_000_000_001)
        self._seq = 0
        made = iso(clock.ms())
        self.owners: list[dict[str, Any]] = [
            {
                "id": "77001",
                "email": "owner@portal.example",
                "type": "PERSON",
                "firstName": "Olive",
                "lastName": "Owner",
                "userId": 88001,
                "userIdIncludingInactive": 88001,
                "createdAt": made,
                "updatedAt": made,
                "archived": False,
                "teams": [],
            }
        ]

    def find(self, kind: str, key: str, id_property: str | None = None) -> Record | None:
        """Return the live record by id or by a unique property (a contact's secondary addresses count)."""
        if id_property is not None:
            wanted = key.lower() if id_property == "email" else key
            found = self.keys[kind].get(id_property, {}).get(wanted)
            return None if found is None else self.records[kind][found]
        record = self.records[kind].get(key)
        while record is not None and record.merged_into is not None:
            record = self.records[kind].get(record.merged_into)
        return record if record is not None and record.archived_ms is None else None

    def holder(self, kind: str, name: str, value: str) -> str | None:
        """Return the id of the live record that holds a unique value."""
        return self.keys[kind].get(name, {}).get(value)

    def create(self, kind: str, changes: dict[str, str], source: str) -> Record:
        """Add a record. The values are checked already."""
        ms = self.clock.ms()
        record = Record(kind, str(next(self._ids)), ms)
        self.records[kind][record.id] = record
        self.hooks.tell(kind, "creation", record.id, source, changeFlag="NEW")
        born = {"hs_object_id": record.id, CREATED.get(kind, "createdate"): iso(ms)}
        if kind == "deals":
            born["hs_createdate"] = iso(ms)
        self.write(record, born | changes, source)
        return record

    def write(self, record: Record, changes: dict[str, str], source: str) -> None:
        """Set values; those that stay the same leave no history. The empty string clears."""
        ms = self.clock.ms()
        self._seq += 1
        record.writes += 1
        held = record.properties
        stage = held.get("dealstage")
        if not self._set(record, changes, ms, source) and MODIFIED.get(record.kind, "hs_lastmodifieddate") in held:
            return
        if record.kind == "deals" and held.get("dealstage") != stage:
            held["hs_v2_date_entered_current_stage"] = iso(ms)
        self._derive(record)
        record.updated_ms = ms
        held[MODIFIED.get(record.kind, "hs_lastmodifieddate")] = iso(ms)
        self._reveal_later(record, dict(held))

    def archive(self, record: Record) -> None:
        """Put a record into the bin: its unique values are free again, its associations are gone."""
        self.hooks.tell(record.kind, "deletion", record.id, "CRM_UI")
        record.archived_ms = self.clock.ms()
        record.updated_ms = record.archived_ms
        self._release(record)
        self.links.drop(record.kind, record.id)
        self._reveal_later(record, None)

    def erase(self, record: Record) -> None:
        """Remove a record and its history for good."""
        if record.kind == "contacts":
            self.hooks.tell(record.kind, "privacyDeletion", record.id, "CRM_UI")
        if record.archived_ms is None:
            self.archive(record)
        del self.records[record.kind][record.id]

    def catch_up(self) -> None:
        """Let search see every write that is older than the search lag."""
        now = self.clock.monotonic()
        while self._unseen and self._unseen[0][0] + self.settings.search_lag_s <= now:
            _, kind, record_id, properties = self._unseen.popleft()
            if properties is None:
                self.seen[kind].pop(record_id, None)
            else:
                self.seen[kind][record_id] = properties

    def forget_property(self, kind: str, name: str) -> None:
        """Drop a property's values after it was deleted."""
        self.keys[kind].pop(name, None)
        for record in self.records[kind].values():
            record.properties.pop(name, None)

    def add_alias(self, record: Record, address: str) -> None:
        """Give a contact a secondary address."""
        held = [part for part in record.properties.get("hs_additional_emails", "").split(";") if part]
        if address not in held:
            self.write(record, {"hs_additional_emails": ";".join([*held, address])}, "CRM_UI")
        self.keys["contacts"].setdefault("email", {})[address] = record.id

    def _set(self, record: Record, changes: dict[str, str], ms: int, source: str) -> bool:
        held = record.properties
        definitions = self.schema.properties[record.kind]
        changed = False
        for name, value in changes.items():
            before = held.get(name, "")
            if value == before:
                continue
            changed = True
            definition = definitions.get(name)
            self.hooks.tell(record.kind, "propertyChange", record.id, source, propertyName=name, propertyValue=value)
            if definition is not None and definition.unique:
                self._move_key(record, name, before, value)
            if value:
                held[name] = value
            else:
                held.pop(name, None)
            entry = (ms, self._seq, value, source)
            past = record.history.get(name)
            if past is None:
                record.history[name] = [entry]
            else:
                past.append(entry)
        return changed

    def _move_key(self, record: Record, name: str, before: str, value: str) -> None:
        keys = self.keys[record.kind].setdefault(name, {})
        swapped = name == "email" and value and keys.get(value) == record.id
        if swapped:  # a secondary address becomes the primary one, and the other way round
            aliases = record.properties.get("hs_additional_emails", "").split(";")
            rest = [part for part in aliases if part and part != value]
            record.properties["hs_additional_emails"] = ";".join([*rest, before] if before else rest)
        elif before and keys.get(before) == record.id:
            del keys[before]
        if value:
            keys[value] = record.id

    def _release(self, record: Record) -> None:
        held = set(record.properties.values()) | set(record.properties.get("hs_additional_emails", "").split(";"))
        for keys in self.keys[record.kind].values():
            for value in held:
                if keys.get(value) == record.id:
                    del keys[value]

    def _derive(self, record: Record) -> None:
        held = record.properties
        if record.kind == "line_items" and "price" in held:
            quantity = float(held.get("quantity", "1"))
            price = float(held["price"]) - float(held.get("discount", "0"))
            price -= float(held["price"]) * float(held.get("hs_discount_percentage", "0")) / 100
            held["amount"] = f"{round(quantity * price, 6):.6f}".rstrip("0").rstrip(".")
            rate = self.settings.tax_rates.get(held.get("hs_tax_rate_group_id", ""))
            _keep(held, {"hs_tax_label": rate[0] if rate else "", "hs_tax_rate": rate[1] if rate else ""})
        elif record.kind == "deals" and "dealstage" in held:
            fields = FIELDS["deals"]
            stage = self.pipelines.stage("deals", held[fields[0]], held[fields[1]])
            closed = stage["metadata"]["isClosed"] == "true"
            won = closed and float(stage["metadata"]["probability"]) == 1.0
            held["hs_is_closed"] = "true" if closed else "false"
            held["hs_is_closed_won"] = "true" if won else "false"
            entered = held["hs_v2_date_entered_current_stage"]
            _keep(held, {"hs_closed_won_date": held.get("closedate", entered) if won else ""})

    def _reveal_later(self, record: Record, properties: dict[str, str] | None) -> None:
        self.catch_up()
        self._unseen.append((self.clock.monotonic(), record.kind, record.id, properties))


def _keep(held: dict[str, str], derived: dict[str, str]) -> None:
    """Set what the portal derives; the empty string clears."""
    for name, value in derived.items():
        if value:
            held[name] = value
        else:
            held.pop(name, None)
