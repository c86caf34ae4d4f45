"""OAuth 2.0: apps, grants and the questions under way."""

from crossdock.store.migrations.run import run_sql

revision = "0016"
down_revision = "0014"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
