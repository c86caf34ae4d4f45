"""Deals that become invoices: runs of them, and the numbers their CRM has still to be told."""

from crossdock.store.migrations.run import run_sql

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
