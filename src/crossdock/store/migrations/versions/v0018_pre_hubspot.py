"""The canary of a connection: which records it has let through."""

from crossdock.store.migrations.run import run_sql

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
