"""Reading orders, customers and products, and the feed of changes."""

from crossdock.store.migrations.run import run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
