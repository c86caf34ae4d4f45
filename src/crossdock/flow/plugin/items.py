"""What a site tells: one item, how it becomes an arrival, and what came of it. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from crossdock.connect.connector import Connector
from crossdock.errors import CrossdockError, Invalid
from crossdock.model.observation import Doorbell, Observation, Occurrence, Presence
from crossdock.model.origin import Origin
from crossdock.model.wish import STREAMS as WISHES

STATES: Final = ("order", "customer", "product", "refund")
EVENT: Final = "event"
"""The stream of what has no state: logins, registrations, a site's own events."""
TEST: Final = "test"
"""The stream of samples: nothing but a route that names it takes them."""
BY_MAIL: Final = "mail-"
"""How the hub's own id of a customer begins whom a site without REST keys told of without an id."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One item, its shape already checked."""

    id: uuid.UUID
    """The site's id of this telling."""
    kind: str
    """One of :data:`STATES`, or ``event``."""
    action: Literal["saved", "deleted"] = "saved"
    type: str = ""
    """Of an event: ``user.login``."""
    entity: str | None = None
    subject: str | None = None
    """E-mail address of the person an event is about."""
    occurred_at: datetime
    origin: Literal["live", "bulk", "resend", "test"] = "live"
    data: dict[str, Any]


class Linked(msgspec.Struct, frozen=True):
    """Whose order it is, as the records of the connection say."""

    record_id: uuid.UUID | None
    found_by: Literal["id", "email", "none"]
    status: Literal["existing", "new"]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an item."""

    status: Literal["recorded", "unchanged", "stale", "duplicate", "refused"]
    event_id: uuid.UUID | None = None
    record_id: uuid.UUID | None = None
    customer: Linked | None = None
    problem: CrossdockError | None = None


class Home(msgspec.Struct, frozen=True):
    """What decides how a connection's items are read."""

    observe: Callable[[str, Mapping[str, Any]], Observation]
    read: bool
    """Whether its lists can be read (REST keys): then a GET decides what a deletion or two states at once mean."""
    reserved: frozenset[str]
    """First words that no event of a site's own may have."""


def home_of(connector: Connector | None, spoken: Connector | None) -> Home:
    """Return how items of a connector are read; ``spoken`` is the connector whose words it speaks, if any."""
    streams: set[str] = {*STATES, TEST, *WISHES}
    for one in (connector, spoken):
        if one is not None:
            streams |= {stream.name for stream in one.manifest.streams if stream.cursor != "none"}
    observe = connector.observe if connector is not None and connector.observe is not None else bare
    return Home(observe, connector is not None and not connector.speaks, frozenset(streams))


def bare(stream: str, document: Mapping[str, Any]) -> Observation:
    """Observe a document in words that nobody here knows: its id is all that is read of it."""
    found = document.get("id")
    if isinstance(found, bool) or not isinstance(found, int | str):
        raise ValueError("id: expected a whole number")
    return Observation(stream, str(found), dict(document))


def arrival(item: Item, home: Home) -> tuple[Observation | Doorbell | Occurrence, Origin]:
    """Make an item an arrival. Raises ``Invalid`` that names the field."""
    if item.origin == TEST:
        return _sample(item), Origin.PLUGIN
    if item.kind == EVENT:
        return _event(item, home), Origin.PLUGIN
    # an export of what was there before messages nobody
    origin = Origin.BACKFILL if item.origin == "bulk" else Origin.PLUGIN
    if item.action == "deleted":
        return _deletion(item, home), origin
    return _state(item, home), origin


def wrong(field: str, rule: str, remedy: str) -> Invalid:
    """Return the refusal of an item for one of its fields."""
    return Invalid(f"{field}: {rule}", [{"field": field, "rule": rule, "remedy": remedy}])


def _sample(item: Item) -> Occurrence:
    return Occurrence(TEST, f"{TEST}.{item.type or item.kind}", item.data, key=f"id:{item.id}")


def _event(item: Item, home: Home) -> Occurrence:
    word = item.type.split(".", 1)[0]
    if word in home.reserved:
        rule = f"the word {word} is kept for the store's own entities"
        raise wrong("type", rule, "begin the type with another word, such as user.login")
    return Occurrence(
        stream=EVENT,
        type=item.type,
        document=item.data,
        external_id=item.entity,
        key=f"id:{item.id}",
        occurred_at=item.occurred_at,
        subjects=(item.subject.strip().lower(),) if item.subject else (),
    )


def _deletion(item: Item, home: Home) -> Observation | Doorbell:
    parent = item.data.get("parent_id")
    below = str(parent) if isinstance(parent, int) and parent > 0 else None
    external_id = str(item.data["id"])
    if home.read:
        return Doorbell(item.kind, external_id, below, f"{item.kind}.deleted")
    return Observation(
        stream=item.kind,
        external_id=external_id,
        document={"id": external_id, "deleted": True},
        presence=Presence.DELETED,
        status="deleted",
        modified_at=item.occurred_at,
        parent_id=below,
    )


def _state(item: Item, home: Home) -> Observation:
    own = item.data.get("id")
    ours = own if isinstance(own, str) and own.startswith(BY_MAIL) else ""
    try:
        seen = home.observe(item.kind, {**item.data, "id": 0} if ours else item.data)
    except ValueError as unread:
        field, _, rule = str(unread).partition(": ")
        raise wrong(f"data.{field}" if rule else "data", rule or field, "send it as the schema says") from None
    if ours:
        seen = msgspec.structs.replace(seen, external_id=ours, document=item.data)
    return seen if home.read else msgspec.structs.replace(seen, modified_at=moment(seen.modified_at, item.occurred_at))


def moment(own: datetime | None, occurred_at: datetime) -> datetime:
    """Return when a state was made that nobody can be asked about.

    A document's own time has seconds alone, or is missing, or does not move with every change; then the moment of the
    change itself decides, which has microseconds: else two changes of one second could never be put in order.
    """
    return occurred_at if own is None else max(own, occurred_at)
