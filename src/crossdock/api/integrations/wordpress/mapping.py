"""``/mappings``: the doors to :mod:`crossdock.api.integrations.wordpress.site_mappings`."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from crossdock.api.integrations.operation import Caller, Operation, Reply
from crossdock.api.integrations.wordpress.items import parsed
from crossdock.api.integrations.wordpress.site_mappings import SiteMappings, no_route
from crossdock.errors import BadInput, Invalid, VersionConflict
from crossdock.wiring import Hub


def version_of(request: Request) -> int:
    """Read ``If-Match``: the version that acts, as the caller believes. Raises ``BadInput``."""
    given = request.headers.get("if-match", "").strip().strip('"').removeprefix("v")
    if not given.isascii() or not given.isdigit():
        raise BadInput(
            "expected the version that was edited", field="If-Match", remedy="send the version of GET /mappings/{route}"
        )
    return int(given)


_MAPPING: Final = {
    "entity": "customer",
    "action": "contact",
    "objects": [{"object": "contacts", "rules": [{"target": "email", "path": "email", "transforms": ["trim"]}]}],
}
_DESTINATION: Final = {"connection": "con_…", "name": "Sales", "connector": "hubspot", "title": "HubSpot"}
_ONE: Final = {
    "route_id": "rte_…",
    "version": 3,
    "active": True,
    "default": False,
    "note": "",
    "mapping": _MAPPING,
    "destination": _DESTINATION,
    "fields": [{"path": "billing.phone", "label": "", "type": "text", "samples": ["***"]}],
    "site_fields": [{"path": "meta_data.loyalty", "type": "text", "sample": "gold"}],
    "destination_fields": [
        {"object": "contacts", "name": "email", "label": "Email", "type": "text", "required": False, "options": []}
    ],
    "transforms": [{"name": "trim", "title": "takes away blanks at both ends", "arguments": "none", "example": "trim"}],
    "required_missing": [],
}
_ROUTE: Final = {
    "route": "rte_…",
    "source": "shop",
    "destination": _DESTINATION,
    "entity": "customer",
    "action": "contact",
    "version": 3,
    "enabled": True,
    "rules": 12,
}
_MADE: Final = {
    "object": "contacts",
    "name": "email",
    "from": "email",
    "value": "ana@example.com",
    "problem": None,
}
_CONFLICT: Final = VersionConflict(
    "version 4 acts, not 3", expected={"version": 3}, current={"version": 4}, remedy="look at it again"
)
_WRONG: Final = Invalid(
    "contacts.emial: there is no such field",
    [{"field": "contacts.emial", "rule": "there is no such field", "remedy": "did you mean email?"}],
)


def operations(hub: Hub) -> tuple[Operation, ...]:
    """Return the operations."""
    mappings = SiteMappings(hub)
    return (*_reading(mappings), *_changing(mappings))


def _reading(mappings: SiteMappings) -> tuple[Operation, ...]:
    async def listed(caller: Caller, request: Request) -> Reply:
        del request
        return Reply(await mappings.listed(caller))

    async def one(caller: Caller, request: Request) -> Reply:
        chosen = await mappings.chosen(caller, request.path_params["route"])
        return Reply(await mappings.one(caller, chosen))

    async def preview(caller: Caller, request: Request) -> Reply:
        chosen = await mappings.chosen(caller, request.path_params["route"])
        return Reply(await mappings.preview(caller, chosen, parsed(caller.body)))

    return (
        Operation(
            method="GET",
            path="/mappings",
            summary="The mapped routes of the site.",
            does=listed,
            example={"routes": [_ROUTE]},
        ),
        Operation(
            method="GET",
            path="/mappings/{route}",
            summary="A mapping with the fields of both sides and the transforms.",
            does=one,
            example=_ONE,
            refusals=(no_route(),),
        ),
        Operation(
            method="POST",
            path="/mappings/{route}/preview",
            summary="What a mapping (null: the one that acts) makes of a document of the site's.",
            does=preview,
            body_example={"mapping": None, "kind": "customer", "data": {"id": 12, "email": "ana@example.com"}},
            example={"fields": [_MADE]},
            refusals=(no_route(), _WRONG),
        ),
    )


def _changing(mappings: SiteMappings) -> tuple[Operation, ...]:
    async def put(caller: Caller, request: Request) -> Reply:
        expected = version_of(request)
        chosen = await mappings.chosen(caller, request.path_params["route"])
        return Reply(await mappings.put(caller, chosen, parsed(caller.body), expected))

    async def reset(caller: Caller, request: Request) -> Reply:
        chosen = await mappings.chosen(caller, request.path_params["route"])
        return Reply(await mappings.reset(caller, chosen))

    return (
        Operation(
            method="PUT",
            path="/mappings/{route}",
            summary="Keep a mapping as the next version; it acts within a second.",
            does=put,
            headers={"If-Match": "the version that was edited"},
            body_example=_MAPPING,
            example={**_ONE, "version": 4, "problems": []},
            refusals=(no_route(), _CONFLICT, _WRONG),
        ),
        Operation(
            method="POST",
            path="/mappings/{route}/reset",
            summary="Let the connector's own mapping act again.",
            does=reset,
            example={"route_id": "rte_…", "version": 0, "default": True, "mapping": _MAPPING},
            refusals=(no_route(),),
        ),
    )
