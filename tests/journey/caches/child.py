"""One process of several on one database: says what it knows of a connection when it is asked, over its pipes."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from typing import Any

from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub


async def known(hub: Hub, connection_id: uuid.UUID) -> dict[str, Any]:
    """Return what this process believes; ``heard`` whether it may answer from memory."""
    connection = await hub.directory.connection(connection_id)
    secrets = await hub.directory.hook_secrets(connection_id)
    heard = hub.database.ears.proven
    return {"state": connection.state, "name": connection.name, "secret": secrets.get("1"), "heard": heard}


async def answer(hub: Hub, asked: dict[str, Any]) -> dict[str, Any]:
    """Wait until this process knows what is asked for; ``at`` is the wall time of that moment."""
    connection_id = uuid.UUID(asked["connection"])
    while True:
        found = await known(hub, connection_id)
        if all(found[name] == value for name, value in asked["until"].items()):
            return {**found, "at": time.time()}
        await asyncio.sleep(0.005)


async def main() -> None:
    """Answer lines until the input ends."""
    loop = asyncio.get_running_loop()
    async with open_hub(Settings.model_validate_json(sys.argv[1])) as hub:
        hub.database.ears.start()
        await hub.database.ears.connected.wait()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(await answer(hub, json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
