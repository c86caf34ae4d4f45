"""Asking the hub one thing: opened for it, and closed behind it. The hub itself is imported when something is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import uuid

    from crossdock.model.connection import Connection
    from crossdock.wiring import Hub

T = TypeVar("T")


def ask(tenant: str, work: Callable[[Hub, uuid.UUID], Awaitable[T]]) -> T:
    """Open the hub, find the tenant, and do the work. Raises what the work does, ``Trouble`` and ``NotFound``."""
    from crossdock.cli.answers import ACTOR
    from crossdock.cli.opening import run, settings
    from crossdock.store.acting import act_as
    from crossdock.wiring import open_hub

    async def whole() -> T:
        async with open_hub(settings()) as hub:
            act_as(ACTOR)
            return await work(hub, await hub.tenants.find(tenant))

    return run(whole())


def ask_about(connection: str, tenant: str, work: Callable[[Hub, uuid.UUID, Connection], Awaitable[T]]) -> T:
    """:func:`ask` about a connection, found by its id, name or account first."""

    async def whole(hub: Hub, tenant_id: uuid.UUID) -> T:
        return await work(hub, tenant_id, await hub.connections.find(tenant_id, connection))

    return ask(tenant, whole)


async def only(hub: Hub, tenant_id: uuid.UUID, connection: str | None) -> uuid.UUID | None:
    """Return the connection that an option names, by its id, name or account; None where it is not given."""
    return (await hub.connections.find(tenant_id, connection)).id if connection else None


def check_word(option: str, word: str | None, words: Iterable[str]) -> None:
    """Hold an option to the words that it may be, where it is given. Raises ``BadInput`` that names them."""
    from crossdock.errors import BadInput

    known = tuple(words)
    if word not in (None, *known):
        raise BadInput(f"there is no {option} {word!r}", field=option, remedy=f"one of {', '.join(known)}")
