"""How a portal's records are read without losing one while its people go on working. Pure.

**Changes** come from search, which ends at 10,000 results and pages by position, so that a record that is written
meanwhile would push another over the edge of a page (vendor facts). No page is ever asked for: every request asks for
what was written at or after the last moment seen, in the order of writing. A moment that fills a page alone (an import
writes thousands of records in one millisecond) is read through by record id, and left by asking for what is later.

Search sees a write after seconds, and not in the order of writing. So the point the next pull begins at is never closer
than :data:`LAG_S` to the portal's time: what is read twice is known already and changes nothing.

**Everything** (a backfill) comes from the lists, which see every write at once and go up by record id: first what
lives, then what lies in the bin. **Archived** records move no search: each pull reads a page more of the bin's list,
which goes round and round; webhooks ring for them at once. A **merged** record's id answers with the record it was
merged into: it has ended, and that one says which it swallowed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from crossdock.kit.ids import time_of
from crossdock.model.connection import Connection
from crossdock.model.observation import Observation, Presence, Turn
from crossdock.model.plan import Verb, Write
from crossdock.model.sensitivity import Sensitivity, guess
from crossdock.model.wish import Touch

LAG_S: Final = 60
"""How long search may take to see a write; seconds are usual (vendor fact), minutes were never told."""
_OWN: Final = ("id", "createdAt", "updatedAt", "archived", "associations")


class Stream(msgspec.Struct, frozen=True):
    """One stream of the portal."""

    object: str
    modified: str
    status: str
    associations: tuple[str, ...]
    properties: tuple[str, ...]


_PERSON = ("phone", "address", "city", "state", "zip", "country")
STREAMS: Final = {
    "contact": Stream(
        "contacts",
        "lastmodifieddate",
        "lifecyclestage",
        ("companies", "deals"),
        (
            *("email", "firstname", "lastname", "mobilephone", "company", "website", "jobtitle", *_PERSON),
            *("hs_additional_emails", "hs_merged_object_ids", "lifecyclestage", "hs_lead_status", "hubspot_owner_id"),
            *("createdate", "crossdock_customer_id", "crossdock_store"),
        ),
    ),
    "company": Stream(
        "companies",
        "hs_lastmodifieddate",
        "lifecyclestage",
        ("deals",),
        (
            *("name", "domain", "website", "address2", "description", "numberofemployees", "annualrevenue", *_PERSON),
            *("hs_merged_object_ids", "lifecyclestage", "hubspot_owner_id", "createdate", "crossdock_key"),
        ),
    ),
    "deal": Stream(
        "deals",
        "hs_lastmodifieddate",
        "dealstage",
        ("contacts", "companies", "line_items"),
        (
            *("dealname", "amount", "deal_currency_code", "pipeline", "dealstage", "closedate", "dealtype"),
            *("description", "hs_next_step", "hs_priority", "hs_is_closed", "hs_is_closed_won", "hubspot_owner_id"),
            *("closed_lost_reason", "closed_won_reason", "hs_merged_object_ids", "createdate"),
            *("hs_v2_date_entered_current_stage", "hs_closed_won_date"),
            *("crossdock_key", "crossdock_store", "crossdock_order_number", "crossdock_order_status"),
        ),
    ),
}


class Mode(StrEnum):
    """idle: the last pull is done. The others: inside a reading."""

    IDLE = "idle"
    CHANGES = "changes"
    BIN = "bin"
    LIVE = "live"
    ARCHIVED = "archived"


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a stream's reading stands. Moments are ISO-8601 in UTC, to the millisecond."""

    mode: Mode = Mode.IDLE
    since: str = ""
    """Everything written before is read; the next pull of changes begins here."""
    at: str = ""
    """The moment the pull under way has come to."""
    id: str = ""
    """Inside that moment: the record id it has come to; empty: the moment is read by its first page."""
    after: str = ""
    """Of the lists: the record id before the next page."""
    newest: str = ""
    bin: str = ""
    """Where the slow walk through the bin stands between two pulls."""


def resume(cursor: Cursor, now: datetime, *, full: bool) -> Cursor:
    """Return the cursor inside a reading: an idle one begins anew."""
    if cursor.mode is not Mode.IDLE:
        return cursor
    if full:
        return Cursor(Mode.LIVE)
    since = cursor.since or written(now - timedelta(seconds=LAG_S))
    return Cursor(Mode.CHANGES, since=since, at=since, newest=since, bin=cursor.bin)


def asked(stream: Stream, cursor: Cursor) -> tuple[list[list[dict[str, str]]], str]:
    """Return the filter groups of the next request for changes, and what it is sorted by."""
    moment = {"propertyName": stream.modified, "value": millis(cursor.at)}
    if not cursor.id:
        return [[{**moment, "operator": "GTE"}]], stream.modified
    beyond = {"propertyName": "hs_object_id", "operator": "GT", "value": cursor.id}
    return [[{**moment, "operator": "EQ"}, beyond]], "hs_object_id"


def further(cursor: Cursor, rows: Sequence[tuple[str, str]], size: int, now: datetime) -> Cursor:
    """Return where reading changes goes on after a page of (id, moment) rows of at most ``size``.

    A full page of one moment goes on inside it, by id; a moment that is read to its end is left by one millisecond.
    Raises ``ValueError`` for a moment that is none.
    """
    newest = max([cursor.newest, *(moment for _, moment in rows)])
    inside = bool(cursor.id)
    if len(rows) < size and not inside:
        sure = written(now - timedelta(seconds=LAG_S))
        return Cursor(Mode.BIN, since=max(cursor.since, min(newest, sure)), bin=cursor.bin, after=cursor.bin)
    if len(rows) < size:
        later = written(moment_of(cursor.at) + timedelta(milliseconds=1))
        return msgspec.structs.replace(cursor, at=later, id="", newest=newest)
    last = rows[-1][1]
    if inside or last == cursor.at:
        highest = max((row[0] for row in rows), key=int)
        # the first page of a moment is in no order of ids: it is read again from the lowest on
        return msgspec.structs.replace(cursor, at=last, id=highest if inside else "0", newest=newest)
    return msgspec.structs.replace(cursor, at=last, newest=newest)


def turned(cursor: Cursor, after: str | None) -> Cursor:
    """Return where reading lists goes on; ``after`` None: the list is at its end."""
    if cursor.mode is Mode.BIN:
        return Cursor(Mode.IDLE, since=cursor.since, bin=after or "")
    if after is not None:
        return msgspec.structs.replace(cursor, after=after)
    return Cursor(Mode.ARCHIVED) if cursor.mode is Mode.LIVE else Cursor(Mode.IDLE)


def observe(name: str, record: Mapping[str, Any], ends: Mapping[str, Sequence[str]]) -> Observation:
    """Return a record as the hub keeps it: its properties beside id, times, ``archived`` and ``associations``.

    ``ends``: associated object -> record ids. Raises ``ValueError`` for a record without an id.
    """
    stream = STREAMS[name]
    if not str(record.get("id") or "").isdigit():
        raise ValueError("id: expected the digits of a record")
    held = {key: value for key, value in (record.get("properties") or {}).items() if value not in (None, "")}
    archived = bool(record.get("archived"))
    told = record.get("archivedAt") if archived else held.get(stream.modified) or record.get("updatedAt")
    address = str(held.get("email") or "").strip().lower()
    document = {
        **{key: value for key, value in held.items() if key not in _OWN},
        "id": str(record["id"]),
        "createdAt": record.get("createdAt"),
        "updatedAt": record.get("updatedAt"),
        "archived": archived,
        "associations": {other: sorted(set(ends.get(other, ())), key=int) for other in stream.associations},
    }
    return Observation(
        stream=name,
        external_id=str(record["id"]),
        document=document,
        presence=Presence.TRASHED if archived else Presence.LIVE,
        status=str(held.get(stream.status) or ""),
        modified_at=moment_of(str(told)) if told else None,
        created_at=moment_of(str(record["createdAt"])) if record.get("createdAt") else None,
        subjects=(address,) if address else (),
    )


def row_of(stream: Stream, record: Mapping[str, Any]) -> tuple[str, str]:
    """Return (id, moment of the last write) of a record that search shows. Raises ``ValueError``."""
    told = (record.get("properties") or {}).get(stream.modified)
    if not told or not str(record.get("id") or "").isdigit():
        raise ValueError(f"expected id and {stream.modified}")
    return str(record["id"]), written(moment_of(str(told)))


def ended(name: str, record_id: str) -> Observation:
    """Return the end of a record that was merged into another; a GET of its id would show that one."""
    gone = {"id": record_id, "deleted": True}
    return Observation(name, record_id, gone, Presence.DELETED, "deleted")


def merged_into(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids of the records that were merged into one."""
    told = str((record.get("properties") or {}).get("hs_merged_object_ids") or "")
    return tuple(part.strip() for part in told.split(";") if part.strip().isdigit())


def moment_of(text: str) -> datetime:
    """Read a moment as HubSpot writes it. Raises ``ValueError``."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def written(moment: datetime) -> str:
    """Return a moment as HubSpot writes it: texts of it sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def millis(text: str) -> str:
    """Return a moment as search takes it: milliseconds since 1970. Raises ``ValueError``."""
    return str(round(moment_of(text).timestamp() * 1000))


def turn(seen: Observation, connection: Connection) -> Turn | None:
    """Tell of a deal that is won: ``deal.won``.

    Of a deal never seen before it is told where it was won after the portal was connected, by HubSpot's own time of
    entering its stage: a deal that was won long ago and is changed now is no news of this kind.
    """
    if seen.stream != "deal" or seen.presence is not Presence.LIVE or seen.document.get("hs_is_closed_won") != "true":
        return None
    pipelines = (connection.account.get("pipelines") or {}).get("deals") or ()
    stages = [stage for pipeline in pipelines for stage in pipeline["stages"]]
    won = frozenset(str(one["id"]) for one in stages if one.get("closed") and one.get("probability") in ("1", "1.0"))
    told = next((str(seen.document[name]) for name in _WON_AT if seen.document.get(name)), "")
    try:
        first = bool(told) and moment_of(told) >= time_of(connection.id)
    except ValueError:
        first = False
    return Turn("won", won, first)


_WON_AT: Final = ("hs_v2_date_entered_current_stage", "hs_closed_won_date", "closedate")
"""When a won deal was won; the last may be changed by people, and stands where HubSpot tells nothing better."""
_FOLLOWS: Final = ("hs_is_closed", "hs_is_closed_won", *_WON_AT[:2], "hs_additional_emails", "associations")
"""What HubSpot sets by itself when other properties, or associations, are written."""
_WORDED: Final = frozenset({"dealname", "name", "description", "domain", "firstname", "lastname", "closedate"})
"""Texts that may name people, and times that HubSpot writes its own way."""


def touched(write: Write, external_id: str) -> Touch | None:
    """Return what a write changes in a record we read; see :class:`~crossdock.connect.touching.Toucher`."""
    stream = next((name for name, one in STREAMS.items() if one.object == write.object), None)
    if stream is None or write.ensure or write.verb not in (Verb.UPSERT, Verb.ASSOCIATE):
        return None
    sent, derived = {}, list(_FOLLOWS)
    for name, value in write.properties.items() if write.verb is Verb.UPSERT else ():
        plain = isinstance(value, str) and value and name not in _WORDED and guess(name) is Sensitivity.NONE
        if plain and "_at" not in name:
            sent[name] = value
        else:
            derived.append(name)
    return Touch(stream, external_id, sent, tuple(derived))
