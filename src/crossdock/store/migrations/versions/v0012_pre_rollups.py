"""A day's counts, latencies and requests of each connection, route and outcome."""

from crossdock.store.migrations.run import run_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
