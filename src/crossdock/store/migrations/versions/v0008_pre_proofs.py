"""Runs in full, and proofs that are kept."""

from crossdock.store.migrations.run import run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
