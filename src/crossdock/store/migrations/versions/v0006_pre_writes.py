"""Writes to stores and their intents."""

from crossdock.store.migrations.run import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
