"""The database as the program sees it: two pools with two roles, on the embedded server or an external one."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

import asyncpg

from crossdock.kit.failpoints import NONE, Failpoints
from crossdock.store import loans, migrate, partitions, roles
from crossdock.store.absence import TROUBLE
from crossdock.store.audit import Marks
from crossdock.store.embedded import EmbeddedServer
from crossdock.store.errors import ConnectionLost, RolesMissing, StoreError
from crossdock.store.listen import Listener
from crossdock.store.pools import Connection, Quick, borrowed, lost
from crossdock.store.probed import Probed, probed_transaction
from crossdock.store.queries import load
from crossdock.store.settings import StoreSettings

SQL = load(Path(__file__).with_name("sql") / "session.sql")
Approve = Callable[[Connection], Awaitable[None]]


class Database:
    """``async with Database.open(settings) as db``, or :meth:`start` and :meth:`close`.

    A lost connection surfaces as :class:`~crossdock.store.errors.ConnectionLost`; the next use connects anew, and an
    embedded server that died is started again.
    """

    def __init__(
        self,
        settings: StoreSettings,
        server: EmbeddedServer | None,
        failpoints: Failpoints = NONE,
        marks: Marks | None = None,
    ) -> None:
        self.settings = settings
        self._marks = marks
        self._failpoints = failpoints
        self.server = server
        self._engine: asyncpg.Pool | None = None
        self._app: asyncpg.Pool | None = None
        self._watch: asyncio.Task[None] | None = None
        self.ears = Listener(lambda: self.connect(roles.ENGINE, "ears"))
        """What this process hears, over one direct connection that is made when something listens."""

    # -- life ---------------------------------------------------------------------------------------------------

    @classmethod
    async def start(
        cls,
        settings: StoreSettings,
        *,
        migrate_schema: bool = True,
        failpoints: Failpoints = NONE,
        approve: Approve | None = None,
        marks: Marks | None = None,
    ) -> Self:
        """Start the embedded server if there is no URL, bring the schema up to date, make the pools.

        With ``migrate_schema=False`` an older schema is refused like a newer one. ``failpoints`` is told of every
        named statement. ``approve`` looks at a database that has a schema before anything in it is
        changed, and raises to have it left alone. ``marks`` marks the audit's entries. Raises :class:`StoreError`.
        """
        server = None
        if settings.database_url is None:
            server = EmbeddedServer(settings.data_dir, run_as=settings.run_as)
            await server.join()
        database = cls(settings, server, failpoints, marks)
        try:
            await database._settle_schema(migrate_schema, approve)
            database._engine = await database._pool(roles.ENGINE, settings.engine_pool)
            database._app = await database._pool(roles.APP, settings.app_pool)
            await database._check_roles()
        except BaseException:
            await database.close()
            raise
        if server is not None:
            database._watch = asyncio.create_task(server.watch(), name="embedded-postgresql")
        return database

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        settings: StoreSettings,
        *,
        migrate_schema: bool = True,
        failpoints: Failpoints = NONE,
        approve: Approve | None = None,
        marks: Marks | None = None,
    ) -> AsyncIterator[Self]:
        """Do as :meth:`start` for the length of a block."""
        database = await cls.start(
            settings, migrate_schema=migrate_schema, failpoints=failpoints, approve=approve, marks=marks
        )
        try:
            yield database
        finally:
            await database.close()

    async def close(self) -> None:
        """Close the pools and leave the embedded server (the last one out stops it)."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        await self.ears.close()
        for pool in (self._engine, self._app):
            if pool is not None:
                await _close_pool(pool)
        self._engine = self._app = None
        if self.server is not None:
            await asyncio.to_thread(self.server.stop)

    # -- use ----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def engine(self) -> AsyncIterator[Connection]:
        """Borrow a connection as ``crossdock_engine``: sees every tenant, so every query names its tenant.

        A task that holds one of the engine's, in a transaction or not, gets the same again (see :mod:`.loans`): for
        reading alone, because it may be in the midst of a transaction.
        """
        if (conn := loans.held(self._engine)) is not None:
            yield conn
            return
        loans.ask()
        async with borrowed(_open(self._engine), self.settings.connect_timeout_s) as conn:
            told = conn if self._failpoints is NONE else Probed(conn, self._failpoints)
            with loans.noted(self._engine, told):
                yield told

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Borrow a connection as the engine, inside one transaction that commits at the end of the block."""
        return self._begun(self._engine)

    @asynccontextmanager
    async def tenant(self, tenant_id: uuid.UUID) -> AsyncIterator[Connection]:
        """Run one transaction as ``crossdock_app`` that sees this tenant's rows and no others."""
        async with self._begun(self._app) as conn:
            await conn.execute(SQL["set_tenant"], str(tenant_id))
            yield conn

    @asynccontextmanager
    async def _begun(self, pool: asyncpg.Pool | None) -> AsyncIterator[Connection]:
        loans.ask()
        async with borrowed(_open(pool), self.settings.connect_timeout_s) as conn:
            if self._failpoints is NONE:
                async with conn.transaction():
                    with loans.noted(pool, conn):
                        yield conn
            else:
                async with probed_transaction(conn, self._failpoints) as told:
                    with loans.noted(pool, told):
                        yield told

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[Connection]:
        """Open a connection of its own as ``crossdock_owner`` (partitions, maintenance), on the direct URL.

        Row-level security is forced on the owner too: it sees no tenant's rows.
        """
        conn = await self.connect(roles.OWNER)
        try:
            yield conn
        finally:
            with contextlib.suppress(*TROUBLE):
                await conn.close(timeout=5)

    async def connect(self, role: str, name: str = "") -> Connection:
        """Open a single direct connection in a role, shown by a name. Raises :class:`ConnectionLost`."""
        try:
            return await asyncpg.connect(
                self.direct_url(role),
                timeout=self.settings.connect_timeout_s,
                server_settings=self._session(role, pooled=False, name=name),
            )
        except TROUBLE as problem:
            raise lost(problem) from problem

    async def listen(self, channel: str, callback: Callable[[str], None]) -> Callable[[], Awaitable[None]]:
        """Listen to a channel in the background; returns what ends it.

        The callback gets the payload, and ``""`` after every (re)connect, because what was notified meanwhile is
        unknown. All channels of the process share one connection.
        """
        end = self.ears.on(channel, callback)
        self.ears.start()

        async def ended() -> None:
            end()

        return ended

    async def tend_partitions(
        self, keep_days: Mapping[str, int | None], now: datetime | None = None
    ) -> partitions.Upkeep:
        """One round of upkeep (see :func:`crossdock.store.partitions.keep_up`): days to keep by table, None: for ever.

        An event's partition stays while a live delivery or a record points into it, the audit's while the chain does.
        """
        pins = {
            "event": (partitions.SQL["pinned_events"], partitions.SQL["pinned_meanwhile"]),
            "audit_entry": (partitions.SQL["pinned_audit"],),
        }
        expiries = tuple(
            partitions.Expiry(table, days, *pins.get(table, ()))
            for table, days in keep_days.items()
            if days is not None
        )
        return await partitions.keep_up(self, expiries, now=now)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return how many connections of each pool are open now, and the most that it opens."""
        ears = int(self.ears.connected.is_set())
        found = {"ears": (ears, 1)}
        for name, pool in (("engine", self._engine), ("app", self._app)):
            if pool is not None:
                found[name] = (pool.get_size(), pool.get_max_size())
        return found

    def direct_url(self, role: str) -> str:
        """Return a URL that is no transaction pooler's. It may hold a password: never show it."""
        if self.server is not None:
            return self.server.url(self.settings.database, role)
        return self.settings.listen_url or self.settings.database_url or ""

    # -- inside ---------------------------------------------------------------------------------------------------

    def _pool_url(self, role: str) -> str:
        if self.server is not None:
            return self.server.url(self.settings.database, role)
        if role == roles.APP and self.settings.app_url:
            return self.settings.app_url
        return self.settings.database_url or ""

    def _session(self, role: str, *, pooled: bool, name: str = "") -> dict[str, str]:
        shown = {"application_name": f"crossdock/{name or role.removeprefix('crossdock_')}"}
        if pooled and self.settings.transaction_pooling:
            return shown
        if self.server is not None:
            return {**shown, "timezone": "UTC"}
        return {**shown, "timezone": "UTC", "role": role}

    async def _pool(self, role: str, size: int) -> asyncpg.Pool:
        pooling = self.settings.transaction_pooling
        try:
            return await asyncpg.create_pool(
                self._pool_url(role),
                min_size=0,
                max_size=size,
                max_queries=0x7FFFFFFF,
                max_inactive_connection_lifetime=300.0,
                connection_class=Quick,
                init=self._arm,
                statement_cache_size=0 if pooling else 256,
                command_timeout=self.settings.command_timeout_s,
                timeout=self.settings.connect_timeout_s,
                server_settings=self._session(role, pooled=True),
            )
        except TROUBLE as problem:
            raise lost(problem) from problem

    async def _arm(self, conn: Connection) -> None:
        conn.marks = self._marks

    async def _settle_schema(self, migrate_schema: bool, approve: Approve | None) -> None:
        try:
            found = await self._version()
        except (StoreError, asyncpg.PostgresError):
            # no database, no roles or no server yet: the migrator says which
            if not migrate_schema:
                raise
            found = None
        if found is not None and approve is not None:
            async with self.owner() as conn:
                await approve(conn)
        if found not in migrate.known_versions() or found != migrate.steps()[-1].version:
            if not migrate_schema or (found or "") > migrate.steps()[-1].version:
                migrate.refuse_unknown(found)
            else:
                await asyncio.to_thread(self._upgrade)
        if migrate_schema:
            async with self.owner() as conn:
                await partitions.ensure_ahead(conn)

    async def _version(self) -> str | None:
        async with self.owner() as conn:
            return await migrate.current(conn)

    def _upgrade(self) -> None:
        if self.server is None:
            migrate.upgrade(self.direct_url(roles.OWNER))
            return
        migrate.ensure_database(self.server.url(), self.settings.database)
        migrate.upgrade(self.server.url(self.settings.database), login=True)

    async def _check_roles(self) -> None:
        for wanted, pool in ((roles.ENGINE, self._engine), (roles.APP, self._app)):
            async with borrowed(_open(pool), self.settings.connect_timeout_s) as conn:
                row = await conn.fetchrow(SQL["who_am_i"])
                if row is None or row["name"] != wanted or row["too_strong"]:
                    raise RolesMissing(
                        f"connections that should act as {wanted} act as {row['name'] if row else 'nobody'}",
                        f"behind a transaction pooler run: ALTER ROLE <its login> SET role = '{wanted}'",
                    )


def _open(pool: asyncpg.Pool | None) -> asyncpg.Pool:
    if pool is None:
        raise ConnectionLost("the database has been closed", "open it again")
    return pool


async def _close_pool(pool: asyncpg.Pool) -> None:
    try:
        async with asyncio.timeout(5):
            await pool.close()
    except TROUBLE:
        pool.terminate()
