"""Plans: read the events, look up what their plans need, map, plan."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson
import structlog

from crossdock.connect.connector import Connector, Context, Destination, Learner, Needs, PlanRefused
from crossdock.errors import Trouble
from crossdock.flow.canonical import Canonical
from crossdock.flow.deliver.bought import purchases
from crossdock.flow.deliver.ports import Directory, Mappings, Opener
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.model.mapping import Mapped, kept_by
from crossdock.model.observation import Presence
from crossdock.model.outcome import Rejected, Retry
from crossdock.model.plan import with_blanks
from crossdock.model.route import Route
from crossdock.store.absence import overload_of
from crossdock.store.queries import load

log = structlog.get_logger("crossdock.deliver")
SQL = load(Path(__file__).with_name("queue.sql"))


class Subject(msgspec.Struct):
    """What one plan is about, while it is being prepared."""

    key: Any
    """Whatever the caller knows it by."""
    tenant_id: uuid.UUID
    route: Route
    source: Connection
    event: Any
    entity: Any = None
    needs: Needs = Needs()
    mapped: Mapped = Mapped({})
    mapping_version: int | None = None
    """Another version of the mapping than the route's."""
    published: bytes = b""
    """The event as the hub publishes it; only messages carry it."""


class Planned(msgspec.Struct):
    """A subject's plan, or why there is none."""

    subject: Subject
    main_key: str
    plan: Any = None
    refused: Rejected | None = None
    later: Retry | None = None
    """Why there is none yet: something of ours is out of order."""

    def end(self, outcome: Rejected | Retry) -> None:
        """Note why there is no plan."""
        if isinstance(outcome, Retry):
            self.later = outcome
        else:
            self.refused = outcome

    @property
    def why(self) -> Rejected | None:
        """Return why there is no plan, as people are told."""
        return self.refused if self.later is None else Rejected(self.later.reason, code=self.later.code)


class Planner:
    """Makes the plans of many events at once, with one look-up of each kind."""

    def __init__(self, directory: Directory, mappings: Mappings, vault: Opener) -> None:
        self._directory = directory
        self._mappings = mappings
        self._vault = vault
        self.canonical = Canonical(vault, directory.connector)

    def by(self, mappings: Mappings) -> Planner:
        """Return a planner that applies other mappings: what a draft would do."""
        return Planner(self._directory, mappings, self._vault)

    async def plan(
        self, conn: Any, connection: Connection, destination: Destination, subjects: Sequence[Subject]
    ) -> list[Planned]:
        """Plan what ``connection`` (its ``destination``) is to be told about each subject."""
        connector = self._directory.connector(connection.connector)
        assert connector is not None
        planned = []
        able = []
        for subject in subjects:
            item = Planned(subject, _own_key(subject))
            planned.append(item)
            try:
                await self._read(subject, destination, connector)
                able.append(item)
            except Exception as refused:  # noqa: BLE001 - one entity's trouble is its own
                item.end(refusal(refused))
        answers = await self._look_up(conn, connection, [item.subject for item in able])
        kept = kept_by(connection.config)
        for item, context in zip(able, answers, strict=True):
            if (unreadable := _unreadable(context)) is not None:
                item.end(unreadable)
                continue
            try:
                mapped = item.subject.mapped
                plan = destination.plan(item.subject.route.action, item.subject.entity, mapped, context)
                item.plan = with_blanks(plan, _both(mapped.blanks, kept)) if mapped.blanks or kept else plan
            except Exception as refused:  # noqa: BLE001 - one entity's trouble is its own
                item.end(refusal(refused))
        return planned

    async def _read(self, subject: Subject, destination: Destination, connector: Connector) -> None:
        event = subject.event
        if subject.route.occurrence:
            # a message carries the event as it is published; nothing of it is mapped
            subject.published = self._published(subject)
            return
        subject.entity = self.canonical.read(subject.source, event)
        subject.needs = destination.needs(subject.route.action, subject.entity, subject.source.account_uid)
        if event["presence"] == Presence.DELETED:
            return
        mapper = await self._mappings.of(subject.route, connector, event["stream"], subject.mapping_version)
        subject.mapped = mapper(subject.entity)
        version = subject.mapping_version
        if (subject.route.mapping_version if version is None else version) and isinstance(destination, Learner):
            destination.learn(subject.mapped.targets)

    async def _look_up(self, conn: Any, connection: Connection, subjects: Sequence[Subject]) -> list[Context]:
        # a message is the event as it is: it asks for nothing
        asking = [s for s in subjects if not s.route.occurrence]
        answers = iter(await self._answers(conn, connection, asking) if asking else ())
        return [
            Context(
                store_uid=s.source.account_uid,
                store_name=s.source.name,
                store_url=str(s.source.config.get("url", "")),
                config=connection.config,
                account=connection.account,
                event_type=s.event["type"],
                external_id=s.event["external_id"],
                presence=s.event["presence"],
                body=s.published,
                **({} if s.route.occurrence else next(answers)),
            )
            for s in subjects
        ]

    async def _answers(self, conn: Any, connection: Connection, subjects: Sequence[Subject]) -> list[dict[str, Any]]:
        """Return what each subject's plan needs to know, by the context's names."""
        related = await self._related(conn, subjects)
        speakers = await self._speakers(conn, subjects)
        buyers = sorted({(s.tenant_id, address) for s in subjects for address in s.needs.buyers})
        told = await purchases(conn, buyers, self._vault, self.canonical, self._directory) if buyers else {}
        mothers = [_parents(s) for s in subjects]
        parents = sorted({key for keys in mothers for key in keys})
        children: dict[str, list[tuple[str, str]]] = {}
        if parents:
            for row in await conn.fetch(SQL["children"], connection.id, parents):
                children.setdefault(row["parent_key"], []).append((row["object"], row["key"]))
        return [
            {
                "related": {k: related[s.source.id, *k] for k in s.needs.related if (s.source.id, *k) in related},
                "speakers": {e: speakers[e] for e in s.needs.subjects if e in speakers},
                "children": {key: tuple(children[key]) for key in keys if key in children},
                "bought": {e: told[s.tenant_id, e] for e in s.needs.buyers if (s.tenant_id, e) in told},
            }
            for s, keys in zip(subjects, mothers, strict=True)
        ]

    async def _related(self, conn: Any, subjects: Sequence[Subject]) -> dict[tuple[Any, ...], Any]:
        wanted = sorted({(s.source.id, *pair) for s in subjects for pair in s.needs.related})
        if not wanted:
            return {}
        sources = {s.source.id: s.source for s in subjects}
        found = {}
        for row in await conn.fetch(SQL["related"], *map(list, zip(*wanted, strict=True))):
            source = sources[row["connection_id"]]
            try:
                entity = self.canonical.read(source, row)
            except Exception as refused:  # noqa: BLE001 - trouble of those that need it, not of the whole batch
                entity = refusal(refused)
            found[row["connection_id"], row["stream"], row["external_id"]] = entity
        return found

    async def _speakers(self, conn: Any, subjects: Sequence[Subject]) -> dict[str, tuple[str, str]]:
        hashes = {self._vault.subject(e): e for s in subjects for e in s.needs.subjects}
        if not hashes:
            return {}
        rows = await conn.fetch(SQL["speakers"], subjects[0].tenant_id, list(hashes))
        return {hashes[row["subject"]]: (row["stream"], row["name"]) for row in rows}

    def _published(self, subject: Subject) -> bytes:
        """Return the event as the hub publishes it (JSON)."""
        event = subject.event
        return orjson.dumps(
            {
                "id": show(Prefix.EVENT, event["id"]),
                "type": event["type"],
                "timestamp": event["recorded_at"],
                "source": subject.source.account_uid,
                "stream": event["stream"],
                "external_id": event["external_id"] or None,
                "origin": event["origin"],
                "data": orjson.Fragment(self.canonical.body(event)),
            }
        )


def _both(one: dict[str, frozenset[str]], other: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    return {name: one.get(name, frozenset()) | other.get(name, frozenset()) for name in {*one, *other}}


def _unreadable(context: Context) -> Rejected | Retry | None:
    """Say that a record a plan needs cannot be read."""
    for (stream, external_id), entity in context.related.items():
        if isinstance(entity, Retry):
            return entity
        if isinstance(entity, Rejected):
            told = f"{stream} {external_id}, which it needs, cannot be read: {entity.reason}"
            return Rejected(told, code="related", field=entity.field or stream, rule=entity.rule)
    return None


def refusal(refused: Exception) -> Rejected | Retry:
    """Say why an entity has no plan; a bug is logged, and told without its text, which may hold a person.

    Trouble of ours (a master key that is not given, a body of a newer version, a database that is away) is no fault of
    the entity's: it waits.
    """
    away = overload_of(refused)
    if away is not None:
        return Retry(away.problem, after_s=away.retry_after_s, code=away.code, ours=True)
    if isinstance(refused, Trouble):
        return Retry(refused.problem, code=refused.code, ours=True)
    if isinstance(refused, PlanRefused | ValueError):
        field, rule = getattr(refused, "field", None), getattr(refused, "rule", "")
        return Rejected(str(refused), code="mapping", field=field, rule=rule or ("" if field else str(refused)))
    log.error("planning failed", problem=type(refused).__name__, exc_info=refused)
    name = type(refused).__name__
    return Rejected(f"an unexpected {name} while planning; the log has more", code="planning-bug", rule=name)


def _own_key(subject: Subject) -> str:
    return f"{subject.source.account_uid}:{subject.event['stream']}:{subject.event['external_id']}"


def _parents(subject: Subject) -> list[str]:
    """Return the keys under which parts of it may have been written before."""
    return [_own_key(subject), *(key for _, key in subject.needs.children_of)]
