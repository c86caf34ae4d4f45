"""One call to the sandbox, as its doors see it, and how records are written in answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from crossdock.connectors.hubspot.sandbox.catalogue import CREATED, DEFAULTS, MODIFIED, TYPE_IDS
from crossdock.connectors.hubspot.sandbox.instants import iso
from crossdock.connectors.hubspot.sandbox.links import kind_of
from crossdock.connectors.hubspot.sandbox.portal import Portal, Record
from crossdock.connectors.hubspot.sandbox.refusals import invalid

BATCH = 100
"""Inputs in one batch call of the objects API (vendor)."""

Answer = tuple[int, Any]
"""Status and JSON value; None: no body."""


class Call:
    """One request after its path was understood. ``params`` are the path's, ``query`` the query string's."""

    __slots__ = ("_raw", "params", "portal", "query", "version")

    def __init__(
        self, portal: Portal, version: str, params: dict[str, str], query: dict[str, list[str]], raw: bytes
    ) -> None:
        self.portal = portal
        self.version = version
        self.params = params
        self.query = query
        self._raw = raw

    @property
    def dated(self) -> bool:
        """Tell whether the call came by a date version."""
        return self.version.startswith("20")

    @property
    def strict(self) -> bool:
        """Tell whether members that the date versions' specification requires are insisted on."""
        return self.dated and self.portal.settings.strict_bodies

    def kind(self, param: str = "type") -> str:
        """Return the object type that the path names."""
        return kind_of(self.params[param], orders=self.portal.settings.orders_object)

    def json(self) -> Any:
        """Return the body's JSON value, or refuse."""
        try:
            return orjson.loads(self._raw)
        except orjson.JSONDecodeError as wrong:
            raise invalid(f"Invalid input JSON on line {wrong.lineno}, column {wrong.colno}: {wrong.msg}") from wrong

    def body(self) -> dict[str, Any]:
        """Return the body, a JSON object, or refuse."""
        value = self.json()
        if not isinstance(value, dict):
            raise invalid("Invalid input JSON: the body must be an object")
        return value

    def inputs(self, limit: int = BATCH) -> list[dict[str, Any]]:
        """Return a batch's inputs, or refuse: too many, none at all, or not objects."""
        inputs = self.body().get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
            raise invalid("Invalid input JSON: inputs is required and must be a list of objects")
        if not inputs:
            raise invalid("Invalid input JSON: inputs must not be empty")
        if len(inputs) > limit:
            raise invalid(f"The maximum number of inputs supported in a batch request is {limit}")
        return inputs

    def text(self, name: str) -> str | None:
        """Return a query parameter's first value."""
        values = self.query.get(name)
        return values[0] if values else None

    def words(self, name: str) -> list[str]:
        """Return a query parameter that may be repeated or separated by commas."""
        return [word for value in self.query.get(name, ()) for word in value.split(",") if word]

    def flag(self, name: str) -> bool:
        """Return a query parameter that is true or false."""
        value = (self.text(name) or "false").lower()
        if value not in {"true", "false"}:
            raise invalid(f"Invalid query parameter {name}: {value} is neither true nor false")
        return value == "true"

    def page(self, default: int, limit: int) -> tuple[int, str | None]:
        """Return ``limit`` and ``after`` of a list, or refuse."""
        text = self.text("limit")
        size = int(text) if text is not None and text.isdigit() else (default if text is None else 0)
        if not 1 <= size <= limit:
            raise invalid(f"Invalid query parameter limit: must be between 1 and {limit}")
        return size, self.text("after")


def shown(
    call: Call, record: Record, asked: Iterable[str] | None = None, *, history: Iterable[str] = ()
) -> dict[str, Any]:
    """Write one record. ``asked``: the properties wanted (None: all that are set; empty: the usual ones)."""
    held = record.properties
    properties: dict[str, str | None]
    if asked is None:
        properties = dict(held)
    else:
        known = call.portal.schema.properties[record.kind]
        times = (CREATED.get(record.kind, "createdate"), MODIFIED.get(record.kind, "hs_lastmodifieddate"))
        wanted = (*(list(asked) or DEFAULTS[record.kind]), *times, "hs_object_id")
        properties = {name: held.get(name) for name in wanted if name in known}
    body: dict[str, Any] = {
        "id": record.id,
        "properties": properties,
        "createdAt": iso(record.created_ms),
        "updatedAt": iso(record.updated_ms),
        "archived": record.archived_ms is not None,
    }
    if record.archived_ms is not None:
        body["archivedAt"] = iso(record.archived_ms)
    if call.dated:
        portal_id, type_id = call.portal.settings.portal_id, TYPE_IDS[record.kind]
        body["url"] = f"https://app.hubspot.com/contacts/{portal_id}/record/{type_id}/{record.id}"
    names = list(history)
    if names:
        body["propertiesWithHistory"] = {name: _past(record, name) for name in names if name in held}
    return body


def _past(record: Record, name: str) -> list[dict[str, str]]:
    past = record.history.get(name, [])
    return [{"value": value, "timestamp": iso(ms), "sourceType": source} for ms, _, value, source in reversed(past)]


def paging(after: str) -> dict[str, Any]:
    """Write the mark of a next page."""
    return {"next": {"after": after, "link": f"?after={after}"}}


def batch_answer(call: Call, results: list[Any], errors: list[Any] | None = None) -> dict[str, Any]:
    """Write a batch's answer; ``errors`` only when there are some."""
    at = iso(call.portal.clock.ms())
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return body
