"""Connecting in full."""

from crossdock.store.migrations.run import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
