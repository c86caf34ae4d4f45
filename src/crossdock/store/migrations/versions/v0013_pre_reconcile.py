"""What a reconciliation keeps between its steps."""

from crossdock.store.migrations.run import run_sql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
