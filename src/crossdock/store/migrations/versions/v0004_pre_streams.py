"""A switch and an interval for every stream."""

from crossdock.store.migrations.run import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
