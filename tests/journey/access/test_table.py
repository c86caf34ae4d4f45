"""Every route of the API, called by nobody, with each scope alone and in each role: as the table says."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.routing import Mount, Route

from crossdock.api.access import Access
from crossdock.api.app import build_app
from crossdock.api.resources import ALL
from crossdock.api.rest import build_rest
from crossdock.govern.access import Role, Scope, reach
from crossdock.wiring import Hub
from tests.journey.access.table import ANY_KEY, ANYBODY, DOORS, TABLE
from tests.journey.doors.street import Answer, Street

_NOWHERE = "zzz-not-there"
"""Fills the places of ids: nothing is there, so whoever is let in changes nothing."""


def routes_of(hub: Hub) -> set[str]:
    """Return every route of the REST application, and of the raw doors under ``/api/v1``."""
    access = Access(hub)
    own = [route for route in build_rest(hub, access).routes if isinstance(route, Route)]
    of_resources = [route for router in ALL for route in router(hub, access).routes]
    assert all(isinstance(route, Route) for route in of_resources), "a kind of route that this test does not know"
    rest = {
        f"{method} {route.path}"
        for route in (*own, *of_resources)
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    return rest | {"POST /events"}


def allows(needed: str, scopes: frozenset[str] | None) -> bool:
    """Whether the table lets a caller with these scopes in; None: without credentials."""
    if needed == ANYBODY or scopes is None:
        return needed == ANYBODY
    return needed == ANY_KEY or not scopes.isdisjoint(needed.split(" or "))


async def keys_of(hub: Hub) -> Mapping[str, tuple[str | None, frozenset[str] | None]]:
    """Return every kind of caller: its key, and the scopes that it reaches."""
    tenant = await hub.tenants.find()
    callers: dict[str, tuple[str | None, frozenset[str] | None]] = {"nobody": (None, None)}
    for scope in Scope:
        callers[f"scope {scope}"] = ((await hub.keys.add(tenant, scope, [scope]))[1], reach([scope]))
    for role in Role:
        given = sorted(role.scopes)
        callers[f"role {role}"] = ((await hub.keys.add(tenant, role, given))[1], role.scopes)
    return callers


def told(answer: Answer) -> str:
    """Return what a door did with a caller: let in, or turned away as unknown or as not allowed."""
    if answer.status == 401:
        return "unknown"
    if answer.status == 403 and answer.json["code"] == "forbidden" and "lacks the scope" in answer.json["detail"]:
        return "refused"
    return "in"


def test_the_table_names_every_route_and_no_other(hub: Hub) -> None:
    assert routes_of(hub) == set(TABLE)


def test_the_doors_beside_the_api_are_all_known(hub: Hub) -> None:
    beside = {
        route.path
        for route in build_app(hub).routes
        if isinstance(route, Route | Mount) and not route.path.startswith(("/api/integrations/", "/api/v1", "/plugin/"))
    }
    assert beside <= set(DOORS)


async def test_each_caller_is_let_in_or_refused_as_the_table_says(hub: Hub, doors: Street) -> None:
    callers, wrong = await keys_of(hub), []
    for line, needed in sorted(TABLE.items()):
        method, path = line.split(" ", 1)
        where = "/api/v1" + re.sub(r"\{\w+\}", _NOWHERE, path)
        for name, (key, scopes) in callers.items():
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            seen = told(await doors.call(method, where, headers=headers))
            expected = "in" if allows(needed, scopes) else "unknown" if key is None else "refused"
            if seen != expected:
                wrong.append(f"{line}: {name} is {seen}, not {expected}")
    assert wrong == []


async def test_a_role_may_all_that_the_one_below_it_may(hub: Hub) -> None:
    lower: set[str] = set()
    for role in Role:
        allowed = {line for line, needed in TABLE.items() if allows(needed, role.scopes)}
        assert lower < allowed, role
        lower = allowed
    assert "platform" not in Role.OWNER.scopes
