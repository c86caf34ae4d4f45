"""What a page is: an address, who may open it, and the function that answers. Rooms collect them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from crossdock.govern.access import Role

if TYPE_CHECKING:
    from crossdock.web.desk import Desk

Answer = Callable[["Desk"], Awaitable[Response]]


class Reach(StrEnum):
    """Whom a page is for."""

    OPEN = "open"
    """Anyone; nobody is logged in, or it does not matter."""
    OWN = "own"
    """Whoever is logged in, at no tenant."""
    TENANT = "tenant"
    """People of a tenant, below ``/t/{slug}``, from a role on."""


class Page(msgspec.Struct, frozen=True):
    """One page (GET) or action (POST)."""

    path: str
    reach: Reach
    role: Role | None
    """The least role; of pages of a tenant only."""
    acts: bool
    """Whether it is a POST that changes something."""
    answer: Answer
    most_bytes: int = 1_000_000
    """The largest form that an action takes."""

    @property
    def route(self) -> str:
        """Its address as the router knows it."""
        return f"/t/{{slug}}{'' if self.path == '/' else self.path}" if self.reach is Reach.TENANT else self.path


class Room:
    """The pages of one file."""

    def __init__(self) -> None:
        self.pages: list[Page] = []

    def page(self, path: str, *, role: Role = Role.VIEWER) -> Callable[[Answer], Answer]:
        """Answer GET at a path of the tenant's."""
        return self._add(path, Reach.TENANT, role, acts=False)

    def action(
        self, path: str, *, role: Role = Role.OPERATOR, most_bytes: int = 1_000_000
    ) -> Callable[[Answer], Answer]:
        """Answer POST at a path of the tenant's; form and CSRF token are checked before."""
        return self._add(path, Reach.TENANT, role, acts=True, most_bytes=most_bytes)

    def own(self, path: str, *, acts: bool = False) -> Callable[[Answer], Answer]:
        """Answer whoever is logged in, at no tenant."""
        return self._add(path, Reach.OWN, None, acts=acts)

    def open(self, path: str, *, acts: bool = False) -> Callable[[Answer], Answer]:
        """Answer anyone."""
        return self._add(path, Reach.OPEN, None, acts=acts)

    def _add(
        self, path: str, reach: Reach, role: Role | None, *, acts: bool, most_bytes: int = 1_000_000
    ) -> Callable[[Answer], Answer]:
        def keep(answer: Answer) -> Answer:
            self.pages.append(Page(path, reach, role, acts, answer, most_bytes))
            return answer

        return keep
