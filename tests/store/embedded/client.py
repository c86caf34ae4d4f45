"""A process that uses the embedded server as serve, worker and CLI do; the tests start, signal and kill it.

It prints ``ready`` when connected, then writes a row for each line on standard input, answering ``saved N`` only after
the commit. At the end of the input it leaves in order.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from crossdock.kit.ids import new_id
from crossdock.store.database import Database
from crossdock.store.settings import StoreSettings


async def main(data_dir: str) -> None:
    async with Database.open(StoreSettings(Path(data_dir), engine_pool=2, app_pool=1)) as database:
        print("ready", flush=True)
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            async with database.engine() as conn:
                identifier = new_id()
                await conn.execute(
                    "INSERT INTO tenant (tenant_id, slug, name) VALUES ($1, $2, $3)", identifier, identifier.hex, line
                )
            print(f"saved {line}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
