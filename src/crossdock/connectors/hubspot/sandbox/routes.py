"""Which path is which door, in every version; and what scopes each needs.

The date versions and the older ones differ in the order of a path's first parts (`/crm/objects/2026-09/...`,
`/crm/v3/objects/...`); both become (api, version, rest) here, then one table serves them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from crossdock.connectors.hubspot.sandbox import batches, linking, objects, portal_doors, searching
from crossdock.connectors.hubspot.sandbox.calls import Answer, Call
from crossdock.connectors.hubspot.sandbox.catalogue import KINDS
from crossdock.connectors.hubspot.sandbox.refusals import Refused
from crossdock.connectors.hubspot.sandbox.settings import DATED

Door = Callable[[Call], Answer]


class Route(NamedTuple):
    """One method of one path pattern. ``rights``: read, write, schema.read, schema.write, link.read, link.write, ..."""

    api: str
    method: str
    pattern: tuple[str, ...]
    rights: str
    door: Door

    def name(self, params: dict[str, str]) -> str:
        """Return how the control door counts it, whatever the version: ``POST objects/deals/search``."""
        parts = [
            KINDS.get(params[part[1:-1]], "?") if part in {"{type}", "{from}", "{to}"} else part
            for part in self.pattern
        ]
        return f"{self.method} {'/'.join((self.api, *parts))}"


def _route(method: str, path: str, rights: str, door: Door) -> Route:
    api, *pattern = path.split("/")
    return Route(api, method, tuple(pattern), rights, door)


_LINK = "objects/{from}/{fromId}/associations"

# more literal patterns stand first: they win over those with a parameter in the same place
_TABLE = [
    _route("POST", "objects/{type}/batch/create", "write", batches.create),
    _route("POST", "objects/{type}/batch/read", "read", batches.read),
    _route("POST", "objects/{type}/batch/update", "write", batches.update),
    _route("POST", "objects/{type}/batch/upsert", "write", batches.upsert),
    _route("POST", "objects/{type}/batch/archive", "write", batches.archive),
    _route("POST", "objects/{type}/search", "read", searching.search),
    _route("POST", "objects/{type}/merge", "write", objects.merge),
    _route("POST", "objects/{type}/gdpr-delete", "write", objects.gdpr_delete),
    _route("GET", "objects/{type}", "read", objects.listed),
    _route("POST", "objects/{type}", "write", objects.create),
    _route("GET", "objects/{type}/{id}", "read", objects.read),
    _route("PATCH", "objects/{type}/{id}", "write", objects.update),
    _route("DELETE", "objects/{type}/{id}", "write", objects.archive),
    _route("PUT", f"{_LINK}/default/{{to}}/{{toId}}", "link.write", linking.put_default),
    _route("PUT", f"{_LINK}/{{to}}/{{toId}}", "link.write", linking.put),
    _route("DELETE", f"{_LINK}/{{to}}/{{toId}}", "link.write", linking.delete),
    _route("GET", f"{_LINK}/{{to}}", "link.read", linking.listed),
    _route("POST", "associations/{from}/{to}/batch/associate/default", "link.write", linking.batch_default),
    _route("POST", "associations/{from}/{to}/batch/labels/archive", "link.write", linking.batch_archive_labels),
    _route("POST", "associations/{from}/{to}/batch/create", "link.write", linking.batch_create),
    _route("POST", "associations/{from}/{to}/batch/read", "link.read", linking.batch_read),
    _route("POST", "associations/{from}/{to}/batch/archive", "link.write", linking.batch_archive),
    _route("GET", "associations/{from}/{to}/labels", "link.read", linking.labels),
    _route("POST", "associations/{from}/{to}/labels", "link.write", linking.create_label),
    _route("GET", "associations/{from}/{to}/types", "link.read", linking.types),
    _route("POST", "properties/{type}/batch/create", "schema.write", portal_doors.create_properties),
    _route("POST", "properties/{type}/batch/read", "schema.read", portal_doors.read_properties),
    _route("POST", "properties/{type}/batch/archive", "schema.write", portal_doors.archive_properties),
    _route("GET", "properties/{type}/groups", "schema.read", portal_doors.groups),
    _route("POST", "properties/{type}/groups", "schema.write", portal_doors.create_group),
    _route("GET", "properties/{type}/groups/{name}", "schema.read", portal_doors.one_group),
    _route("GET", "properties/{type}", "schema.read", portal_doors.properties),
    _route("POST", "properties/{type}", "schema.write", portal_doors.create_property),
    _route("GET", "properties/{type}/{name}", "schema.read", portal_doors.one_property),
    _route("PATCH", "properties/{type}/{name}", "schema.write", portal_doors.update_property),
    _route("DELETE", "properties/{type}/{name}", "schema.write", portal_doors.archive_property),
    _route("GET", "pipelines/{type}", "schema.read", portal_doors.pipelines),
    _route("POST", "pipelines/{type}", "schema.write", portal_doors.create_pipeline),
    _route("GET", "pipelines/{type}/{pipelineId}", "schema.read", portal_doors.one_pipeline),
    _route("DELETE", "pipelines/{type}/{pipelineId}", "schema.write", portal_doors.delete_pipeline),
    _route("GET", "pipelines/{type}/{pipelineId}/stages", "schema.read", portal_doors.stages),
    _route("POST", "pipelines/{type}/{pipelineId}/stages", "schema.write", portal_doors.create_stage),
    _route("GET", "pipelines/{type}/{pipelineId}/stages/{stageId}", "schema.read", portal_doors.one_stage),
    _route("DELETE", "pipelines/{type}/{pipelineId}/stages/{stageId}", "schema.write", portal_doors.delete_stage),
    _route("GET", "owners", "owners", portal_doors.owners),
    _route("GET", "owners/{ownerId}", "owners", portal_doors.one_owner),
    _route("GET", "account/details", "open", portal_doors.details),
    _route("GET", "limits/records", "open", portal_doors.record_limits),
]

USAGE = Route("account", "GET", ("api-usage", "daily", "private-apps"), "open", portal_doors.details)
"""Answered by the application, which holds the budget."""

Routes = dict[tuple[str, int], list[Route]]


def _index() -> Routes:
    index: Routes = {}
    for route in [*_TABLE, USAGE]:
        index.setdefault((route.api, len(route.pattern)), []).append(route)
    return index


_INDEX = _index()


def resolve(method: str, path: str) -> tuple[Route, str, dict[str, str]]:
    """Return the door, the version and the path's parameters; 404 for no such path, 405 for its wrong method."""
    api, version, rest = _family(path.strip("/").split("/"))
    allowed: list[Route] = []
    for route in _INDEX.get((api, len(rest)), ()):
        params = _match(route.pattern, rest)
        if params is None:
            continue
        if allowed and route.pattern != allowed[0].pattern:
            break  # a more literal pattern was met: its parameters' sibling is another resource
        if route.method == method:
            return route, version, params
        allowed.append(route)
    if allowed:
        raise Refused(405, None, "Method Not Allowed", extra={"allow": ", ".join(one.method for one in allowed)})
    raise Refused(404, None, "resource not found")


def scopes(route: Route, params: dict[str, str]) -> list[tuple[str, ...]]:
    """Return the scopes a call needs: one of each group."""
    right = route.rights
    if right == "open":
        return []
    if right == "owners":
        return [("crm.objects.owners.read",)]
    if right.startswith("link."):
        way = right.removeprefix("link.")
        return [_objects(KINDS.get(params[end], ""), way) for end in (("from", "to") if way == "write" else ("from",))]
    kind = KINDS.get(params["type"], "")
    if right.startswith("schema."):
        way = right.removeprefix("schema.")
        # reading a schema is open to those who may read the records; products and lines have the older scope too
        also = _objects(kind, "read") if way == "read" else _commerce(kind)
        return [(f"crm.schemas.{kind}.{way}", *also)] if kind and kind != "notes" else [_objects(kind, way)]
    return [_objects(kind, right)]


def _objects(kind: str, way: str) -> tuple[str, ...]:
    if not kind:
        return ()
    held = "contacts" if kind == "notes" else kind  # notes are read and written with the contacts' scopes
    return (f"crm.objects.{held}.{way}", *_commerce(kind))


def _commerce(kind: str) -> tuple[str, ...]:
    return ("e-commerce",) if kind in {"products", "line_items"} else ()


def _family(parts: list[str]) -> tuple[str, str, list[str]]:
    if parts[0] == "account-info" and len(parts) > 2 and parts[1] in (*DATED, "v3"):
        return "account", parts[1], parts[2:]
    if parts[0] != "crm" or len(parts) < 3:
        return "", "", []
    first, second, rest = parts[1], parts[2], parts[3:]
    if second in DATED and first != "v3":
        return first, second, rest
    if first == "v4" or (first == "associations" and second == "v4"):
        api = second if first == "v4" else first
        linked = api == "associations" or (api == "objects" and "associations" in rest)
        return (api, "v4", rest) if linked else ("", "", [])
    if first == "v3":
        return second, first, rest
    return ("limits", second, rest) if (first, second) == ("limits", "v3") else ("", "", [])


def _match(pattern: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    params = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted[0] == "{":
            params[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return params
