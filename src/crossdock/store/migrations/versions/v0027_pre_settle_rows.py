"""The composite types by which the rows that a lane settles are sent."""

from crossdock.store.migrations.run import run_sql

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
