"""People: who they are, how they come in, and what they may do at which tenant."""

from crossdock.store.migrations.run import run_sql

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
