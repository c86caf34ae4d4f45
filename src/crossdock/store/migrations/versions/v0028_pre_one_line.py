"""One index of a record's line instead of two."""

from crossdock.store.migrations.run import run_sql

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
