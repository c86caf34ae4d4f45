"""The control door under ``/_sandbox/``: the ground truth, dials, settings, time, and what people do in the CRM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from crossdock.connectors.hubspot.sandbox.calls import Answer
from crossdock.connectors.hubspot.sandbox.catalogue import TYPE_IDS
from crossdock.connectors.hubspot.sandbox.drafts import CRM_UI, Drafting
from crossdock.connectors.hubspot.sandbox.granting import Granting
from crossdock.connectors.hubspot.sandbox.instants import iso
from crossdock.connectors.hubspot.sandbox.objects import merge_records
from crossdock.connectors.hubspot.sandbox.portal import Portal, Record
from crossdock.connectors.hubspot.sandbox.refusals import Refused, invalid, not_found
from crossdock.connectors.hubspot.sandbox.settings import FIXED, Poison, Settings
from crossdock.connectors.hubspot.sandbox.values import email

Dialling = Callable[[dict[str, Any]], dict[str, Any]]


class Control:
    """Answers of the control door. ``dial`` reads and sets the fault switch's dials."""

    def __init__(self, portal: Portal, dial: Dialling, settle: Callable[[Settings], None], granting: Granting) -> None:
        self._portal = portal
        self._dial = dial
        self._settle = settle
        self._granting = granting

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> Answer:
        """Answer one request below ``/_sandbox/``."""
        doors: dict[tuple[str, str], Callable[[], Any]] = {
            ("GET", "state"): lambda: self.state(query),
            ("GET", "dials"): lambda: self.dials({}),
            ("PUT", "dials"): lambda: self.dials(body),
            ("GET", "settings"): lambda: msgspec.to_builtins(self._portal.settings),
            ("PUT", "settings"): lambda: self.settings(body),
            ("POST", "act"): lambda: self.act(body),
            ("POST", "clock"): lambda: self.advance(body),
            ("POST", "webhooks"): lambda: {"messages": self._portal.hooks.take()},
            ("POST", "sign"): lambda: self._portal.hooks.signed(str(body["body"])),
        }
        door = doors.get((method, path))
        if door is None:
            raise Refused(404, None, f"no control door {method} {path}")
        try:
            return 200, door()
        except (msgspec.ValidationError, KeyError, TypeError) as wrong:
            raise invalid(f"{type(wrong).__name__}: {wrong}") from wrong

    def state(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """Return everything: records live and archived with histories, associations, counts, requests.

        ``type=deals`` (repeated) narrows the records, ``history=false`` leaves the histories out.
        """
        portal = self._portal
        kinds = query.get("type") or list(TYPE_IDS)
        history = query.get("history", ["true"])[0] != "false"
        counts = {}
        for kind, records in portal.records.items():
            archived = sum(1 for one in records.values() if one.archived_ms is not None)
            counts[kind] = {"live": len(records) - archived, "archived": archived}
        return {
            "portal_id": portal.settings.portal_id,
            "now": iso(portal.clock.ms()),
            "counts": counts,
            "objects": {
                kind: [_truth(one, history=history) for one in portal.records[kind].values()] for kind in kinds
            },
            "associations": [one for one in portal.links.every() if one["from"] in kinds],
            "properties": {
                kind: {name: one.to_json() for name, one in portal.schema.properties[kind].items() if not one.standard}
                for kind in kinds
            },
            "requests": portal.requests,
            "renewals": sum(grant.renewals for grant in self._granting.grants.values()),
        }

    def dials(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Set some dials; ``poison`` is a list of ``{object, property, value}``. Returns them all."""
        rest = dict(changes)
        poison = msgspec.convert(rest.pop("poison"), list[Poison]) if "poison" in rest else self._portal.poison
        answer = self._dial(rest)
        self._portal.poison = poison
        return answer | {"poison": msgspec.to_builtins(poison)}

    def settings(self, changes: dict[str, Any]) -> Any:
        """Change some settings. Returns them all."""
        fixed = FIXED & changes.keys()
        if fixed:
            raise invalid(f"only the constructor sets {', '.join(sorted(fixed))}")
        merged = {**msgspec.to_builtins(self._portal.settings), **changes}
        self._settle(msgspec.convert(merged, Settings))
        return msgspec.to_builtins(self._portal.settings)

    def advance(self, body: dict[str, Any]) -> dict[str, Any]:
        """Move the sandbox's clock forward by ``advance_s`` seconds."""
        seconds = msgspec.convert(body["advance_s"], float)
        if seconds < 0:
            raise invalid("time does not go back")
        self._portal.clock.advance(seconds)
        self._portal.catch_up()
        return {"now": iso(self._portal.clock.ms())}

    def act(self, body: dict[str, Any]) -> Any:
        """Do what a person in the CRM does: create, edit, archive, erase, merge …, uninstall (the apps)."""
        acts: dict[str, Callable[[dict[str, Any]], Record | None]] = {
            "create": self._create,
            "edit": self._edit,
            "archive": self._archive,
            "erase": self._erase,
            "merge": self._merge,
            "add_alias": self._add_alias,
            "delete_property": self._delete_property,
            "create_property": self._create_property,
            "expire_tokens": lambda _: self._granting.expire(),
            "leave": self._leave,
            "uninstall": lambda _: self._granting.uninstall(),
        }
        act = acts.get(str(body.get("act")))
        if act is None:
            raise invalid(f"act is one of {', '.join(acts)}")
        record = act(body)
        return {"ok": True} if record is None else _truth(record, history=True)

    def _create(self, body: dict[str, Any]) -> Record:
        drafting = Drafting(self._portal, "person")
        return drafting.apply(drafting.new(_kind(body), dict(body["properties"])), CRM_UI)

    def _edit(self, body: dict[str, Any]) -> Record:
        drafting = Drafting(self._portal, "person")
        return drafting.apply(drafting.update(self._record(body), dict(body["properties"])), CRM_UI)

    def _archive(self, body: dict[str, Any]) -> Record:
        record = self._record(body)
        self._portal.archive(record)
        return record

    def _erase(self, body: dict[str, Any]) -> None:
        self._portal.erase(self._record(body))

    def _merge(self, body: dict[str, Any]) -> Record:
        primary, other = self._record(body), self._record({**body, "id": body["other"]})
        if primary is other:
            raise invalid("a record cannot be merged with itself")
        merge_records(self._portal, primary, other)
        return primary

    def _add_alias(self, body: dict[str, Any]) -> Record:
        record = self._record({"type": "contacts", **body})
        address = email(str(body["email"]))
        if self._portal.holder("contacts", "email", address) not in {None, record.id}:
            raise Refused(409, "CONFLICT", "that address belongs to another contact")
        self._portal.add_alias(record, address)
        return record

    def _delete_property(self, body: dict[str, Any]) -> None:
        kind, name = _kind(body), str(body["name"])
        self._portal.schema.archive(kind, name, by_person=True)
        self._portal.forget_property(kind, name)

    def _create_property(self, body: dict[str, Any]) -> None:
        kind = _kind(body)
        group = next(iter(self._portal.schema.groups[kind]))
        definition = {"label": body["definition"]["name"], "groupName": group, **body["definition"]}
        self._portal.schema.create(kind, definition, iso(self._portal.clock.ms()))

    def _leave(self, body: dict[str, Any]) -> None:
        """Let an owner leave the company: its records stay its own."""
        for one in self._portal.owners:
            if one["id"] == str(body["owner"]):
                one["archived"] = True

    def _record(self, body: dict[str, Any]) -> Record:
        name = body.get("idProperty")
        record = self._portal.find(_kind(body), str(body["id"]), None if name is None else str(name))
        if record is None:
            raise not_found()
        return record


def _kind(body: dict[str, Any]) -> str:
    kind = str(body["type"])
    if kind not in TYPE_IDS:
        raise invalid(f"type is one of {', '.join(TYPE_IDS)}")
    return kind


def _truth(record: Record, *, history: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": record.id,
        "properties": record.properties,
        "archived": record.archived_ms is not None,
        "merged_into": record.merged_into,
        "created_at": iso(record.created_ms),
        "updated_at": iso(record.updated_ms),
        "writes": record.writes,
    }
    if history:
        body["history"] = {
            name: [{"seq": seq, "at": iso(ms), "value": value, "source": source} for ms, seq, value, source in past]
            for name, past in record.history.items()
        }
    return body
