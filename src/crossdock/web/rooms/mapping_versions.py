"""Versions of a mapping: compared, tried, published, rolled back, carried out and in as a file; dry runs."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from crossdock.errors import BadInput, CrossdockError, NotFound
from crossdock.flow.mapping import WayBack, draft_in, exported
from crossdock.flow.mapping.words import Chosen
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix
from crossdock.web.desk import Desk
from crossdock.web.network.terms import canary_of
from crossdock.web.page import Room
from crossdock.web.rooms.mappings import base_of, chosen_of, try_it

ROOM = Room()
_EXAMPLES = 3
_LISTED = 50


def _number(text: str, field: str) -> int:
    if not text.isdigit() or len(text) > 9:
        raise BadInput("this is no version", field=field, remedy="write its number")
    return int(text)


@ROOM.page("/routes/{route_id}/mapping/versions")
async def versions(desk: Desk) -> Response:
    """Show all versions, which acted when, and what differs between two."""
    return desk.show("mappings/versions.html", **await _values(desk, await chosen_of(desk)))


async def _way_back(desk: Desk, chosen: Chosen) -> dict[str, Any]:
    """Return what acts now, and the version before it."""
    back = await desk.hub.mappings.desk.way_back(desk.tenant_id, chosen.route.id)
    return {"chosen": chosen, "base": base_of(desk), "acting": chosen.route.mapping_version, "back": back}


async def _values(desk: Desk, chosen: Chosen) -> dict[str, Any]:
    rooms = desk.hub.mappings.desk
    before_page = _number(desk.query["from"], "from") if desk.query.get("from") else None
    items = await rooms.versions(desk.tenant_id, chosen.route.id, _LISTED, before_page)
    acting = chosen.route.mapping_version
    newest = items[0]["version"] if items else 0
    pair = (desk.query.get("before") or str(acting), desk.query.get("after") or str(newest))
    before, after = (_number(text, name) for text, name in zip(pair, ("before", "after"), strict=True))
    return {
        **await _way_back(desk, chosen),
        "items": items,
        "before": before,
        "after": after,
        "differences": (await rooms.diff(desk.tenant_id, chosen.route.id, before, after))["differences"],
        "history": await rooms.history(desk.tenant_id, chosen.route.id),
        "canary": canary_of(chosen.destination.config),
    }


@ROOM.action("/routes/{route_id}/mapping/publish", role=Role.ADMIN)
async def publish(desk: Desk) -> Response:
    """Let a version act."""
    chosen = await chosen_of(desk)
    number, expected = _number(desk.text("version"), "version"), _number(desk.text("expected"), "expected")
    await desk.hub.mappings.desk.activate(
        desk.tenant_id, chosen.route.id, number, actor=desk.actor, reason=desk.text("reason"), expected=expected
    )
    said = f"Version {number} acts" if number else "The usual mapping acts"
    return desk.go(f"{base_of(desk)}/versions", said=f"{said} from now on, in every process within a second.")


@ROOM.page("/routes/{route_id}/mapping/rollback", role=Role.ADMIN)
async def ask_rollback(desk: Desk) -> Response:
    """Ask how far back, and whether what was written is put back, too."""
    return desk.show("mappings/rollback.html", **await _way_back(desk, await chosen_of(desk)))


@ROOM.action("/routes/{route_id}/mapping/rollback", role=Role.ADMIN)
async def rollback(desk: Desk) -> Response:
    """Let an earlier version act again; where it is asked for, a run puts back what was written."""
    chosen = await chosen_of(desk)
    desk.expect("mappings/rollback.html", **await _way_back(desk, chosen))
    way = WayBack(
        to=_number(desk.text("to"), "to"),
        restore=desk.text("restore") == "on",
        expected=_number(desk.text("expected"), "expected"),
        reason=desk.text("reason"),
    )
    done = await desk.hub.mappings.runs.roll_back(desk.tenant_id, chosen.route.id, way, actor=desk.actor)
    said = f"Version {done['version']} acts again." if done["version"] else "The usual mapping acts again."
    run = done["run"]
    if run is None:
        return desk.go(f"{base_of(desk)}/versions", said=said)
    said += " What was written and nobody has changed since is put back."
    return desk.go(f"{base_of(desk)}/versions", said=said, link=desk.to(f"/runs/{run['id']}"), label="Watch it")


@ROOM.page("/routes/{route_id}/mapping/export")
async def export(desk: Desk) -> Response:
    """Answer a version as a YAML file."""
    chosen = await chosen_of(desk)
    number = _number(desk.query["version"], "version") if desk.query.get("version") else None
    told = await desk.hub.mappings.desk.one(desk.tenant_id, chosen.route.id, number)
    name = f"mapping-{chosen.route.stream}-{chosen.route.action}-{told['version']}.yaml"
    return Response(
        exported(told),
        media_type="application/yaml",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@ROOM.action("/routes/{route_id}/mapping/import", role=Role.ADMIN)
async def take_in(desk: Desk) -> Response:
    """Keep a version out of YAML; it acts when it is published."""
    chosen = await chosen_of(desk)
    text = str(desk.form.get("yaml") or "")
    desk.expect("mappings/versions.html", **await _values(desk, chosen), yaml=text)
    if not text.strip():
        raise BadInput("nothing was pasted", field="yaml", remedy="paste what an export gave")
    draft = draft_in(text.encode())
    made = await desk.hub.mappings.desk.add(desk.tenant_id, chosen.route.id, draft, actor=desk.actor)
    said = f"Version {made['version']} is kept; it acts when you publish it."
    return desk.leave(desk.to(base_of(desk), version=made["version"]), said=said)


# --- dry runs -----------------------------------------------------------------------------------------------------


@ROOM.action("/routes/{route_id}/mapping/try", role=Role.ADMIN)
async def try_version(desk: Desk) -> Response:
    """Try a version on past records; nothing is sent."""
    return await try_it(desk, await chosen_of(desk), _number(desk.text("version"), "version"))


@ROOM.page("/routes/{route_id}/mapping/trials/{run_id}")
async def trial(desk: Desk) -> Response:
    """Show a dry run: how far it is, then what would change, field by field."""
    chosen = await chosen_of(desk)
    run = await desk.hub.runs.one(desk.tenant_id, desk.id(Prefix.RUN, "run_id"))
    if run is None or run["asked"].get("route_id") != desk.request.path_params["route_id"]:
        raise NotFound("there is no such dry run of this mapping", remedy="look at the mapping's versions")
    report = run.get("result") or {}
    told = _told(report) if run["state"] in ("done", "partial") and report else None
    if "format" in desk.query and told is not None:
        columns = ("external_id", "object", "record", "field", "before", "after", "effect", "changed_there")
        return await desk.export("dry-run", columns, report["differences"])
    problem: CrossdockError | None = None
    return desk.show(
        "mappings/trial.html", problem=problem, chosen=chosen, base=base_of(desk), run=run, report=report, told=told
    )


def _told(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report by records and by fields, with examples."""
    written = [one for one in report["differences"] if one["effect"] == "written"]
    changed = len({one["external_id"] for one in written})
    failed, left_out, every = report["refused"], report["nothing"], report["looked_at"]
    fields = []
    for place, count in sorted(report["fields"].items(), key=lambda pair: -pair[1]):
        name, _, field = place.partition(".")
        examples = [one for one in written if (one["object"], one["field"]) == (name, field)][:_EXAMPLES]
        fields.append({"place": place, "count": count, "examples": examples})
    return {
        "every": every,
        "changed": changed,
        "failed": failed,
        "left_out": left_out,
        "same": max(0, every - changed - failed - left_out),
        "fields": fields,
        "conflicts": sorted(report["conflicts"].items(), key=lambda pair: -pair[1]),
        "refusals": report["refusals"],
        "writes": report["writes"],
        "exact": not report["unlisted"],
    }
