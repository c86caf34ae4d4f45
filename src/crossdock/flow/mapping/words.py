"""The words of this room: what is asked for and what is answered."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping as Facts
from typing import Any, Protocol

import msgspec

from crossdock.connect.connector import Connector, Destination
from crossdock.errors import BadInput, NotFound
from crossdock.flow.map.compose import Override
from crossdock.flow.map.problems import Problem, Weight
from crossdock.kit.ids import Prefix, parse
from crossdock.kit.yaml_text import YamlError, dump, load
from crossdock.model.connection import Connection
from crossdock.model.mapping import Mapping, ObjectMapping
from crossdock.model.route import Route
from crossdock.model.sensitivity import Sensitivity

MAX_DOCUMENT = 512_000
"""Bytes of a mapping as JSON or YAML."""
MAX_NOTE = 500


class Directory(Protocol):
    """Who is who."""

    async def connection(self, connection_id: uuid.UUID) -> Connection:
        """Return a connection. Raises ``NotFound``."""
        ...

    def connector(self, name: str) -> Connector | None:
        """Return a connector; None for one that is not installed."""
        ...

    async def destination(self, connection_id: uuid.UUID) -> Destination:
        """Return the writing half of a connection, its secrets unsealed."""
        ...

    async def withheld(self, connection_id: uuid.UUID, destination: Destination) -> str:
        """Return why nothing may be sent by this destination any more; empty while it may."""
        ...


class MappingRefused(BadInput):
    """A mapping that is not kept; ``problems`` names each field."""

    code = "mapping-invalid"
    title = "The mapping is not valid"

    def __init__(self, problems: list[Problem]) -> None:
        wrong = [one for one in problems if one.weight is Weight.ERROR]
        first = wrong[0]
        named = ".".join(part for part in (first.object, first.target) if part)
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        super().__init__(f"{first.problem}{more}", field=named or "objects", remedy=first.remedy)
        self.problems = problems

    def as_problem(self) -> dict[str, Any]:
        """Return the problem+json document with ``problems``."""
        return {**super().as_problem(), "problems": msgspec.to_builtins(self.problems)}


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping as somebody writes it: whole, or a template with what this store has otherwise."""

    objects: tuple[ObjectMapping, ...] | None = None
    template: str | None = None
    template_version: int | None = None
    """None: the newest."""
    overrides: tuple[Override, ...] = ()
    entity: str | None = None
    """Where it is given it has to be the route's."""
    action: str | None = None
    note: str = ""


class Chosen(msgspec.Struct, frozen=True):
    """A route and whom it joins."""

    route: Route
    source: Connection
    destination: Connection
    connector: Connector
    default: Mapping
    """The connector's own mapping; without objects where it has none."""


def draft_of(given: Any) -> Draft:
    """Read a draft. Raises ``BadInput`` that names the field."""
    try:
        draft = msgspec.convert(given, Draft)
    except msgspec.ValidationError as wrong:
        rule, _, place = str(wrong).partition(" - at ")
        field = place.strip("`").removeprefix("$").removeprefix(".")
        raise BadInput(rule, field=field or "body", remedy="see docs/how-to/map-fields.md") from None
    if (draft.objects is None) == (draft.template is None):
        raise BadInput("give either objects or a template", field="objects", remedy="see docs/how-to/map-fields.md")
    if draft.overrides and draft.template is None:
        raise BadInput("they are laid over a template", field="overrides", remedy="name the template, or give objects")
    if len(draft.note) > MAX_NOTE:
        raise BadInput(f"at most {MAX_NOTE} characters", field="note", remedy="write it shorter")
    return draft


def record_named(text: str) -> uuid.UUID | str:
    """Read the hub's id of a record; anything else is the store's own."""
    for prefix in (Prefix.RECORD, Prefix.ORDER, Prefix.CUSTOMER, Prefix.PRODUCT):
        if text.startswith(f"{prefix}_"):
            with contextlib.suppress(ValueError):
                return parse(prefix, text)
    return text


def draft_in(text: bytes) -> Draft:
    """Read a draft out of YAML or JSON. Raises ``BadInput`` that names the line or the field."""
    return draft_of(document_in(text))


def document_in(text: bytes) -> Any:
    """Read YAML or JSON. Raises ``BadInput`` that names the line."""
    if len(text) > MAX_DOCUMENT:
        raise BadInput(f"a mapping has at most {MAX_DOCUMENT} bytes", field="body", remedy="split it")
    try:
        return load(text.decode())
    except YamlError as wrong:
        raise BadInput(wrong.rule, field=f"line {wrong.line}", remedy="see docs/how-to/map-fields.md") from None
    except UnicodeDecodeError:
        raise BadInput("no UTF-8", field="body", remedy="save the file as UTF-8") from None


def exported(told: Facts[str, Any]) -> str:
    """Return a version, as the desk shows it, as YAML that :func:`draft_in` reads as the same."""
    made_of = told["made_of"]
    note = {"note": told["note"]} if told["note"] and not told["default"] else {}
    places = {name: told["mapping"][name] for name in ("entity", "action")}
    if made_of is not None:
        made = {"template": made_of["template"], "template_version": made_of["version"]}
        return dump({**places, **note, **made, "overrides": made_of["overrides"]})
    return dump({**places, **note, "objects": told["mapping"]["objects"]})


def mapping_of(chosen: Chosen, objects: tuple[ObjectMapping, ...], draft: Draft) -> Mapping:
    """Return a draft's mapping for a route. Raises ``BadInput`` where it names another entity or action."""
    for name, own in (("entity", chosen.route.stream), ("action", chosen.route.action)):
        told = getattr(draft, name)
        if told is not None and told != own:
            raise BadInput(f"the route's {name} is {own}", field=name, remedy="leave it out, or choose another route")
    return Mapping(chosen.route.stream, chosen.route.action, objects)


def cleared_for(config: Facts[str, Any]) -> Sensitivity:
    """Return the most private kind of data a connection may hold: people's, unless it is said otherwise."""
    told = config.get("cleared_for")
    return Sensitivity(told) if told in list(Sensitivity) else Sensitivity.PII


def absent(what: str) -> NotFound:
    """Return the error of a version that is not there."""
    return NotFound(f"there is no such {what}", field="version", remedy="list them with: crossdock mappings versions")
