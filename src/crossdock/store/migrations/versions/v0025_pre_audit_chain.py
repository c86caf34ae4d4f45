"""The audit as a chain: marks, links, heads, and what may be taken away."""

from crossdock.store.migrations.run import run_sql

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
