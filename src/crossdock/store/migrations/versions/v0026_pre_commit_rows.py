"""The composite types by which a commit's rows are sent."""

from crossdock.store.migrations.run import run_sql

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
