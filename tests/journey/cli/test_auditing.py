"""The audit by command: listed, verified with an exit code, exported."""

from __future__ import annotations

import asyncio
import json

import psycopg

from crossdock.settings import Settings
from crossdock.store.audit import audit
from crossdock.wiring import open_hub
from tests.journey.cli.conftest import Terminal, answer


async def _write(settings: Settings) -> None:
    async with open_hub(settings) as hub:
        tenant = await hub.tenants.find()
        for number in range(4):
            async with hub.database.transaction() as conn:
                await audit(conn, tenant, "cli", "route.add", f"s-{number}")
        while await hub.audit.chainer.tend():
            pass


def test_what_was_done_is_listed_verified_and_exported(terminal: Terminal, settings: Settings) -> None:
    asyncio.run(_write(settings))
    assert [one["subject"] for one in answer(terminal("audit", "--action", "route", "--limit", "2", "--json"))] == [
        "s-3", "s-2",
    ]  # fmt: skip
    assert "route.add" in terminal("audit").stdout
    whole = terminal("audit", "verify", "--tenant", "default", "--json")
    (chain,) = answer(whole)["chains"]
    assert (whole.exit_code, chain["entries"]) == (0, 4)
    head = f"4:{chain['hash']}"
    assert terminal("audit", "verify", "--tenant", "default", "--head", head).exit_code == 0
    assert terminal("audit", "verify", "--head", head).exit_code == 2
    exported = [json.loads(line) for line in terminal("audit", "export").stdout.splitlines()]
    assert [(one["subject"], one["seq"]) for one in exported] == [(f"s-{n}", n + 1) for n in range(4)]
    assert exported[-1]["hash"] == chain["hash"]
    assert {one["action"] for one in answer(terminal("audit", "list", "--house", "--json"))} == {"audit.begin"}
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url.get_secret_value(), autocommit=True) as conn:
        conn.execute("SET session_replication_role = replica")
        conn.execute("DELETE FROM audit_entry WHERE subject = 's-2'")
    broken = terminal("audit", "verify")
    assert broken.exit_code == 1
    assert "entry 3" in broken.output
    assert "is gone" in broken.output
