"""Templates: one mapping that several stores share, each with what it has otherwise."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import msgspec
import orjson

from crossdock.errors import BadInput, Conflict, NotFound
from crossdock.flow.map.compose import Override, composed, plain_override
from crossdock.flow.map.differ import written
from crossdock.flow.map.engine import compile_mapping
from crossdock.flow.map.failures import MappingInvalid
from crossdock.flow.map.problems import of_compiling
from crossdock.flow.mapping.words import MAX_DOCUMENT, MAX_NOTE, Chosen, Draft, MappingRefused, document_in, mapping_of
from crossdock.flow.ports import Store
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.mapping import Mapping, ObjectMapping
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("templates.sql"))
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


class NewTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A template as somebody writes it; of one that is there already, its next version."""

    name: str
    connector: str
    entity: str
    action: str
    objects: tuple[ObjectMapping, ...]
    note: str = ""


def template_of(given: Any) -> NewTemplate:
    """Read a template. Raises ``BadInput`` that names the field."""
    try:
        return msgspec.convert(given, NewTemplate)
    except msgspec.ValidationError as wrong:
        rule, _, place = str(wrong).partition(" - at ")
        field = place.strip("`").removeprefix("$").removeprefix(".") or "objects"
        raise BadInput(rule, field=field, remedy="see docs/how-to/map-fields.md") from None


def template_in(text: bytes) -> NewTemplate:
    """Read a template out of YAML or JSON. Raises ``BadInput`` that names the line or the field."""
    return template_of(document_in(text))


class Templates:
    """The templates of tenants."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def listed(self, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        """Return all templates by name."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["templates"], tenant_id)
        return [{**{k: v for k, v in row.items() if k != "id"}, "version": row["version"] or 0} for row in rows]

    async def one(self, tenant_id: uuid.UUID, name: str, version: int | None = None) -> dict[str, Any]:
        """Return a version of a template (None: the newest) and the numbers of all. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            row = await self._found(conn, tenant_id, name)
            told = await self._version(conn, tenant_id, row, version)
            versions = await conn.fetch(SQL["template_versions"], tenant_id, row["id"])
            users = await conn.fetch(SQL["users"], tenant_id, name)
        facts = {key: row[key] for key in ("name", "connector", "entity", "action")}
        return {
            **facts,
            **{key: told[key] for key in ("version", "note", "actor", "created_at")},
            "objects": orjson.loads(told["document"])["objects"],
            "versions": [dict(one) for one in versions],
            "routes": [_user(one) for one in users],
        }

    async def add(self, tenant_id: uuid.UUID, new: NewTemplate, *, actor: str) -> dict[str, Any]:
        """Keep a template, or its next version; the same as the newest is the newest.

        Raises ``BadInput``, :class:`MappingRefused` and ``Conflict`` for a name that is another mapping's.
        """
        _check(new)
        mapping = Mapping(new.entity, new.action, new.objects)
        try:
            compile_mapping(mapping)
        except MappingInvalid as invalid:
            raise MappingRefused([of_compiling(told) for told in invalid.problems]) from None
        told = orjson.dumps(written(mapping), option=orjson.OPT_SORT_KEYS)
        if len(told) > MAX_DOCUMENT:
            raise BadInput(f"a mapping has at most {MAX_DOCUMENT} bytes", field="objects", remedy="split it")
        async with self._store.transaction() as conn:
            facts = (new_id(), tenant_id, new.name, new.connector, new.entity, new.action)
            await conn.execute(SQL["add_template"], *facts)
            row = await conn.fetchrow(SQL["lock_template"], tenant_id, new.name)
            if (row["connector"], row["entity"], row["action"]) != (new.connector, new.entity, new.action):
                stands = f"{row['connector']} {row['entity']} {row['action']}"
                raise Conflict(f"the template {new.name} is for {stands}", remedy="choose another name")
            last = await conn.fetchrow(SQL["template_version"], tenant_id, row["id"], None)
            if last is None or orjson.dumps(orjson.loads(last["document"]), option=orjson.OPT_SORT_KEYS) != told:
                number = last["version"] + 1 if last is not None else 1
                made = (row["id"], number, tenant_id, told.decode(), new.note, actor)
                await conn.execute(SQL["add_template_version"], *made)
                await audit(conn, tenant_id, actor, "mapping_template.add", new.name, {"version": number})
        return await self.one(tenant_id, new.name)

    async def laid(self, chosen: Chosen, draft: Draft) -> tuple[Mapping, dict[str, Any]]:
        """Return a draft's mapping out of its template, and what it is made of. Raises ``BadInput``, ``NotFound``."""
        tenant_id, name = chosen.route.tenant_id, draft.template or ""
        async with self._store.engine() as conn:
            row = await self._found(conn, tenant_id, name)
            told = await self._version(conn, tenant_id, row, draft.template_version)
        fits = (chosen.destination.connector, chosen.route.stream, chosen.route.action)
        if (row["connector"], row["entity"], row["action"]) != fits:
            raise BadInput(
                f"the template {name} is for {row['connector']} {row['entity']} {row['action']}",
                field="template",
                remedy=f"the route is {' '.join(fits)}",
            )
        template = msgspec.convert(orjson.loads(told["document"]), Mapping)
        try:
            mapping = composed(template, draft.overrides)
        except ValueError as wrong:
            field, _, rule = str(wrong).partition(": ")
            raise BadInput(rule, field=field, remedy="look at the template") from None
        overrides = [plain_override(one) for one in draft.overrides]
        made_of = {"template": name, "version": told["version"], "overrides": overrides}
        return mapping_of(chosen, mapping.objects, draft), made_of

    async def users(self, tenant_id: uuid.UUID, name: str) -> list[tuple[uuid.UUID, tuple[Override, ...]]]:
        """Return the routes whose acting mapping is made of a template, with their overrides."""
        async with self._store.engine() as conn:
            await self._found(conn, tenant_id, name)
            rows = await conn.fetch(SQL["users"], tenant_id, name)
        return [
            (row["id"], msgspec.convert(orjson.loads(row["made_of"])["overrides"], tuple[Override, ...]))
            for row in rows
        ]

    async def _found(self, conn: Any, tenant_id: uuid.UUID, name: str) -> Any:
        row = await conn.fetchrow(SQL["template"], tenant_id, name)
        if row is None:
            raise NotFound("there is no such template", field="template", remedy="GET /api/v1/mapping-templates")
        return row

    async def _version(self, conn: Any, tenant_id: uuid.UUID, row: Any, version: int | None) -> Any:
        told = await conn.fetchrow(SQL["template_version"], tenant_id, row["id"], version)
        if told is None:
            raise NotFound("the template has no such version", field="template_version", remedy="look at the template")
        return told


def _check(new: NewTemplate) -> None:
    if not _NAME.fullmatch(new.name):
        raise BadInput("lower-case letters, digits, - and _", field="name", remedy="write it as orders-to-deals")
    if len(new.note) > MAX_NOTE:
        raise BadInput(f"at most {MAX_NOTE} characters", field="note", remedy="write it shorter")


def _user(row: Any) -> dict[str, Any]:
    return {
        "route_id": show(Prefix.ROUTE, row["id"]),
        "mapping_version": row["mapping_version"],
        "template_version": orjson.loads(row["made_of"])["version"],
    }
