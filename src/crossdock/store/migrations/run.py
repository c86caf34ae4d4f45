"""What every revision in ``versions/`` calls: run the SQL file of its name."""

from __future__ import annotations

from pathlib import Path

from alembic import op

_ALONE = "-- alone"


def run_sql(revision_file: str) -> None:
    """Run ``../sql/<stem>.sql`` of ``versions/v<stem>.py``.

    A file whose first line is ``-- alone`` holds one statement that may not be in a transaction
    (``CREATE INDEX CONCURRENTLY``).
    """
    file = Path(revision_file)
    text = (file.parent.parent / "sql" / f"{file.stem.removeprefix('v')}.sql").read_text(encoding="utf-8")
    if text.startswith(_ALONE):
        with op.get_context().autocommit_block():
            _execute(text)
    else:
        _execute(text)


def _execute(text: str) -> None:
    driver = op.get_bind().connection.driver_connection
    if driver is None:
        raise RuntimeError("the migration's connection is closed")
    # straight to the driver: a whole file is many statements, and a percent sign in it is no placeholder
    driver.execute(text.encode())
