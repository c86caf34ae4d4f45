"""Alerts, their rules and channels, checks of connections, and fallbacks."""

from crossdock.store.migrations.run import run_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
