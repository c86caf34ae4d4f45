"""The manifest: a vendor's facts as typed data, read from the ``manifest.toml`` beside a connector.

Nothing in it is an expression. The connection form, the reference page, the egress allow-list, the budgets of the
pump and the table of outcomes are all made from it.
"""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from crossdock.connect.auth.facts import OAuth2Facts, broken_facts
from crossdock.connect.limits import Limits, Word

T = TypeVar("T")


class ManifestError(Exception):
    """A manifest breaks a rule: ``file``, ``field`` (a path such as ``errors[2].status``) and ``rule`` say which."""

    def __init__(self, file: str, field: str, rule: str) -> None:
        super().__init__(f"{file}: {field}: {rule}")
        self.file, self.field, self.rule = file, field, rule


class AuthKind(StrEnum):
    """How a vendor knows us. Several may be named: the connector's client chooses by the connection's config."""

    NONE = "none"
    OAUTH1 = "oauth1"
    BASIC = "basic"
    QUERY = "query"
    BEARER = "bearer"
    OAUTH2 = "oauth2"
    API_KEY = "api_key"
    JWT_BEARER = "jwt_bearer"
    SIGNED = "signed"
    """We sign what we send (Standard Webhooks)."""
    SECRET_URL = "secret_url"  # noqa: S105 - names a kind
    """The URL itself is the credential (Slack, Teams)."""


class FieldKind(StrEnum):
    """What a field of the connection form holds. A ``secret`` is sealed; all else is the connection's config."""

    TEXT = "text"
    URL = "url"
    SECRET = "secret"  # noqa: S105 - names a kind
    CHOICE = "choice"
    BOOL = "bool"


class CursorKind(StrEnum):
    """How a stream is read on: by modified time, by growing id, in full each time, or not at all."""

    MODIFIED = "modified"
    ID = "id"
    FULL = "full"
    NONE = "none"


class ActionKind(StrEnum):
    """state: only the newest matters (a CRM record). occurrence: each event is delivered, in order (a message)."""

    STATE = "state"
    OCCURRENCE = "occurrence"


class PagingKind(StrEnum):
    """How a vendor turns pages."""

    PAGE = "page"
    OFFSET = "offset"
    CURSOR = "cursor"
    LINK = "link"
    NONE = "none"


class OutcomeKind(StrEnum):
    """What an answer means; see ``model/outcome.py``. ``delivered`` forgives an answer that looks like an error."""

    DELIVERED = "delivered"
    RETRY = "retry"
    THROTTLED = "throttled"
    REFRESH = "refresh"
    REJECTED = "rejected"
    GONE = "gone"
    UNKNOWN = "unknown"


class Identity(Word, frozen=True, kw_only=True):
    """Who the vendor is."""

    name: str
    """The connector's name: its folder and its word on the command line."""
    title: str
    version: str
    """Version of the connector."""
    docs: str
    """Address of the vendor's own documentation."""
    categories: tuple[str, ...]
    maturity: str = "stable"
    """stable, beta or alpha."""
    api_version: str = ""
    """The vendor's API version that is spoken."""


class AuthFacts(Word, frozen=True, kw_only=True):
    """How the vendor knows us."""

    kinds: tuple[AuthKind, ...]
    scopes: tuple[str, ...] = ()
    """Permissions a person must give, in the vendor's words."""
    renewable: bool = False
    """Whether a refused credential can be renewed without a person (OAuth2 refresh)."""
    oauth2: OAuth2Facts | None = None
    """Addresses and habits of the vendor's OAuth 2.0, where it has one."""


class Hosts(Word, frozen=True, kw_only=True):
    """Where requests may go: the allow-list (``*.example.com`` takes one or more labels), or what a person typed."""

    allow: tuple[str, ...] = ()
    user_given: bool = False


class FormField(Word, frozen=True, kw_only=True):
    """One question of the connection form."""

    name: str
    label: str
    kind: FieldKind
    required: bool = True
    help: str = ""
    default: str | bool | None = None
    choices: tuple[str, ...] = ()
    later: bool = False
    """It may be changed after the connection is made, too; the account is prepared again then."""
    generated: bool = False
    """A secret we make ourselves when it is left empty."""


class Stream(Word, frozen=True, kw_only=True):
    """A kind of entity that can be read."""

    name: str
    entity: str
    """Our word for it (order, customer, product …), or the vendor's where we have none."""
    path: str
    cursor: CursorKind
    volatile: tuple[str, ...] = ()
    """Keys that change without meaning; left out of the digest. ``line_items.*.image`` is a key of every member."""
    interval_s: float | None = None
    """Time between two pulls while webhooks work; unset: the hub's own (``pull_interval_s``)."""
    unrung_s: float | None = None
    """The same while they do not; unset: ``interval_s``, or the hub's own (``pull_only_interval_s``)."""
    bulk: bool = True
    """False: too dear for a backfill of everything; it is part of one that names it."""
    parent: str | None = None
    """Stream of the entity it belongs to."""
    lag_s: float = 0.0
    """What is read may be so much older than the moment it was read at (search shows writes late)."""
    optional: bool = False
    """Read only where the connection switches it on (``streams.<name>.enabled``): most accounts are only written to."""
    record_url: str = ""  # its page for people, as in the manifest's record_urls


class Action(Word, frozen=True, kw_only=True):
    """A kind of write."""

    name: str
    kind: ActionKind
    entities: tuple[str, ...] = ()
    """Source streams or entities it takes; ``*`` takes all."""
    stream: str = ""
    """The stream of wishes it carries out: such an action has a route from the connection to itself, and takes no
    other source's entities."""
    by_hand: bool = False
    """A person adds its route: connecting makes none."""
    by_hub: bool = False
    """The hub itself carries it out (an invoice is made of a deal): the connector plans nothing for it."""
    objects: tuple[str, ...] = ()
    """The vendor's objects it writes, in order."""
    batch: int = 1
    """Most writes in one vendor call."""
    safe_to_repeat: bool = True
    """Whether the same write twice has one effect (upsert by a unique key, an id the receiver dedupes by)."""


class Paging(Word, frozen=True, kw_only=True):
    """How lists are read."""

    kind: PagingKind
    size: int
    """Items per page we ask for."""
    size_param: str = ""
    param: str = ""
    """Query parameter of the page, offset or cursor."""


class Webhooks(Word, frozen=True, kw_only=True):
    """What the vendor sends to us."""

    topics: tuple[str, ...]
    signature: str
    """The signature's construction, in one line."""
    ordered: bool = False
    retried: bool = True
    """Whether a failed delivery is sent again."""
    per_app: bool = False
    """One address for all accounts of an app (``/webhooks/<connector>/app/<app id>``); a person enters it there."""


class ErrorRule(Word, frozen=True, kw_only=True):
    """One row of the table from answers to outcomes; the first that fits decides.

    Every condition that is given must hold: ``status`` (a number, or a class such as ``5xx``), ``code`` (the vendor's
    own), ``pattern`` (a regular expression searched in the vendor's message). A rule without ``status`` also sees 2xx:
    so errors inside a 200 are named.
    """

    outcome: OutcomeKind
    status: int | str | None = None
    code: str | None = None
    pattern: str | None = None
    message: str = ""
    """For people: what is wrong and what to do."""
    after_s: float | None = None
    """How long to wait when the vendor does not say."""


class Manifest(Word, frozen=True, kw_only=True):
    """All facts of one vendor."""

    identity: Identity
    auth: AuthFacts
    hosts: Hosts
    form: tuple[FormField, ...]
    limits: Limits
    quality: dict[str, str]
    """Rule of the contract suite -> ``done``, ``exempt: <vendor fact>`` or ``todo``."""
    streams: tuple[Stream, ...] = ()
    actions: tuple[Action, ...] = ()
    paging: Paging | None = None
    webhooks: Webhooks | None = None
    errors: tuple[ErrorRule, ...] = ()
    record_urls: dict[str, str] = msgspec.field(default_factory=dict)
    """Object -> address of one record for people, with ``{id}`` and the account's facts; an address stands first."""
    pages: dict[str, str] = msgspec.field(default_factory=dict)
    """What a page of the account is called -> its address, made like those of records."""

    @property
    def name(self) -> str:
        """The connector's name."""
        return self.identity.name

    def stream(self, name: str) -> Stream:
        """Return a stream by name. Raises ``KeyError``."""
        return _named(self.streams, name, f"{self.name} has no stream {name!r}")

    def action(self, name: str) -> Action:
        """Return an action by name. Raises ``KeyError``."""
        return _named(self.actions, name, f"{self.name} has no action {name!r}")

    @property
    def by_hub(self) -> frozenset[str]:
        """Names of the actions that the hub itself carries out."""
        return frozenset(one.name for one in self.actions if one.by_hub)

    @property
    def secrets(self) -> frozenset[str]:
        """Names of the form's secret fields."""
        return frozenset(f.name for f in self.form if f.kind is FieldKind.SECRET)


def _named(items: tuple[T, ...], name: str, problem: str) -> T:
    if (found := next((item for item in items if getattr(item, "name", None) == name), None)) is None:
        raise KeyError(problem)
    return found


def beside(module_file: str) -> Manifest:
    """Load the ``manifest.toml`` in the folder of a module (``beside(__file__)``)."""
    return load(Path(module_file).with_name("manifest.toml"))


def load(path: Path) -> Manifest:
    """Read and check a manifest file. Raises :class:`ManifestError`."""
    shown = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as problem:
        raise ManifestError(shown, "file", f"cannot be read ({problem.strerror})") from None
    return parse(text, shown)


def parse(text: str, file: str = "manifest.toml") -> Manifest:
    """Read and check a manifest's text. Raises :class:`ManifestError`."""
    try:
        raw: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ManifestError(file, "file", f"is not TOML: {problem}") from None
    try:
        manifest = msgspec.convert(raw, Manifest)
    except msgspec.ValidationError as problem:
        rule, field = _split(str(problem))
        raise ManifestError(file, field, rule) from None
    for field, rule in _broken(manifest):
        raise ManifestError(file, field, rule)
    return manifest


def _split(problem: str) -> tuple[str, str]:
    """Part msgspec's ``<rule> - at `$.limits.batch``` into (rule, field)."""
    rule, _, place = problem.partition(" - at ")
    field = place.strip("`").removeprefix("$").removeprefix(".")
    named = re.search(r"field `([^`]+)`", rule)
    if named:
        field = f"{field}.{named[1]}" if field else named[1]
    return rule, field or "file"


_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_STATUS = re.compile(r"[1-5]xx\Z")
_QUALITY = re.compile(r"done\Z|todo\Z|exempt: \S.{9,}", re.DOTALL)


def _broken(manifest: Manifest) -> list[tuple[str, str]]:
    """Return (field, rule) of what types alone cannot say."""
    found = [*_identity(manifest), *_shape(manifest)]
    for i, rule in enumerate(manifest.errors):
        found += [(f"errors[{i}].{name}", text) for name, text in _error_rule(rule)]
    want = 'expected "done", "todo" or "exempt: <vendor fact>" of 10 letters or more'
    return found + [(f"quality.{name}", want) for name, said in manifest.quality.items() if not _QUALITY.match(said)]


def _identity(manifest: Manifest) -> list[tuple[str, str]]:
    found = []
    if not _NAME.match(manifest.identity.name):
        found.append(("identity.name", "expected lower-case letters, digits and _"))
    if manifest.identity.maturity not in ("stable", "beta", "alpha"):
        found.append(("identity.maturity", "expected stable, beta or alpha"))
    if not manifest.auth.kinds:
        found.append(("auth.kinds", "expected at least one kind"))
    if (AuthKind.OAUTH2 in manifest.auth.kinds) != (manifest.auth.oauth2 is not None):
        found.append(("auth.oauth2", 'expected for the kind "oauth2", and only there'))
    if manifest.auth.oauth2 is not None:
        form = {f.name for f in manifest.form if f.kind is FieldKind.URL}
        found += [(f"auth.oauth2.{at}", rule) for at, rule in broken_facts(manifest.auth.oauth2, manifest.hosts, form)]
    if bool(manifest.hosts.allow) == manifest.hosts.user_given:
        found.append(("hosts", "expected either allow or user_given = true"))
    found += [
        (f"hosts.allow[{i}]", "expected a host name without scheme, port or path")
        for i, host in enumerate(manifest.hosts.allow)
        if not re.fullmatch(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+", host)
    ]
    return found


def _shape(manifest: Manifest) -> list[tuple[str, str]]:
    found = []
    for part in ("form", "streams", "actions"):
        names = [item.name for item in getattr(manifest, part)]
        found += [(f"{part}[{i}].name", f"{n!r} is there twice") for i, n in enumerate(names) if n in names[:i]]
    for i, field in enumerate(manifest.form):
        if (field.kind is FieldKind.CHOICE) != bool(field.choices):
            found.append((f"form[{i}].choices", "expected for a choice, and only there"))
        elif field.choices and field.default is not None and field.default not in field.choices:
            found.append((f"form[{i}].default", "expected one of choices"))
    known = {s.name for s in manifest.streams}
    for i, stream in enumerate(manifest.streams):
        if stream.parent is not None and stream.parent not in known:
            found.append((f"streams[{i}].parent", f"there is no stream {stream.parent!r}"))
    for i, action in enumerate(manifest.actions):
        if bool(action.stream) == bool(action.entities):
            found.append((f"actions[{i}]", "expected either entities or a stream of wishes"))
    positive = ("requests", "per_s", "concurrency", "batch", "timeout_s")
    return found + [(f"limits.{n}", "expected more than 0") for n in positive if getattr(manifest.limits, n) <= 0]


def _error_rule(rule: ErrorRule) -> list[tuple[str, str]]:
    found = []
    if rule.status is None and rule.code is None and rule.pattern is None:
        found.append(("status", "expected at least one of status, code, pattern"))
    if isinstance(rule.status, str) and not _STATUS.match(rule.status):
        found.append(("status", "expected a number or a class such as 5xx"))
    if rule.pattern is not None:
        try:
            re.compile(rule.pattern)
        except re.error as problem:
            found.append(("pattern", f"is no regular expression: {problem}"))
    return found
