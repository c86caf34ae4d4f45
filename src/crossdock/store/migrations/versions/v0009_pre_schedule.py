"""Deliveries that wait for a time, and budgets of an account shared by all processes."""

from crossdock.store.migrations.run import run_sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
