"""The mapping editor: the list of routes with their mappings, and one mapping with both schemas and a real record."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from crossdock.errors import BadInput, CrossdockError
from crossdock.flow.mapping import Draft, MappingRefused, MapsNothing, record_named
from crossdock.flow.mapping.words import Chosen
from crossdock.flow.run import Listing, RunKind
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix
from crossdock.model.mapping import Mapping as FieldMapping
from crossdock.model.mapping import Rule
from crossdock.web.desk import Desk
from crossdock.web.network.bench import State, bench
from crossdock.web.network.drafting import (
    Place,
    each_of,
    fields_of,
    reading,
    rule_at,
    rule_of,
    unpacked,
    with_rule,
    without,
)
from crossdock.web.network.terms import canary_of, maps, name_of
from crossdock.web.page import Room
from crossdock.wiring import connector_named

ROOM = Room()
_EDITOR = "mappings/editor.html"
_MOST = 2_000_000
_TRANSFORMS = 40
_KEPT = ("transforms", "owner", "fill_blanks", "when")
"""What a rule keeps when another field is joined to its target."""
_LAST = 100
"""Records of a dry run unless told otherwise."""
_COLUMNS = ("route_id", "route", "action", "version", "canary", "enabled")


@ROOM.page("/mappings")
async def mappings(desk: Desk) -> Response:
    """Show the routes that map, each with the version that acts."""
    rows = []
    named = {row["id"]: row for row in await desk.hub.connections.list(desk.tenant_id)}
    for route in await desk.hub.connections.routes(desk.tenant_id):
        to = named.get(route["destination_id"])
        if to is None or not maps(connector_named(to["connector"]), route):
            continue
        config = (await desk.hub.directory.connection(to["uuid"])).config
        told = {"route_id": route["id"], "route": name_of(route), "version": route["mapping_version"]}
        rows.append({**route, **told, "canary": canary_of(config)})
    if "format" in desk.query:
        return await desk.export("mappings", _COLUMNS, rows)
    templates = await desk.hub.mappings.templates.listed(desk.tenant_id)
    return desk.show("mappings/list.html", rows=rows, templates=templates)


@ROOM.page("/routes/{route_id}/mapping")
async def mapping(desk: Desk) -> Response:
    """Show a mapping with a real record; ``version``: another than the one that acts."""
    try:
        chosen = await chosen_of(desk)
    except MapsNothing:
        return desk.show("mappings/nothing.html", route_id=desk.request.path_params["route_id"])
    base = _version(desk.query.get("version", ""), chosen.route.mapping_version)
    found = await desk.hub.mappings.desk.mapping(chosen, base)
    state = State(
        found.objects,
        base,
        at=desk.query.get("object", ""),
        record=desk.query.get("record", ""),
        people=bool(desk.query.get("people")) and desk.may(Role.OPERATOR),
        find_from=desk.query.get("find_from", ""),
        find_to=desk.query.get("find_to", ""),
    )
    return desk.show(_EDITOR, **await _shown(desk, chosen, state))


async def chosen_of(desk: Desk) -> Chosen:
    """Return the route of the address with its ends. Raises ``NotFound`` or ``MapsNothing``."""
    return await desk.hub.mappings.desk.chosen(desk.tenant_id, desk.id(Prefix.ROUTE, "route_id"))


def base_of(desk: Desk) -> str:
    """Return the path of the pages of a route's mapping."""
    return f"/routes/{desk.request.path_params['route_id']}/mapping"


def _version(text: str, otherwise: int) -> int:
    try:
        return int(text) if text else otherwise
    except ValueError:
        raise BadInput("this is no version", field="version", remedy="write its number") from None


async def _shown(desk: Desk, chosen: Chosen, state: State) -> dict[str, Any]:
    asked = Listing(10, kind=RunKind.MAPPING, connection_id=chosen.destination.id)
    runs = await desk.hub.runs.listed(desk.tenant_id, asked)
    shown = desk.request.path_params["route_id"]
    trial = next((r for r in runs if r["asked"].get("route_id") == shown and r["asked"].get("do") == "dry_run"), None)
    return {
        **await bench(desk, chosen, state),
        "route_id": shown,
        "compared": None,
        "trial": trial,
        "canary": canary_of(chosen.destination.config),
    }


# --- steps --------------------------------------------------------------------------------------------------------


@ROOM.action("/routes/{route_id}/mapping/draft", role=Role.ADMIN, most_bytes=_MOST)
async def step(desk: Desk) -> Response:
    """Take one step of editing; nothing is kept but what the page carries."""
    chosen = await chosen_of(desk)
    do, _, about = desk.text("do").partition(":")
    state = _state(desk)
    try:
        _take_in(desk, chosen, state)
    except BadInput as wrong:
        if do not in ("close", "drop"):
            return desk.show(_EDITOR, status=422, problem=wrong, **await _shown(desk, chosen, state))
    _STEPS.get(do, _look)(desk, chosen, state, about)
    shown, problem = await _shown(desk, chosen, state), None
    if do == "compare":
        shown["compared"], problem = await _compared(desk, chosen, state, shown["record"])
    return desk.show(_EDITOR, problem=problem, **shown)


def _state(desk: Desk) -> State:
    return State(
        unpacked(desk.text("draft")),
        _version(desk.text("base"), 0),
        open=Place.of(desk.text("open")),
        picked=desk.text("picked"),
        at=desk.text("at"),
        record=desk.text("record"),
        people=desk.text("people") == "on" and desk.may(Role.OPERATOR),
        find_from=desk.text("find_from"),
        find_to=desk.text("find_to"),
        note=desk.text("note"),
    )


def _take_in(desk: Desk, chosen: Chosen, state: State) -> None:
    """Take the fields of the open rule into the draft. Raises ``BadInput``; the fields then stay as they are."""
    if state.open is None or not desk.text("kind"):
        return
    names = ("target", "kind", "source", "when_missing", "default", "owner", "when")
    state.fields = {name: desk.text(name) for name in names}
    state.fields |= {
        "object": state.open.object,
        "fill_blanks": desk.text("fill_blanks") == "on",
        "transforms": [
            (desk.text(f"t{i}.name"), str(desk.form.get(f"t{i}.argument") or "")) for i in range(_TRANSFORMS)
            if desk.text(f"t{i}.name")
        ],
    }  # fmt: skip
    if not state.fields["target"] and not state.fields["source"]:
        return
    rule = rule_of(state.fields)
    was = state.open if state.open.target else None
    each = each_of(state.objects, state.open.object, chosen.default.objects)
    state.objects = with_rule(state.objects, state.open.object, rule, was, each=each)
    state.open = Place(state.open.object, rule.target)
    state.fields = None


def _look(_desk: Desk, _chosen: Chosen, _state: State, _about: str) -> None:
    """Show the draft as it is."""


def _open(_desk: Desk, _chosen: Chosen, state: State, about: str) -> None:
    state.open, state.fields = Place.of(about), None
    state.at = state.open.object if state.open else state.at


def _close(_desk: Desk, _chosen: Chosen, state: State, _about: str) -> None:
    state.open, state.fields, state.picked = None, None, ""


def _drop(_desk: Desk, _chosen: Chosen, state: State, about: str) -> None:
    if place := Place.of(about):
        state.objects = without(state.objects, place)
    state.open, state.fields = None, None


def _new(_desk: Desk, _chosen: Chosen, state: State, _about: str) -> None:
    state.open = Place(state.at, "")
    state.fields = fields_of(None, state.open)


def _from(_desk: Desk, chosen: Chosen, state: State, about: str) -> None:
    """Pick a source field: for the open rule, or to join it to the next field that is picked on the right."""
    if state.open is None:
        state.picked = about
    elif state.open.target:
        _join(chosen, state, about, state.open)
    else:
        told = reading(about, each_of(state.objects, state.open.object, chosen.default.objects))
        kind, source = next(iter(told.items()))
        state.fields = {**fields_of(None, state.open), "kind": kind, "source": source}


def _onto(_desk: Desk, chosen: Chosen, state: State, about: str) -> None:
    """Pick a destination field: the rule that writes it opens, or is made of the picked source field."""
    place = Place.of(about)
    if place is None:
        return
    state.at = place.object
    known = rule_at(state.objects, place)
    if state.picked:
        _join(chosen, state, state.picked, place)
    elif known is None:
        state.fields = {**fields_of(None, place)}
    else:
        state.fields = None
    state.open, state.picked = place, ""


def _drag(desk: Desk, chosen: Chosen, state: State, _about: str) -> None:
    """Join what was dragged to where it was dropped."""
    place, path = Place.of(desk.text("dropped_on")), desk.text("dragged")
    if place is not None and path:
        _join(chosen, state, path, place)
        state.open, state.at, state.picked = place, place.object, ""


def _join(chosen: Chosen, state: State, path: str, place: Place) -> None:
    """Let a field be written from another one; the transforms of a rule that is there stay."""
    each = each_of(state.objects, place.object, chosen.default.objects)
    known = rule_at(state.objects, place)
    kept = {name: getattr(known, name) for name in _KEPT} if known else {}
    rule = Rule(place.target, **reading(path, each), **kept)  # type: ignore[arg-type]
    state.objects = with_rule(state.objects, place.object, rule, each=each)
    state.fields = None


def _object(desk: Desk, _chosen: Chosen, state: State, about: str) -> None:
    state.at = about or desk.text("at")


_STEPS = {
    "open": _open,
    "close": _close,
    "drop": _drop,
    "new": _new,
    "from": _from,
    "onto": _onto,
    "drag": _drag,
    "object": _object,
}


async def _compared(
    desk: Desk, chosen: Chosen, state: State, record: str
) -> tuple[dict[str, Any] | None, CrossdockError | None]:
    """Compare what the draft makes of the record with what the destination holds now."""
    drafted = FieldMapping(chosen.route.stream, chosen.route.action, state.objects)
    if not record:
        return None, BadInput("there is no record to look at", field="record", remedy="pull the source first")
    named = record_named(record)
    try:
        return await desk.hub.mappings.trials.preview(chosen, drafted, named, people=state.people), None
    except CrossdockError as told:
        return None, told


# --- keeping ------------------------------------------------------------------------------------------------------


@ROOM.action("/routes/{route_id}/mapping/keep", role=Role.ADMIN, most_bytes=_MOST)
async def keep(desk: Desk) -> Response:
    """Keep the draft as the next version: alone, tried on past records, or acting at once."""
    chosen = await chosen_of(desk)
    state = _state(desk)
    how = desk.text("do")
    try:
        _take_in(desk, chosen, state)
        draft = Draft(objects=state.objects, note=state.note)
        made = await desk.hub.mappings.desk.add(
            desk.tenant_id, chosen.route.id, draft, actor=desk.actor, activate=how == "publish"
        )
    except (MappingRefused, BadInput) as wrong:
        return desk.show(_EDITOR, status=422, problem=wrong, **await _shown(desk, chosen, state))
    number = made["version"]
    if how == "publish":
        return desk.go(base_of(desk), said=f"Version {number} acts from now on, in every process within a second.")
    if how == "try":
        return await try_it(desk, chosen, number)
    acts = chosen.route.mapping_version
    who = f"version {acts}" if acts else "the usual mapping"
    return desk.leave(desk.to(base_of(desk), version=number), said=f"Version {number} is kept; {who} still acts.")


async def try_it(desk: Desk, chosen: Chosen, version: int) -> Response:
    """Begin a dry run of a version and show it."""
    try:
        last = int(desk.text("last") or _LAST)
    except ValueError:
        raise BadInput("this is no number", field="last", remedy="write 100") from None
    runs = desk.hub.mappings.runs
    run = await runs.dry_run(desk.tenant_id, chosen.route.id, version, last, actor=desk.actor)
    return desk.go(f"{base_of(desk)}/trials/{run['id']}")
