"""A process that uses the embedded server as serve, worker and CLI do; the tests start, signal and kill it.

It prints ``ready`` when connected, then writes a row for each line on standard input, answering ``saved N`` only after
the commit. At the end of the input it leaves in order.
"""

from __future__ import annotations

import asyncio
import sys
import uuid
from pathlib import Path

from crossdock.kit.ids import new_id
from crossdock.store.database import Database
from crossdock.store.errors import ConnectionLost
from crossdock.store.settings import StoreSettings


async def save(database: Database, identifier: uuid.UUID, line: str) -> bool:
    """Write one row; False when the connection was lost, so that it may or may not be written."""
    try:
        async with database.engine() as conn:
            await conn.execute(
                "INSERT INTO tenant (tenant_id, slug, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                identifier,
                identifier.hex,
                line,
            )
    except ConnectionLost:
        await asyncio.sleep(0.05)
        return False
    return True


async def main(data_dir: str) -> None:
    async with Database.open(StoreSettings(Path(data_dir), engine_pool=2, app_pool=1)) as database:
        print("ready", flush=True)
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            identifier = new_id()
            saved = False
            while not saved:
                saved = await save(database, identifier, line)
            print(f"saved {line}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
