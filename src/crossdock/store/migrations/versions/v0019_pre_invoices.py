"""Invoices: their terms, their numbers, and what is issued and never changes."""

from crossdock.store.migrations.run import run_sql

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
