"""Imports as runs, and errors that link to their rows."""

from crossdock.store.migrations.run import run_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
