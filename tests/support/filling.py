"""A row of a tenant in every table that has one, found from the catalogue: whoever adds a table is covered."""

from __future__ import annotations

import uuid
from collections import defaultdict
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql

from crossdock.kit.ids import new_id

_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attgenerated = '' AND a.attidentity = ''
ORDER BY c.relname, a.attnum
"""
_REFERS = """
SELECT f.conrelid::regclass::text, f.confrelid::regclass::text,
       ARRAY(SELECT a.attname::text FROM unnest(f.conkey) WITH ORDINALITY AS k(n, i)
             JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.n ORDER BY k.i),
       ARRAY(SELECT a.attname::text FROM unnest(f.confkey) WITH ORDINALITY AS k(n, i)
             JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.n ORDER BY k.i)
FROM pg_constraint f WHERE f.contype = 'f' AND f.conparentid = 0
"""
_CHECKS = """
SELECT conrelid::regclass::text, conname FROM pg_constraint
WHERE contype = 'c' AND conrelid <> 0 AND conislocal
"""

Row = dict[str, Any]


class Filler:
    """Fills a database of a test's own, as its superuser: triggers rest meanwhile, and no rule of values holds."""

    def __init__(self, url: str) -> None:
        self._conn = psycopg.connect(url, autocommit=True)
        columns: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for table, column, kind in self._conn.execute(_COLUMNS):
            columns[table].append((column, kind))
        self.tables = {name: found for name, found in columns.items() if "tenant_id" in dict(found)}
        self._all = columns
        self._refers: dict[str, list[tuple[str, list[str], list[str]]]] = defaultdict(list)
        for table, other, ours, theirs in self._conn.execute(_REFERS):
            self._refers[table].append((other, ours, theirs))
        for table, name in self._conn.execute(_CHECKS).fetchall():
            self._conn.execute(
                sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name))
            )
        self._number = 0

    def fill(self, tenant_id: uuid.UUID, rows: int = 3) -> None:
        """Put rows of a tenant (which exists) into every table; the later of them refer to the earlier."""
        self._conn.execute("SET session_replication_role = replica")
        made: dict[str, list[Row]] = {"tenant": [{"tenant_id": tenant_id}]}
        waiting = {name for name in self.tables if name != "tenant"} | {"person"}
        while waiting:
            free = [name for name in sorted(waiting) if not self._parents(name) & waiting]
            assert free, f"tables refer to each other: {waiting}"
            for name in free:
                made[name] = []
                for _ in range(rows):
                    made[name].append(self._put(name, tenant_id, made))
                waiting.discard(name)
        self._conn.execute("SET session_replication_role = DEFAULT")

    def counts(self, tenant_id: uuid.UUID) -> dict[str, int]:
        """Return how many rows each table has of a tenant."""
        found = {}
        for name in self.tables:
            asked = sql.SQL("SELECT count(*) FROM {} WHERE tenant_id = %s").format(sql.Identifier(name))
            row = self._conn.execute(asked, [tenant_id]).fetchone()
            assert row is not None
            found[name] = row[0]
        return found

    def close(self) -> None:
        """Hang up."""
        self._conn.close()

    def _parents(self, name: str) -> set[str]:
        return {other for other, _, _ in self._refers[name] if other != name}

    def _put(self, name: str, tenant_id: uuid.UUID, made: dict[str, list[Row]]) -> Row:
        self._number += 1
        row = {column: self._value(column, kind) for column, kind in self._all[name]}
        if "tenant_id" in row:
            row["tenant_id"] = tenant_id
        for other, ours, theirs in self._refers[name]:
            earlier = made.get(other) or []
            for our, their in zip(ours, theirs, strict=True):
                if our != "tenant_id":
                    # of rows that refer to rows of their own table the first has none
                    row[our] = earlier[(self._number) % len(earlier)][their] if earlier else None
        names = sql.SQL(", ").join(map(sql.Identifier, row))
        places = sql.SQL(", ").join(sql.Placeholder() * len(row))
        self._conn.execute(
            sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
                sql.Identifier(name), names, places
            ),
            list(row.values()),
        )
        return row

    def _value(self, column: str, kind: str) -> Any:
        number = self._number
        if kind == "uuid":
            return new_id()
        if kind.endswith("[]"):
            return []
        if kind.startswith("timestamp"):
            return "2026-11-22T09:00:00Z"
        known: dict[str, Any] = {
            "bytea": f"\\x{number:032x}{column.encode().hex()}",
            "jsonb": "{}",
            "boolean": False,
            "date": f"{2000 + number % 20}-{1 + number % 12:02}-{1 + number % 28:02}",
            "xid8": str(number),
        }
        if kind in known:
            return known[kind]
        if kind in ("bigint", "integer", "smallint"):
            return number % 30_000
        if kind.startswith("numeric") or kind == "double precision":
            return Decimal(number % 10)
        return f"{column}-{number}"
