"""What the store has to be told; the product's settings build it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where the database is and how it is used. Times in seconds."""

    data_dir: Path
    """Home of the embedded server; unused when ``database_url`` is given, except for doctor's disk checks."""
    database_url: str | None = field(default=None, repr=False)
    """``postgresql://user:password@host/name`` of an external server; None: embedded."""
    listen_url: str | None = field(default=None, repr=False)
    """A direct URL (no PgBouncer) for LISTEN and migrations; None: ``database_url``."""
    app_url: str | None = field(default=None, repr=False)
    """URL of the app's own login behind a transaction pooler; None: ``database_url``."""
    transaction_pooling: bool = False
    """True behind PgBouncer in transaction mode: nothing is kept in the session, so the logins themselves must
    carry the roles (``ALTER ROLE login SET role = 'crossdock_engine'``)."""
    engine_pool: int = 10
    app_pool: int = 4
    command_timeout_s: float = 60.0
    connect_timeout_s: float = 10.0
    database: str = "crossdock"
    """Name of the database inside the embedded server."""
    run_as: str | None = None
    """User that the embedded server runs as when this process is root and root owns the data; None: crossdock if
    there is such a user, else nobody."""
