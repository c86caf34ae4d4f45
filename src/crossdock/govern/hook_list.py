"""Looking at a connection's webhooks by hand, and putting them right by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crossdock.connect import trouble
from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Hook, Source
from crossdock.errors import BadInput, NotFound, VendorTrouble
from crossdock.govern.directory import HOOK, Directory
from crossdock.govern.hooks import SQL, HookDesk, removed_of
from crossdock.govern.routing import Store
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.store.audit import audit


class HookList:
    """Lists, registers and removes webhooks for a person. Others' webhooks are shown and never touched."""

    def __init__(self, store: Store, directory: Directory, hooks: HookDesk) -> None:
        self._store = store
        self._directory = directory
        self._hooks = hooks

    async def listed(self, connection: Connection) -> dict[str, Any]:
        """Return the account's webhooks and what we know of them. Raises ``VendorTrouble``, ``BadInput``.

        ``missing``: topics that the watchdog will cover again; ``removed``: those a person removed, which stay so.
        """
        there = {hook.vendor_id: hook for hook in await self._there(connection)}
        known = {row["vendor_id"]: row for row in await self._known(connection)}
        items = [_item(connection, there.get(name), known.get(name)) for name in {**known, **there}]
        items.sort(key=lambda item: (not item["ours"], item["topic"], item["vendor_id"]))
        covered = {item["topic"] for item in items if item["ours"] and item["status"] == "active"}
        missing = [topic for topic in self._hooks.topics_of(connection) if topic not in covered]
        removed = [topic for topic in removed_of(connection) if topic not in covered]
        return {"items": items, "missing": missing, "removed": removed}

    async def known(self, connection: Connection) -> list[dict[str, Any]]:
        """Return our own rows alone, without asking the account; ``status`` is then always ``known``."""
        return [{**_item(connection, None, row), "status": "known"} for row in await self._known(connection)]

    async def register(self, connection: Connection, *, actor: str) -> dict[str, Any]:
        """Register a webhook for every topic that has none of ours, removed ones too; broken ones are replaced."""
        if not self._hooks.url_of(connection):
            raise BadInput(
                "the hub has no public address that webhooks could come to",
                field="public_url",
                remedy="set CROSSDOCK_PUBLIC_URL; until then everything is found by pulling",
            )
        connection = await self._want(connection, (), removed_of(connection))
        found = await self.listed(connection)
        broken = {item["topic"]: item for item in found["items"] if item["ours"] and item["status"] != "active"}
        made: list[str] = []
        refused: dict[str, str] = {}
        for topic in found["missing"]:
            old = broken.get(topic)
            try:
                await self._hooks.register(
                    connection,
                    topic,
                    instead_of=old["vendor_id"] if old and old["known"] else "",
                    there=old is not None and old["status"] != "missing",
                )
            except (CallFailed, ValueError) as failed:
                refused[topic] = str(failed)
                continue
            made.append(topic)
        await self._note(connection, actor, "webhooks.register", {"topics": made, "refused": sorted(refused)})
        return {"registered": made, "refused": refused}

    async def remove(self, connection: Connection, vendor_id: str | None, *, actor: str) -> dict[str, Any]:
        """Delete one of our webhooks, or all; the watchdog leaves their topics alone until they are registered again.

        Raises ``NotFound`` for one that is not ours, ``VendorTrouble``.
        """
        items = [item for item in (await self.listed(connection))["items"] if item["ours"]]
        if vendor_id is not None:
            items = [item for item in items if item["vendor_id"] == vendor_id]
            if not items:
                raise NotFound("there is no such webhook of ours", field="vendor_id", remedy="crossdock webhooks list")
        source = await self._source(connection)
        removed: list[str] = []
        unwanted = {item["topic"] for item in items if item["known"]}
        # first, so that no look at the shop takes them for lost
        await self._want(connection, sorted(unwanted), ())
        try:
            for item in items:
                await source.remove_hook(item["vendor_id"])
                async with self._store.transaction() as conn:
                    await conn.execute(SQL["drop_hook"], connection.id, item["vendor_id"])
                    await conn.execute(SQL["drop_secret"], connection.id, HOOK + item["vendor_id"])
                removed.append(item["vendor_id"])
        except (CallFailed, ValueError) as failed:
            left = {item["topic"] for item in items if item["vendor_id"] not in removed}
            await self._want(connection, (), sorted(unwanted & left))
            raise VendorTrouble(
                f"{len(removed)} of {len(items)} webhooks were deleted, then: {failed}", remedy="try again"
            ) from None
        finally:
            self._directory.forget(connection.id)
            await self._note(connection, actor, "webhooks.remove", {"webhooks": removed})
        return {"removed": removed}

    async def _want(self, connection: Connection, without: Sequence[str], again: Sequence[str]) -> Connection:
        if without or again:
            async with self._store.transaction() as conn:
                names = (connection.tenant_id, connection.id)
                await conn.execute(SQL["removed_topics"], *names, list(without), list(again))
            self._directory.forget(connection.id)
        return await self._directory.connection(connection.id)

    async def _there(self, connection: Connection) -> tuple[Hook, ...]:
        source = await self._source(connection)
        with trouble.told():
            return await source.hooks()

    async def _source(self, connection: Connection) -> Source:
        connector = self._directory.connector(connection.connector)
        if connector is None or connector.source is None or connector.manifest.webhooks is None:
            raise BadInput(f"{connection.connector} has no webhooks that we register", field="connection_id")
        return await self._directory.source(connection.id)

    async def _known(self, connection: Connection) -> list[Any]:
        async with self._store.engine() as conn:
            rows: list[Any] = await conn.fetch(SQL["known_hooks"], connection.tenant_id, connection.id)
        return rows

    async def _note(self, connection: Connection, actor: str, action: str, detail: dict[str, Any]) -> None:
        async with self._store.transaction() as conn:
            await audit(conn, connection.tenant_id, actor, action, connection.id, detail)


def _item(connection: Connection, there: Hook | None, known: Any) -> dict[str, Any]:
    url = there.url if there else known["url"]
    return {
        "topic": there.topic if there else known["topic"],
        "vendor_id": there.vendor_id if there else known["vendor_id"],
        "status": there.status if there else "missing",
        "url": url,
        "ours": known is not None or show(Prefix.CONNECTION, connection.id) in url,
        "known": known is not None,
        "last_delivery": known["heard_at"] if known else None,
        "failed": known["failed"] if known else 0,
        "refused": known["refused"] if known else 0,
        "refused_at": known["refused_at"] if known else None,
    }
