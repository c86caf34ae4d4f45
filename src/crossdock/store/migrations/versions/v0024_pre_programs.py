"""Programs: test sides, keys that are rotated, links by which merchants connect, and the ends of tenants."""

from crossdock.store.migrations.run import run_sql

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
