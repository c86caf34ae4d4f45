"""The foundation: tenants, connections, the rule of recording, the live queue and its history."""

from crossdock.store.migrations.run import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
