"""Indexes of lists that no lookup of one entity is answered from."""

from crossdock.store.migrations.run import run_sql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
