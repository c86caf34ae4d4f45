"""Reading HubSpot's answers: what became of each row of a batch. Pure.

200, 201 and 207 mean the same: ``results`` are the rows that took effect, ``errors`` those that did not (vendor fact:
where the errors stand, and under which status, differs by version). Errors name their rows by the trace id we gave, or
by record id; a row that nothing names is told to the caller as unnamed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from crossdock.connect.client import Reply
from crossdock.connect.manifest import Manifest
from crossdock.connect.outcomes import Outcomes
from crossdock.model.outcome import Delivered, Outcome, Rejected, Throttled


class Row(msgspec.Struct, frozen=True):
    """One input of a batch: a record by its id, or by a unique property and its value."""

    trace: str
    """Unique inside its batch; sent as objectWriteTraceId where the endpoint takes one."""
    id: str
    id_property: str | None = None
    properties: Mapping[str, str] = msgspec.field(default_factory=dict)
    to_id: str = ""
    """The other end of an association."""


class Refusal(msgspec.Struct, frozen=True):
    """One error, as HubSpot words it."""

    category: str
    message: str
    codes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Properties it speaks of."""
    traces: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    @property
    def existing_id(self) -> str | None:
        """The record that has the address already (409 ``Existing ID: N``)."""
        found = re.search(r"Existing ID: (\d+)", self.message)
        return found[1] if found else None


class Batch(msgspec.Struct, frozen=True):
    """A multi-status answer sorted by the rows' trace ids."""

    done: Mapping[str, Mapping[str, Any]]
    refused: Mapping[str, Refusal]
    unnamed: tuple[Refusal, ...] = ()
    """Errors that name no row of ours."""


def read_batch(reply: Reply, rows: Sequence[Row]) -> Batch:
    """Sort the results and errors of a 2xx answer by row. Raises ``ValueError`` when it is no JSON object."""
    body = _object(reply)
    results = [each for each in _list(body.get("results")) if isinstance(each, dict)]
    by_name = {name: row.trace for row in rows for name in _names_of(row)}
    done: dict[str, Mapping[str, Any]] = {}
    for result in results:
        trace = next((by_name[name] for name in _names_in(result, rows) if name in by_name), None)
        if trace is None and len(rows) == len(results) == 1:
            trace = rows[0].trace
        if trace is not None:
            done[trace] = result
    refused: dict[str, Refusal] = {}
    unnamed = []
    for refusal in map(read_refusal, _list(body.get("errors"))):
        names = [("trace", t) for t in refusal.traces] + [("id", i.lower()) for i in refusal.ids]
        traces = {by_name[name] for name in names if name in by_name}
        if not traces:
            unnamed.append(refusal)
        refused.update(dict.fromkeys(traces, refusal))
    return Batch(done, refused, tuple(unnamed))


def _object(reply: Reply) -> Mapping[str, Any]:
    body = reply.json() if reply.body else {}
    if not isinstance(body, dict):
        raise ValueError("the answer is no JSON object")
    return body


def _names_of(row: Row) -> list[tuple[str, str]]:
    if row.to_id:
        return [("pair", f"{row.id} {row.to_id}")]
    return [("trace", row.trace), ("id", row.id.lower())]


def _names_in(result: Mapping[str, Any], rows: Sequence[Row]) -> Iterable[tuple[str, str]]:
    if "from" in result and "to" in result:
        yield "pair", f"{_end(result['from'])} {_end(result['to'])}"
        return
    if result.get("objectWriteTraceId"):
        yield "trace", str(result["objectWriteTraceId"])
    id_property = rows[0].id_property
    if id_property is None:
        yield "id", str(result.get("id"))
    else:
        yield "id", str((result.get("properties") or {}).get(id_property) or "").lower()


def _end(value: Any) -> str:
    return str(value.get("id") if isinstance(value, dict) else value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def read_refusal(error: Any) -> Refusal:
    """Read an error body, or one entry of ``errors``; every field of it is optional (vendor fact)."""
    if not isinstance(error, dict):
        return Refusal("", "")
    context = _dict(error.get("context"))
    inner = [each for each in _list(error.get("errors")) if isinstance(each, dict)]
    names = [name for each in inner for name in _list(_dict(each.get("context")).get("propertyName"))]
    return Refusal(
        category=str(error.get("category") or error.get("errorType") or ""),
        message=str(error.get("message") or ""),
        codes=tuple(dict.fromkeys(str(each["code"]) for each in inner if each.get("code"))),
        names=tuple(dict.fromkeys(map(str, names))),
        traces=tuple(map(str, _list(context.get("objectWriteTraceId")))),
        ids=tuple(map(str, (*_list(context.get("ids")), *_list(context.get("id"))))),
    )


class Reader:
    """From refusals to outcomes, by the manifest's table and the portal's midnight."""

    def __init__(self, manifest: Manifest, time_zone: str) -> None:
        self._outcomes = Outcomes(manifest)
        self._zone = time_zone

    def whole(self, reply: Reply, now: datetime) -> tuple[Outcome, Refusal]:
        """Return what a refused call means for all its rows."""
        try:
            body = _object(reply)
        except ValueError:
            body = {}
        refusal = read_refusal(body)
        if reply.status == 429:
            return Throttled(*self._throttled(reply, body, now)), refusal
        return self.of(reply, refusal, now), refusal

    def of(self, reply: Reply, refusal: Refusal, now: datetime) -> Outcome:
        """Return what an error means for its row. A row refused inside a 2xx is judged by its category."""
        status = reply.status if not reply.ok else _STATUS.get(refusal.category, 400)
        field = refusal.names[0] if refusal.names else None
        found = self._outcomes.of(reply, now, code=refusal.category, text=_told(refusal), status=status, field=field)
        return found or Rejected(_told(refusal), refusal.category)

    def _throttled(self, reply: Reply, body: Mapping[str, Any], now: datetime) -> tuple[float, str]:
        policy = str(body.get("policyName") or "")
        if policy == "DAILY":
            return until_midnight(
                now, self._zone
            ), "the portal's daily requests are used up; it goes on at its midnight"
        waits = (_number(reply.headers.get("Retry-After")), _window(reply))
        wait = next((each for each in waits if each is not None), 1.0 if policy == "SECONDLY" else 10.0)
        return wait, "the portal's rate limit is reached"


_STATUS = {"OBJECT_NOT_FOUND": 404, "CONFLICT": 409, "MISSING_SCOPES": 403, "RATE_LIMITS": 429, "INTERNAL_ERROR": 500}
"""Status of a category, for errors inside a multi-status answer."""


def until_midnight(now: datetime, time_zone: str) -> float:
    """Return the seconds until the next midnight of a time zone (UTC where it is unknown), at least one."""
    try:
        zone: tzinfo = ZoneInfo(time_zone)
    except (OSError, ValueError, KeyError):
        zone = UTC
    here = now.astimezone(zone)
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1.0, (midnight.astimezone(UTC) - now).total_seconds())


def _window(reply: Reply) -> float | None:
    millis = _number(reply.headers.get("X-HubSpot-RateLimit-Interval-Milliseconds"))
    return None if millis is None else millis / 1000


def _number(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\d{1,8}(\.\d+)?", text.strip()) else None


def _told(refusal: Refusal) -> str:
    """Say what HubSpot refused without its values: its messages repeat what was sent."""
    if refusal.codes:
        return ", ".join(refusal.codes) + (f" for {', '.join(refusal.names)}" if refusal.names else "")
    bare = re.sub(r"[\"'‘“\[{].*", "", refusal.message.split(":")[0])
    return re.sub(r"\S*@\S*|\d{4,}", "…", bare).strip()[:200]


def delivered(result: Mapping[str, Any], row: Row) -> Delivered:
    """Return the record id a result names (an association names its ends)."""
    return Delivered(str(result["id"]) if result.get("id") else row.id)
