"""The master key is changed under running processes of the product itself, by its own command."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from crossdock.settings import Settings
from crossdock.wiring import Hub
from tests.support.hub import until


def environment(settings: Settings) -> dict[str, str]:
    assert settings.database_url is not None
    return {
        **os.environ,
        "CROSSDOCK_DATABASE_URL": settings.database_url.get_secret_value(),
        "CROSSDOCK_DATA_DIR": str(settings.data_dir),
        "CROSSDOCK_MASTER_KEY_FILE": str(settings.master_key_file),
        "CROSSDOCK_CONFIG": os.devnull,
        "CROSSDOCK_PRODUCTION": "false",
        "CROSSDOCK_EGRESS_ALLOW": "127.0.0.1/32",
        "CROSSDOCK_REPORT_AT_HOUR": "-1",
    }


@contextlib.asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[str]:
    """Serve by the product's own command, on a free port; yields its URL."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "crossdock", "serve", "--port", "0", "--json"),
        env=environment(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        yield ready["url"]
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)


def rotated(settings: Settings, *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "crossdock", "keys", "rotate", *words, "--json"],
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert settings.master_key_file.read_text().split(",")[0].strip() not in done.stdout + done.stderr
    return json.loads(done.stdout)


async def channel(http: aiohttp.ClientSession, url: str, key: str, name: str) -> None:
    body = {"kind": "webhook", "name": name, "form": {"url": "http://127.0.0.1:9/in"}}
    headers = {"Authorization": f"Bearer {key}"}
    async with http.post(f"{url}/api/v1/alert-channels", json=body, headers=headers) as answer:
        assert answer.status == 201, await answer.text()


async def test_two_serving_processes_go_over_to_the_new_key(hub: Hub, settings: Settings) -> None:
    _, key = await hub.keys.add(await hub.tenants.find(), "admin", ["admin"])
    async with served(settings) as one, served(settings) as other, aiohttp.ClientSession() as http:
        await channel(http, one, key, "before")
        done = await asyncio.to_thread(rotated, settings, "--new")
        assert done["resealed"]["alert_channel"] == 1
        assert len(done["older"]) == 1
        for number, url in enumerate((one, other)):
            turns = iter(range(1000))

            async def sealed_anew(number: int = number, url: str = url, turns: Any = turns) -> bool:
                name = f"after-{number}-{next(turns)}"
                await channel(http, url, key, name)
                async with hub.database.engine() as conn:
                    key_id = await conn.fetchval("SELECT key_id FROM alert_channel WHERE name = $1", name)
                return bool(key_id == done["key_id"])

            await until(sealed_anew)
        assert await asyncio.to_thread(rotated, settings) | {"resealed": 0, "heads": 0} == {
            **done, "resealed": 0, "heads": 0,
        }  # fmt: skip
        async with hub.database.engine() as conn:
            assert await conn.fetchval("SELECT count(*) FROM alert_channel WHERE key_id <> $1", done["key_id"]) == 0
