"""Who may do what: the scopes of callers, and the roles of people that stand for sets of them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
    """What a caller may do at one tenant; ``platform`` alone reaches beyond one."""

    EVENTS = "events:write"
    """Tell events of its own."""
    READ = "read"
    """See everything of the tenant."""
    OPERATE = "operate"
    """Run what is set up: check, pull, prove, pause, resume, retry, replay, discard, acknowledge."""
    WRITE = "write"
    """Set up: connections, routes, mappings, links, rules; change what stores and CRMs hold."""
    ADMIN = "admin"
    """Everything of the tenant, with its people, keys and end."""
    PLATFORM = "platform"
    """Make, export and delete tenants, and give each its keys; never a person's."""


_IMPLIED: dict[Scope, frozenset[Scope]] = {
    Scope.EVENTS: frozenset(),
    Scope.READ: frozenset(),
    Scope.OPERATE: frozenset(),
    Scope.WRITE: frozenset({Scope.OPERATE}),
    Scope.ADMIN: frozenset({Scope.EVENTS, Scope.READ, Scope.OPERATE, Scope.WRITE}),
    Scope.PLATFORM: frozenset(),
}


def reach(scopes: Iterable[str]) -> frozenset[str]:
    """Return scopes with all that they imply; ``write`` alone still does not read."""
    given = {Scope(scope) for scope in scopes}
    return frozenset(one.value for scope in given for one in (scope, *_IMPLIED[scope]))


class Role(StrEnum):
    """What a person is at one tenant; each may do what the one before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def scopes(self) -> frozenset[str]:
        """Return what it may do."""
        return _ROLES[self]

    def covers(self, other: Role) -> bool:
        """Whether it may do all that another may."""
        return _ORDER.index(self) >= _ORDER.index(other)


_ORDER = tuple(Role)
_ROLES = {
    Role.VIEWER: reach([Scope.READ]),
    Role.OPERATOR: reach([Scope.READ, Scope.OPERATE]),
    Role.ADMIN: reach([Scope.READ, Scope.WRITE, Scope.EVENTS]),
    Role.OWNER: reach([Scope.ADMIN]),
}
