"""The schema as text, to compare two databases: a fresh one and a migrated one must be the same."""

from __future__ import annotations

from crossdock.store import programs
from crossdock.store.errors import StoreError

_NOISE = ("--", "SET ", "\\restrict", "\\unrestrict", "SELECT pg_catalog.set_config")
_PARTITIONS = ("--exclude-table=*_p[0-9]*", "--exclude-table=*_default")


def schema_dump(url: str) -> str:
    """Return tables, indexes, constraints, policies, owners and grants.

    Partitions are left out: upkeep makes them, no migration does. Blocking.
    Raises :class:`StoreError` when pg_dump cannot read the database.
    """
    ran = programs.run("pg_dump", url, ["--schema-only", "--no-comments", *_PARTITIONS])
    if ran.returncode != 0:
        raise StoreError(
            f"pg_dump could not read the schema: {programs.last_line(ran)}", "check the URL and its rights"
        )
    return "\n".join(line for line in ran.stdout.splitlines() if line.strip() and not line.startswith(_NOISE))
