"""Mappings as people work with them."""

from crossdock.store.migrations.run import run_sql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
