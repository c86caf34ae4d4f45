"""Dead letters grouped by cause, and replays that are runs."""

from crossdock.store.migrations.run import run_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
