"""Who sits before a page, and what a login gives."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, show


class Seat(msgspec.Struct, frozen=True):
    """A person at one tenant, by a session that lives. Its repr names nobody."""

    session_id: uuid.UUID
    person_id: uuid.UUID
    name: str
    email: str
    zone: str
    """IANA name of the time zone he reads times in."""
    theme: str
    """auto, light or dark."""
    tenant_id: uuid.UUID
    slug: str
    """Empty for a person who has no seat in any tenant; the tenant's id is that of none then."""
    tenant: str
    """What people call the tenant."""
    role: Role
    tenants: tuple[tuple[str, str, Role], ...]
    """Slug, name and role of every tenant he has a seat in, by name."""
    csrf: str
    fresh: bool
    """Whether the password was given within the last 15 minutes: needed to change what a thief would change."""
    expires_at: datetime
    """When the session ends if nothing more is asked."""

    def __repr__(self) -> str:
        return f"Seat({self.actor} at {self.slug}, {self.role})"

    @property
    def actor(self) -> str:
        """Return who he is in the audit."""
        return show(Prefix.USER, self.person_id)


class Begun(msgspec.Struct, frozen=True):
    """A session that has just begun. Its repr does not show the token."""

    token: str
    """Goes into the cookie; only its hash is kept."""
    session_id: uuid.UUID
    person_id: uuid.UUID
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Begun({self.session_id})"
