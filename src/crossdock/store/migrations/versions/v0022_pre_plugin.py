"""Sites that run the WordPress plugin: their keys, nonces, pairing codes, and the fields they found."""

from crossdock.store.migrations.run import run_sql

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Run the SQL file of this name."""
    run_sql(__file__)
