"""Another process that renews: reads ``<connection id> <generation>`` a line, answers with the generation it ends at.

``python -m tests.contract.oauth.refresher DATABASE_URL DATA_DIR [PLACE]``: at the place it is killed.
"""

from __future__ import annotations

import asyncio
import sys
import uuid
from pathlib import Path

from crossdock.connect.client import CallFailed
from crossdock.kit.failpoints import NONE
from crossdock.store.database import Database
from crossdock.store.settings import StoreSettings
from tests.contract.oauth.stage import Kill, stages


async def main() -> None:
    url, home, place = sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""
    settings = StoreSettings(home, database_url=url, engine_pool=4, app_pool=1)
    loop = asyncio.get_running_loop()
    async with (
        Database.open(settings, migrate_schema=False) as database,
        stages([database], failpoints=Kill(place) if place else NONE) as (stage,),
    ):
        print("ready", flush=True)
        while line := (await loop.run_in_executor(None, sys.stdin.readline)).split():
            try:
                held = await stage.grants.renew(uuid.UUID(line[0]), "sample", int(line[1]))
            except CallFailed as failed:
                print(f"failed {failed.reason}", flush=True)
            else:
                print(held.generation, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
