"""Issuing and crediting struck at every statement and commit: no number is lost, none is given twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from datetime import UTC, datetime

import orjson
import pytest

from crossdock.flow.invoice import EXAMPLE, credit_of
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.support.deals import deal
from tests.support.hub import add_connection

YEAR = datetime.now(UTC).year
ALL = credit_of({"reason": "all of it"})
KILLED_AT = (
    "invoice/invoice.take_number",
    "invoice/invoice.issue",
    "commit invoice/invoice.one",
    "committed invoice/invoice.one",
)
"""Where a process is killed for good: number not taken yet, taken, document written, committed and not told."""


class Lost(Exception):
    """Stands for the end of whoever passed the place."""


class Places:
    """Notes the places that are passed; at one of them, for the nth time, it strikes."""

    def __init__(self, *, kill: bool = False) -> None:
        self.passed: list[str] = []
        self.at: tuple[str, int] | None = None
        self._kill = kill

    async def reach(self, name: str) -> None:
        if "invoice/" not in name:
            return
        self.passed.append(name)
        if (name, self.passed.count(name)) == self.at:
            if self._kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise Lost(name)


async def whole_life(hub: Hub, tenant: uuid.UUID, crm: uuid.UUID, name: str) -> None:
    """Make a deal's invoice and take it back, as often as it is asked for the same."""
    made = await hub.invoicing.make(tenant, crm, deal(id=name), actor="test", key=name)
    await hub.invoicing.credit(tenant, made.id, ALL, actor="test", key=name)


async def check(hub: Hub, tenant: uuid.UUID, lives: int) -> None:
    """Hold both series to 1, 2, 3 … and every deal to one invoice and one credit note."""
    async with hub.database.engine() as conn:
        rows = await conn.fetch("SELECT deal_id, kind, state, number FROM invoice ORDER BY series, sequence")
    expected = [f"{series}-{YEAR}-{number:05d}" for series in ("GS", "RE") for number in range(1, lives + 1)]
    assert [row["number"] for row in rows] == expected
    assert len({(row["deal_id"], row["kind"]) for row in rows}) == 2 * lives
    assert {(row["kind"], row["state"]) for row in rows} == {("380", "credited"), ("381", "issued")}
    assert all(state.whole for state in await hub.invoicing.terms.series(tenant))


async def test_struck_at_every_place_nothing_is_lost_or_doubled(settings: Settings) -> None:
    places = Places()
    async with open_hub(settings, places) as hub:
        crm = await add_connection(hub, "hubspot", "crm")
        await hub.invoicing.terms.put(crm.tenant_id, EXAMPLE, actor="test")
        places.passed.clear()
        await whole_life(hub, crm.tenant_id, crm.id, "d0")
        known = [(name, places.passed[: at + 1].count(name)) for at, name in enumerate(places.passed)]
        assert len(known) > 25
        assert {*KILLED_AT} <= {name for name, _ in known}
        for number, place in enumerate(known, 1):
            places.passed.clear()
            places.at = place
            with pytest.raises(Lost):
                await whole_life(hub, crm.tenant_id, crm.id, f"d{number}")
            places.at = None
            await whole_life(hub, crm.tenant_id, crm.id, f"d{number}")
        await check(hub, crm.tenant_id, len(known) + 1)


LIFE = """
import asyncio, sys, uuid
import orjson
from crossdock.settings import Settings
from crossdock.wiring import open_hub
from tests.crash.test_invoice_numbers import Places, whole_life

async def main():
    given = orjson.loads(sys.stdin.buffer.read())
    places = Places(kill=True)
    async with open_hub(Settings(**given["settings"]), places) as hub:
        places.at = tuple(given["at"])
        await whole_life(hub, uuid.UUID(given["tenant"]), uuid.UUID(given["crm"]), given["name"])

asyncio.run(main())
"""


def life(given: bytes) -> subprocess.CompletedProcess[bytes]:
    """Run a life in a process of its own."""
    command = [sys.executable, "-c", LIFE]
    return subprocess.run(command, input=given, capture_output=True, timeout=120, check=False)


async def test_a_process_that_is_killed_leaves_no_gap(settings: Settings) -> None:
    async with open_hub(settings) as hub:
        crm = await add_connection(hub, "hubspot", "crm")
        await hub.invoicing.terms.put(crm.tenant_id, EXAMPLE, actor="test")
        assert settings.database_url is not None
        told = {name: getattr(settings, name) for name in ("data_dir", "master_key_file", "production")}
        told |= {"database_url": settings.database_url.get_secret_value()}
        lives = [(place, nth) for place in KILLED_AT for nth in (1, 2)]
        for number, place in enumerate(lives):
            given = {"settings": told, "tenant": crm.tenant_id, "crm": crm.id, "name": f"d{number}", "at": place}
            ended = await asyncio.to_thread(life, orjson.dumps(given, default=str))
            assert ended.returncode == -signal.SIGKILL, ended.stderr[-2000:]
            await whole_life(hub, crm.tenant_id, crm.id, f"d{number}")
        await check(hub, crm.tenant_id, len(lives))
