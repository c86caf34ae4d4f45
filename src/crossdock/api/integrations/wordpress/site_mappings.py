"""``/mappings``: the hub's mappings of the site's own routes, edited from the site.

The hub maps; the site shows. Only routes whose source is the key's connection are here: what another store of the
tenant has is not known to exist.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping as Facts
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from crossdock.api.integrations.operation import Caller
from crossdock.api.integrations.wordpress.checking import invalid
from crossdock.api.integrations.wordpress.site_paths import in_words, rules_in_words
from crossdock.api.integrations.wordpress.story import Place, named
from crossdock.connect.connector import Connector
from crossdock.errors import BadInput, CrossdockError, NotFound, VersionConflict
from crossdock.flow.map.catalogue import TRANSFORMS
from crossdock.flow.map.engine import compile_mapping
from crossdock.flow.map.failures import MappingFailed, MappingInvalid
from crossdock.flow.map.problems import Problem, of_compiling
from crossdock.flow.mapping import MappingRefused, draft_of
from crossdock.flow.mapping.desk import MappingDesk
from crossdock.flow.mapping.words import Chosen, mapping_of
from crossdock.flow.schema import shown
from crossdock.kit.ids import Prefix, parse, show
from crossdock.model.mapping import Mapping, Rule
from crossdock.store.queries import load
from crossdock.wiring import Hub

SQL = load(Path(__file__).with_name("mapping.sql"))
_DRAFT: Final = ("objects", "template", "template_version", "overrides", "entity", "action", "note")
"""What of a body is a draft; a document as it was answered may be sent back whole."""
_NO_BODY: Final = "send the mapping as it was answered, with objects"


class SiteMappings:
    """What a site may see and change of mappings."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    @property
    def _desk(self) -> MappingDesk:
        return self._hub.mappings.desk

    async def listed(self, caller: Caller) -> dict[str, Any]:
        """Return the mapped routes of the site's connection."""
        home = caller.connection
        async with self._hub.database.engine() as conn:
            rows = await conn.fetch(SQL["routes"], home.tenant_id, home.id)
        found = []
        for row in rows:
            connector = self._hub.directory.connector(row["connector"])
            if connector is None or not _maps(connector.manifest, row["action"]):
                continue
            found.append(
                {
                    "route": show(Prefix.ROUTE, row["id"]),
                    "source": home.name,
                    "destination": _named(row["destination_id"], row["destination"], connector),
                    "entity": row["stream"],
                    "action": row["action"],
                    "version": row["mapping_version"],
                    "enabled": row["enabled"],
                    "rules": int(row["rules"] or 0) if row["mapping_version"] else _own_rules(connector, row),
                }
            )
        return {"routes": found}

    async def chosen(self, caller: Caller, shown_id: str) -> Chosen:
        """Return a route of this site. Raises ``NotFound`` for any other."""
        home = caller.connection
        try:
            route_id = parse(Prefix.ROUTE, shown_id)
            chosen: Chosen = await self._desk.chosen(home.tenant_id, route_id)
        except (ValueError, NotFound, BadInput):
            raise no_route() from None
        if chosen.source.id != home.id:
            raise no_route()
        return chosen

    async def one(self, caller: Caller, chosen: Chosen) -> dict[str, Any]:
        """Return a mapping with all that its screen needs."""
        tenant_id, route = caller.connection.tenant_id, chosen.route
        told = await self._desk.one(tenant_id, route.id)
        schema = (await self._hub.mappings.schemas.of(chosen.destination.id)).schema
        ours = (await self._hub.mappings.schemas.of(chosen.source.id)).schema
        objects = chosen.connector.manifest.action(route.action).objects
        written_as = [one for one in shown(schema, people=False)["destination"] if one["name"] in objects]
        read_as = [one for one in shown(ours, people=False)["source"] if one["name"] == route.stream]
        mapping = await self._desk.mapping(chosen, route.mapping_version)
        found = await self._hub.site_fields.list(tenant_id, chosen.source.id, route.stream)
        return {
            **told,
            "destination": _named(chosen.destination.id, chosen.destination.name, chosen.connector),
            "fields": [_source(field) for one in read_as for field in one["fields"]],
            "site_fields": [{"path": in_words(one.path), "type": one.type, "sample": one.sample} for one in found],
            "destination_fields": [
                _target(one["name"], field) for one in written_as for field in one["fields"] if not field["read_only"]
            ],
            "transforms": [_transform(one) for one in msgspec.to_builtins(TRANSFORMS)],
            "required_missing": required_missing(mapping, written_as),
        }

    async def put(self, caller: Caller, chosen: Chosen, body: Any, expected: int) -> dict[str, Any]:
        """Keep a mapping as the next version and let it act. Raises ``VersionConflict`` and ``Invalid``."""
        route = chosen.route
        if route.mapping_version != expected:
            raise VersionConflict(
                f"version {route.mapping_version} acts, not {expected}",
                expected={"version": expected},
                current={"version": route.mapping_version},
                remedy="look at it again",
            )
        who = show(Prefix.SITE, caller.key.id)
        values = (caller.connection.tenant_id, route.id)
        try:
            made = await self._desk.add(*values, draft_of(rules_in_words(drafted(body), route.stream)), actor=who)
        except MappingRefused as refused:
            raise invalid([_told(one) for one in refused.problems]) from None
        except BadInput as wrong:
            raise invalid([_of(wrong)]) from None
        await self._desk.activate(*values, made["version"], actor=who, reason="edited at the site", expected=expected)
        return {**await self._desk.one(*values), "problems": made["problems"]}

    async def reset(self, caller: Caller, chosen: Chosen) -> dict[str, Any]:
        """Let the connector's own mapping act again."""
        values, who = (caller.connection.tenant_id, chosen.route.id), show(Prefix.SITE, caller.key.id)
        await self._desk.activate(*values, 0, actor=who, reason="reset at the site")
        told: dict[str, Any] = await self._desk.one(*values)
        return told

    async def preview(self, caller: Caller, chosen: Chosen, body: Any) -> dict[str, Any]:
        """Return what a mapping makes of a document of the site's; nothing is kept, nothing is sent."""
        if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
            raise BadInput("expected the document of a record", field="data", remedy="send a real one of the site's")
        if body.get("kind", chosen.route.stream) != chosen.route.stream:
            raise BadInput(f"the route is of {chosen.route.stream}", field="kind", remedy="choose another route")
        mapping = await self._mapping(chosen, body.get("mapping"))
        home = self._hub.tellings.home(caller.connection)
        connector = self._hub.directory.connector(caller.connection.connector)
        try:
            seen = home.observe(chosen.route.stream, body["data"])
            read = connector.read if connector is not None else None
            entity = read(seen, caller.connection.account) if read is not None else seen.document
        except ValueError as wrong:
            raise invalid(
                [{"field": "data", "rule": str(wrong), "remedy": "send it as WooCommerce shows it"}]
            ) from None
        return {"fields": [one for part in mapping.objects for one in _made(mapping, part, entity)]}

    async def _mapping(self, chosen: Chosen, given: Any) -> Mapping:
        if given is None:
            found: Mapping = await self._desk.mapping(chosen, chosen.route.mapping_version)
            return found
        try:
            draft = draft_of(rules_in_words(drafted(given), chosen.route.stream))
            if draft.template is not None:
                return (await self._desk.drafted(chosen, draft))[0]
            return mapping_of(chosen, draft.objects or (), draft)
        except BadInput as wrong:
            raise invalid([_of(wrong)]) from None


def _named(destination_id: uuid.UUID, name: str, connector: Connector) -> dict[str, Any]:
    return named(destination_id, Place(name, connector.manifest.name, connector.manifest.identity.title, {}))


def _made(mapping: Mapping, part: Any, entity: Any) -> list[dict[str, Any]]:
    """Return what each rule of an object makes; a rule that fails fails alone."""
    found = []
    for rule in part.rules:
        alone = msgspec.structs.replace(part, rules=(rule,))
        shown_as = {"object": part.object, "name": rule.target, "from": source_of(rule)}
        try:
            made = compile_mapping(msgspec.structs.replace(mapping, objects=(alone,)))(entity)
            values = [one.get(rule.target) for one in made.objects.get(part.object, ())]
            value = (values[0] if values else None) if part.each is None else values
            found.append({**shown_as, "value": value, "problem": None})
        except MappingInvalid as wrong:
            problem = _told(of_compiling(wrong.problems[0]))
            found.append({**shown_as, "value": None, "problem": problem})
        except MappingFailed as wrong:
            problem = {"field": wrong.field, "rule": str(wrong), "remedy": "correct the rule or the record"}
            found.append({**shown_as, "value": None, "problem": problem})
    return found


def source_of(rule: Rule) -> str:
    """Say where a rule takes its value."""
    return rule.path or rule.expression or rule.template or (f"“{rule.constant}”" if rule.constant is not None else "")


def drafted(body: Any) -> dict[str, Any]:
    """Return the draft of a body: a mapping as it was answered, whole or its ``mapping`` alone."""
    inner = body.get("mapping") if isinstance(body, dict) and isinstance(body.get("mapping"), dict) else body
    if not isinstance(inner, dict):
        raise BadInput("expected a mapping", field="body", remedy=_NO_BODY)
    return {name: inner[name] for name in _DRAFT if inner.get(name) is not None}


def required_missing(mapping: Mapping, objects: Sequence[Facts[str, Any]]) -> list[dict[str, str]]:
    """Return the destination's required fields that no rule fills."""
    filled = {(part.object, rule.target) for part in mapping.objects for rule in part.rules}
    mapped = {part.object for part in mapping.objects}
    return [
        {"object": one["name"], "name": field["name"], "label": field["label"]}
        for one in objects
        if one["name"] in mapped
        for field in one["fields"]
        if field["required"] and not field["read_only"] and (one["name"], field["name"]) not in filled
    ]


def _source(field: Facts[str, Any]) -> dict[str, Any]:
    names = ("label", "description", "type", "custom", "samples", "sensitivity")
    return {"path": field["name"], **{name: field[name] for name in names}}


def _target(object_name: str, field: Facts[str, Any]) -> dict[str, Any]:
    names = ("name", "label", "description", "type", "required", "multiple", "custom")
    options = [one for one in field["options"] if not one["hidden"]]
    return {"object": object_name, **{name: field[name] for name in names}, "options": options}


def _transform(one: Facts[str, Any]) -> dict[str, Any]:
    return {"name": one["name"], "title": one["does"], "arguments": one["argument"], "example": one["example"]}


def _told(one: Problem) -> dict[str, str]:
    field = ".".join(part for part in (one.object, one.target) if part)
    return {"field": field or "objects", "rule": one.problem, "remedy": one.remedy, "weight": str(one.weight)}


def _of(wrong: CrossdockError) -> dict[str, str]:
    return {"field": wrong.field or "body", "rule": wrong.problem, "remedy": wrong.remedy}


def _maps(manifest: Any, action: str) -> bool:
    try:
        facts = manifest.action(action)
    except KeyError:
        return False
    return facts.kind == "state" and not facts.stream and not facts.by_hub


def _own_rules(connector: Connector, row: Any) -> int:
    """Return how many rules the connector's own mapping has."""
    own = [one for one in connector.mappings if (one.entity, one.action) == (row["stream"], row["action"])]
    return sum(len(part.rules) for one in own[:1] for part in one.objects)


def no_route() -> NotFound:
    """Return the refusal of a route that is not this site's."""
    return NotFound("this site has no such route", field="route", remedy="list them with GET /mappings")
