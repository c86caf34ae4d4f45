"""The three roles, none of them superuser or exempt from row-level security.

``crossdock_owner`` owns the tables and runs migrations, ``crossdock_engine`` is ingest and the workers,
``crossdock_app`` is the API and the pages. Roles belong to a whole PostgreSQL cluster; creating them tolerates others
who do the same at the same time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from crossdock.store.errors import RolesMissing
from crossdock.store.queries import load

OWNER = "crossdock_owner"
ENGINE = "crossdock_engine"
APP = "crossdock_app"
ALL = (OWNER, ENGINE, APP)
SQL = load(Path(__file__).with_name("sql") / "roles.sql")


def bootstrap(conn: psycopg.Connection[Any], *, login: bool) -> None:
    """Make the roles, let this user become each of them, and give them the schema. Does nothing where all is there.

    ``login`` lets the roles log in themselves (the embedded server only). ``conn`` is in autocommit mode.
    Raises :class:`RolesMissing` with the exact SQL an administrator has to run when this user may not.
    """
    try:
        with conn.transaction():
            _make(conn, login=login)
            _join(conn)
            if not _one(conn, "schema_rights")["enough"]:
                conn.execute(SQL["grant_schema"].encode())
    except psycopg.errors.InsufficientPrivilege as problem:
        raise RolesMissing(
            f"the database user may not set up crossdock's roles: {problem.diag.message_primary}",
            f"let an administrator run this once in the database:\n{admin_sql(conn.info.user)}",
        ) from problem


def admin_sql(user: str) -> str:
    """Return what an administrator runs once so that ``user`` needs no right to create roles."""
    quoted = '"' + user.replace('"', '""') + '"'
    made = "\n".join(f"CREATE ROLE {role} NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;" for role in ALL)
    return (
        f"{made}\nGRANT {', '.join(ALL)} TO {quoted};\nGRANT USAGE, CREATE ON SCHEMA public TO {OWNER};\n"
        f"GRANT USAGE ON SCHEMA public TO {ENGINE}, {APP};"
    )


def _one(conn: psycopg.Connection[Any], name: str) -> dict[str, Any]:
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(SQL[name].encode()).fetchone()
    if row is None:
        raise RolesMissing("the database does not tell who we are", "check CROSSDOCK_DATABASE_URL")
    return row


def _make(conn: psycopg.Connection[Any], *, login: bool) -> None:
    facts = _facts(conn)
    if len(facts) < len(ALL):
        if not _one(conn, "me")["may_create"]:
            raise RolesMissing(
                "the database user may not create roles (it lacks CREATEROLE)",
                f"let an administrator run this once in the database:\n{admin_sql(conn.info.user)}",
            )
        conn.execute(SQL["create_roles"].encode())
        facts = _facts(conn)
    for name, row in facts.items():
        if row["too_strong"]:
            raise RolesMissing(
                f"the role {name} is a superuser or bypasses row-level security, so tenants would not be kept apart",
                f"run: ALTER ROLE {name} NOSUPERUSER NOBYPASSRLS",
            )
    if login and not all(row["can_login"] for row in facts.values()):
        conn.execute(SQL["allow_login"].encode())


def _facts(conn: psycopg.Connection[Any]) -> dict[str, dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return {row["name"]: row for row in cursor.execute(SQL["role_facts"].encode())}


def _join(conn: psycopg.Connection[Any]) -> None:
    """Make sure that SET ROLE works: trying is the one test that is right on every version."""
    try:
        with conn.transaction(force_rollback=True):
            for role in ALL:
                conn.execute(f"SET LOCAL ROLE {role}".encode())
                conn.execute(b"RESET ROLE")
    except psycopg.errors.InsufficientPrivilege:
        conn.execute(SQL["grant_membership"].encode())
