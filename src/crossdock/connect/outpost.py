"""An outpost: a program of ours at the other side (the WordPress plugin), which takes signed commands from the hub.

What both sides say to each other is fixed here: the commands, their answers, and which keys may be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec

OUTPOST: Final = "wordpress"
"""The connector of the program."""
META_KEYS: Final = ("crossdock_crm_id", "crossdock_crm_url", "crossdock_lead_status", "crossdock_subscription_status")
"""Meta that the hub may write to a site's users and orders; the plugin refuses all others."""
MOST_COMMANDS: Final = 50
"""In one call."""
SECRETS: Final = ("site_key", "site_secret")
"""Names under which an :class:`~crossdock.connect.connector.Access` holds the key and the secret of a paired site."""


class Action(StrEnum):
    """What an outpost can be asked."""

    WRITE_META = "write_meta"
    PING = "ping"
    EXPORT = "export"
    """Send all entities of some kinds, beginning with the oldest."""
    PAUSE = "pause"
    RESUME = "resume"
    REFRESH = "refresh"
    """Send some entities now, whether they changed or not."""


class Target(msgspec.Struct, frozen=True):
    """Whose meta is written: ``kind`` is user or order."""

    kind: str
    id: int


class Command(msgspec.Struct, frozen=True, omit_defaults=True):
    """One command; the same ``id`` (a UUID) is carried out once, however often it is sent within 30 days."""

    id: str
    action: Action
    target: Target | None = None
    meta: dict[str, str] = {}
    kinds: tuple[str, ...] = ()
    """export: order, customer, product, refund; empty: all that the site has."""
    kind: str = ""
    """refresh: one of them."""
    ids: tuple[int, ...] = ()
    """refresh: which entities of the kind."""
    reason: str = ""
    """pause: why, for the people at the site."""


class Told(msgspec.Struct, frozen=True):
    """What became of one command: ``status`` is done, duplicate (done before) or refused."""

    id: str
    status: str
    code: str = ""
    detail: str = ""
    field: str = ""
    retry: bool = False
    """It was not begun: the same command may be sent again."""

    @property
    def done(self) -> bool:
        """Whether it holds now."""
        return self.status in ("done", "duplicate")


class Outpost(Protocol):
    """One site's program."""

    async def status(self) -> dict[str, Any]:
        """Return how it does: its queue, pause, versions, clock. Raises ``CallFailed``."""
        ...

    async def command(self, commands: Sequence[Command]) -> list[Told]:
        """Send up to :data:`MOST_COMMANDS`; one answer each, in order. Raises ``CallFailed``."""
        ...
