"""Changing the master key while everything goes on.

Every process hears that keys were rotated and reads its keys anew (from the file or the command; a process that has
them from the environment is started anew with them). Whoever misses it reads them when it meets a seal by the new key.
Secrets are sealed anew in rounds until none is left, so that what others sealed with the old key meanwhile is found
too; it may be interrupted and done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import structlog

from crossdock.errors import CrossdockError, Trouble
from crossdock.govern.audit.chainer import SQL as HEADS
from crossdock.govern.audit.chainer import Store, head_of
from crossdock.govern.resealing import Resealing
from crossdock.govern.vault import Vault
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("rotation.sql"))
CHANNEL: Final = "crossdock_keys"
_PAUSE_S: Final = 1.0
_ROUNDS: Final = 30
log = structlog.get_logger("crossdock.keys")


def listening(vault: Vault) -> Callable[[str], None]:
    """Return what a process does when it is told that keys were rotated."""
    running: set[asyncio.Task[None]] = set()

    async def look() -> None:
        try:
            if await asyncio.to_thread(vault.refresh):
                log.info("master keys read anew", key=vault.key_id)
        except CrossdockError as problem:
            log.error("the master keys cannot be read anew", problem=problem.problem, remedy=problem.remedy)

    def told(_: str) -> None:
        task = asyncio.get_running_loop().create_task(look())
        running.add(task)
        task.add_done_callback(running.discard)

    return told


class Rotation:
    """Brings a database under the master key that stands first."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    async def rotate(self, actor: str, told: Callable[[dict[str, int]], None] | None = None) -> dict[str, Any]:
        """Tell every process, seal all secrets anew and sign the audit's heads; ``told`` hears of each round.

        Raises ``WrongMasterKey`` for a seal whose key is not in the ring, and ``Trouble`` when others go on sealing
        with the old key.
        """
        done: dict[str, int] = {}
        resealing = Resealing(self._store, self._vault)
        for _ in range(_ROUNDS):
            async with self._store.engine() as conn:
                await conn.execute(SQL["tell"], self._vault.key_id)
            found = await resealing.all()
            done = {table: done.get(table, 0) + count for table, count in found.items()}
            if told is not None:
                told(done)
            if not any(found.values()):
                break
            # whoever was told seals with the new key by then
            await asyncio.sleep(_PAUSE_S)
        else:
            raise Trouble(
                "some process goes on sealing with the old key",
                remedy="give every process the new key first (see docs/how-to/keys.md), then run this again",
            )
        heads = await self._sign_heads()
        async with self._store.transaction() as conn:
            detail = {"key": self._vault.key_id, "resealed": sum(done.values()), "heads": heads}
            await audit(conn, None, actor, "vault.rotate", self._vault.key_id, detail)
        older = [key for key in self._vault.key_ids if key != self._vault.key_id]
        return {"key_id": self._vault.key_id, "resealed": done, "heads": heads, "older": older}

    async def _sign_heads(self) -> int:
        """Sign every head that holds with the key that stands first; one that does not hold stays as it is."""
        signed = 0
        async with self._store.engine() as conn:
            rows = await conn.fetch(HEADS["heads"])
        for row in rows:
            async with self._store.transaction() as conn:
                held = await conn.fetchrow(HEADS["head_patiently"], row["tenant_id"])
                head = head_of(held)
                if self._vault.marked(head.message(), head.mark) is True:
                    mark = self._vault.mark(head.message())
                    signed += await conn.fetchval(SQL["sign_head"], head.chain, head.mark, mark) or 0
        return signed
