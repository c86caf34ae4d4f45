"""What a connector is: the protocols its parts fulfil and the struct that puts them together.

The flow knows vendors only through these words. A connector that lacks a part leaves it ``None``: no ``door`` means
that it does not receive, no ``destination`` that nothing can be delivered to it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import msgspec

from crossdock.model.bought import Bought
from crossdock.model.delivery import SkipReason
from crossdock.model.mapping import Mapped
from crossdock.model.mapping import Mapping as FieldMapping
from crossdock.model.observation import Doorbell, Observation, Occurrence, Turn
from crossdock.model.outcome import Outcome
from crossdock.model.plan import Found, Plan, Resolved
from crossdock.model.wish import Touch

if TYPE_CHECKING:
    from crossdock.connect.account_page import Authorization
    from crossdock.connect.auth.tokens import Tokens
    from crossdock.connect.client import Transport
    from crossdock.connect.deals import Deals
    from crossdock.connect.manifest import Manifest
    from crossdock.connect.outpost import Outpost
    from crossdock.connect.watching import Watcher
    from crossdock.kit.clock import Clock
    from crossdock.model.connection import Connection

Filter = Callable[[Observation], SkipReason | None]
"""Says of an entity by which named rule its deliveries end at once; None: they go on. Pure, and quick."""
Arrived = Observation | Doorbell | Occurrence


class Access(msgspec.Struct, frozen=True):
    """All a connector gets to work with for one connection. Its repr shows no secret."""

    connection: Connection
    secrets: Mapping[str, str]
    """Unsealed credentials by the names of the manifest's form (``key``, ``secret``, ``token``)."""
    transport: Transport
    clock: Clock
    tokens: Tokens | None = None
    """Access by OAuth 2.0: bearer tokens that are renewed; None: the secrets are all there is."""
    outpost: Outpost | None = None
    """The program of ours at the other side, where an account that is reached otherwise has one, too."""

    def __repr__(self) -> str:
        return f"Access(connection={self.connection.id})"


class CheckResult(msgspec.Struct, frozen=True):
    """What trying a connection without side effects told."""

    ok: bool
    problem: str = ""
    """In plain words, for people."""
    remedy: str = ""
    code: str = ""
    """Stable name of the problem (``wrong-keys``, ``rest-blocked`` …)."""
    account: dict[str, Any] = msgspec.field(default_factory=dict)
    """Facts of the account (currency, time_zone, version, portal_id)."""
    account_uid: str = ""
    """Short stable name of the account: what makes "the same store twice" visible."""
    warnings: tuple[str, ...] = ()


class Page(msgspec.Struct, frozen=True):
    """One page of a stream."""

    items: tuple[Observation, ...]
    cursor: dict[str, Any]
    """Where to go on: opaque, JSON; saved in the same transaction as the items."""
    done: bool
    """Nothing more for now; the next pull begins at ``cursor``."""
    total: int | None = None
    """How many there are in all, where the vendor tells (for progress)."""
    swept: bool = False
    """With this page a reading of all there is has ended: what it has not met is gone, or went elsewhere."""
    whole_of: str | None = None
    """The page holds all entities below this parent."""
    passed: tuple[str, ...] = ()
    """Entities that stand, but are left out (older than the connection)."""
    shape: str = ""
    """What kind of request it took: requests of one stream and shape take about as long."""
    took_s: float | None = None
    """How long the vendor took to answer it; None where it took several requests."""


class Hook(msgspec.Struct, frozen=True):
    """A webhook as the vendor lists it."""

    vendor_id: str
    topic: str
    url: str
    status: str


class Span(msgspec.Struct, frozen=True):
    """Moments (UTC) between which an entity was made: from ``after`` on, and before ``before``. None: no bound."""

    after: datetime | None = None
    before: datetime | None = None

    def holds(self, at: datetime | None) -> bool:
        """Whether a moment lies between them; what has no moment lies in the boundless span alone."""
        if at is None:
            return self.after is None and self.before is None
        return (self.after is None or at >= self.after) and (self.before is None or at < self.before)


class Glimpse(msgspec.Struct, frozen=True):
    """What a light reading shows of one entity."""

    external_id: str
    fingerprint: bytes
    """Compared with :meth:`Sweeper.fingerprint` of the document that is on record."""
    modified_at: datetime | None = None
    created_at: datetime | None = None
    children: tuple[str, ...] = ()
    """Ids of the entities of the same stream below it (a product's variations)."""


class Glance(msgspec.Struct, frozen=True):
    """One page of a light reading."""

    items: tuple[Glimpse, ...]
    cursor: dict[str, Any]
    done: bool
    total: int | None = None


@runtime_checkable
class Sweeper(Protocol):
    """A source whose lists a proof can read lightly, and by the time their entities were made."""

    def fingerprint(self, stream: str, document: Mapping[str, Any]) -> bytes | None:
        """Return the digest over what a light reading shows; None for a stream that is read in full. Pure."""
        ...

    async def glance(self, stream: str, cursor: dict[str, Any] | None, span: Span) -> Glance:
        """Read the next page of all there is, lightly. Raises :class:`~crossdock.connect.client.CallFailed`."""
        ...

    async def sweep(self, stream: str, cursor: dict[str, Any] | None, span: Span) -> Page:
        """Read the next page of all there is, in full; ``span`` bounds streams whose entities are of a day."""
        ...

    async def fetch_some(self, stream: str, external_ids: Sequence[str]) -> list[Observation]:
        """Read some entities in full, with those below them; what is not there is left out."""
        ...


class Source(Protocol):
    """Reading from a vendor."""

    async def check(self) -> CheckResult:
        """Try the connection; says apart what can be wrong."""
        ...

    async def page(self, stream: str, cursor: dict[str, Any] | None, *, full: bool = False) -> Page:
        """Read the next page of a stream.

        ``cursor`` None begins: at the oldest entity when ``full`` (a backfill or a sweep: everything there is,
        trash and drafts too), else at "now". Overlap and the two seconds short of the shop's time are the source's
        duty. Raises :class:`~crossdock.connect.client.CallFailed`.
        """
        ...

    async def fetch(self, stream: str, external_id: str, parent_id: str | None) -> Observation | None:
        """GET one entity afresh; None when the vendor says it is not there (404)."""
        ...

    async def hooks(self) -> tuple[Hook, ...]:
        """List the webhooks that point to anything of ours or others."""
        ...

    async def add_hook(self, topic: str, url: str, secret: str) -> Hook:
        """Register a webhook."""
        ...

    async def remove_hook(self, vendor_id: str) -> None:
        """Delete a webhook; one that is gone is fine."""
        ...


class Needs(msgspec.Struct, frozen=True):
    """What a plan asks the hub to look up before it can be made."""

    related: tuple[tuple[str, str], ...] = ()
    """(stream, external id) of other entities of the same source (an order's customer)."""
    subjects: tuple[str, ...] = ()
    """Lower-case e-mail addresses: which record of which stream speaks for this person?"""
    children_of: tuple[tuple[str, str], ...] = ()
    """(object, parent key): links of parts that were written before (a deal's line items)."""
    buyers: tuple[str, ...] = ()
    """Lower-case e-mail addresses: what was bought under each?"""


class Context(msgspec.Struct, frozen=True):
    """The answers to :class:`Needs`, and who is asking."""

    store_uid: str
    """``account_uid`` of the source connection."""
    store_name: str
    store_url: str
    config: dict[str, Any]
    """The destination connection's config (choices made at connect: ``order_object`` …)."""
    account: dict[str, Any]
    """What the destination's check learned (pipelines, currencies)."""
    event_type: str
    external_id: str
    presence: str
    related: dict[tuple[str, str], Any] = msgspec.field(default_factory=dict)
    """(stream, external id) -> canonical entity; absent when we have no record of it."""
    speakers: dict[str, tuple[str, str]] = msgspec.field(default_factory=dict)
    """e-mail -> (stream, external id prefixed by its store uid: ``<uid>:<id>``) of the record whose data a person's
    fields follow: a registered customer before a guest's order, then the newest."""
    children: dict[str, tuple[tuple[str, str], ...]] = msgspec.field(default_factory=dict)
    """parent key -> ((object, key), …) of existing links."""
    bought: dict[str, Bought] = msgspec.field(default_factory=dict)
    """e-mail -> what was bought under it in all shops of the tenant."""
    body: bytes = b""
    """The event as the hub publishes it (for SEND)."""


class Destination(Protocol):
    """Writing to a vendor. All but ``check``, ``prepare``, ``perform`` and ``found`` is pure."""

    async def check(self) -> CheckResult:
        """Try the connection; says apart what can be wrong."""
        ...

    async def prepare(self) -> dict[str, Any]:
        """Make what we need there (our properties and group), idempotently; return facts for ``account``."""
        ...

    def needs(self, action: str, entity: Any, store_uid: str) -> Needs:
        """Say what to look up for an entity (canonical word, or the event's own document).

        ``store_uid`` is the source connection's ``account_uid``: it is part of every key, ``children_of`` included.
        """
        ...

    def plan(self, action: str, entity: Any, mapped: Mapped, context: Context) -> Plan:
        """Make the plan of one delivery. Raises :class:`PlanRefused` with field, rule and remedy."""
        ...

    async def perform(self, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
        """Do the writes of one step, in as few vendor calls as can be; one outcome per write, in order.

        Never raises for what a vendor may answer; a lost answer is ``Unknown``.
        """
        ...

    def found(self, object_name: str, store_uid: str) -> AsyncIterator[Found]:
        """Read all records of an object that carry our key of this store (or all, for objects without our key)."""
        ...

    def equal(self, object_name: str, name: str, sent: str | None, found: str | None) -> bool:
        """Whether a value found is the value sent, as this vendor normalises (12.50 is 12.5)."""
        ...


@runtime_checkable
class Seeker(Protocol):
    """A destination that can be asked for certain records, many in one call."""

    async def sought(self, object_name: str, name: str | None, values: Sequence[str]) -> list[Found]:
        """Read the records with these values of a unique property (None: these record ids), associations included.

        What is not there is left out. A record that answers to several values (a person's further addresses) comes
        once for each. Raises :class:`~crossdock.connect.client.CallFailed`.
        """
        ...


@runtime_checkable
class Learner(Protocol):
    """A destination that reads named properties: it is told of those that a mapping of one's own writes."""

    def learn(self, fields: Mapping[str, frozenset[str]]) -> None:
        """Read these properties (object -> names), too, wherever records are read from now on. Quick."""
        ...


class PlanRefused(Exception):
    """An entity cannot be written as it is."""

    def __init__(self, field: str, rule: str, remedy: str) -> None:
        super().__init__(f"{field}: {rule}; {remedy}")
        self.field, self.rule, self.remedy = field, rule, remedy


class Refused(Exception):
    """An arrival that is not what it claims (signature, time window)."""


class Door(Protocol):
    """The receiving side: pure functions over headers (lower-case names) and raw bytes.

    Beside the headers stand three names no client can send: ``:method``, ``:url`` (the whole public URL as configured,
    with its query: HubSpot, Square and Twilio sign it) and ``:received-at`` (unix seconds, for time windows).
    """

    def ping(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether this is the vendor's unsigned handshake: answered 200, nothing is recorded."""
        ...

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str]) -> None:
        """Check the signature with the connection's hook secrets (vendor id -> secret) in constant time.

        Raises :class:`Refused`.
        """
        ...

    def hook_of(self, headers: Mapping[str, str]) -> str:
        """Return the vendor's id of the webhook that says it sends this; empty where it says none."""
        ...

    def stranger(self, headers: Mapping[str, str], account: Mapping[str, Any]) -> str:
        """Return the address of another account (a copy of a shop) that sent a genuine arrival; empty for our own."""
        ...

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Arrived, ...]:
        """Read verified bytes. Raises ``ValueError`` naming what is malformed."""
        ...


class AppDoor(Protocol):
    """The receiving side of a vendor's app, which tells of all accounts that have it. Pure; headers as of a door."""

    def verify(self, headers: Mapping[str, str], body: bytes, secret: str, *, oldest: int = 3) -> None:
        """Check the signature with an app's secret in constant time; ``oldest``: the age of signatures still taken.

        Raises :class:`Refused`.
        """
        ...

    def parse(self, body: bytes) -> list[tuple[str, Doorbell]]:
        """Read verified bytes into (account uid, doorbell). Raises ``ValueError`` naming what is malformed."""
        ...


class Reader(Protocol):
    """The mapper's reading half: their words into ours. Pure."""

    def __call__(self, observation: Observation, account: Mapping[str, Any]) -> Any:
        """Return the canonical word of an entity, or its document where we have no word for it."""
        ...


class Connector(msgspec.Struct, frozen=True):
    """The parts of one vendor, put together in its ``__init__.py`` as ``CONNECTOR``."""

    manifest: Manifest
    source: Callable[[Access], Source] | None = None
    destination: Callable[[Access], Destination] | None = None
    door: Door | None = None
    app_door: AppDoor | None = None
    """Of a vendor that sends to one address for all accounts of an app (a connection's ``app_id``, ``app_secret``)."""
    read: Reader | None = None
    observe: Callable[[str, Mapping[str, Any]], Observation] | None = None
    """Says of a stream's document whose it is, how old and whether it stands. Pure; raises ``ValueError``."""
    speaks: str = ""
    """The connector whose words its documents are in; the catalogue takes ``read`` and ``observe`` from there."""
    watcher: Callable[[Access], Watcher] | None = None
    """Who looks after an account of this vendor between calls."""
    touches: Callable[[str, Mapping[str, Any]], tuple[Touch, ...]] | None = None
    """(action, the event's document) -> what the write changes in entities this account is also read from. Pure."""
    authorization: Authorization | None = None
    filters: Callable[[Mapping[str, Any]], Filter | None] | None = None
    """Makes of a connection's config the rule of what goes no further than the record; None: all goes on."""
    owned: Mapping[str, tuple[str, ...]] = {}
    """Fields (``object.field``) that ``field_owners`` may name, and who may own them; empty: whatever is mapped."""
    mappings: tuple[FieldMapping, ...] = ()
    """Default mappings of a destination, by entity and action."""
    deals: Callable[[Access], Deals] | None = None
    """A CRM's deals, read live; None: it has none."""
    turn: Callable[[Observation, Connection], Turn | None] | None = None
    """Says of an entity whether it stands in a state whose coming is an event of its own (a won deal). Pure, quick."""
    outpost: Callable[[Access], Outpost] | None = None
    """The program of ours at the other side, which takes the hub's commands; None: there is none."""
