"""SKU links, levels and pushes."""

from crossdock.store.migrations.run import run_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
