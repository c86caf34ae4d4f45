"""A disk that is really full: the door says so, nothing that was acknowledged is lost, and all goes on by itself."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Street, street
from tests.support.hub import until

SIZE_MB = 320
_BODY = {"type": "campaign.filled", "data": {"text": ""}}


@pytest.fixture
def small_disk(open_tmp: Path) -> Iterator[Path]:
    """A file system of its own, of some hundred megabytes."""
    place = open_tmp / "small"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("not on this machine: only root may mount a small file system")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=755", "tmpfs", str(place)],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        pytest.skip("not on this machine: no small file system can be mounted")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True, capture_output=True)


def _fill(place: Path) -> Path:
    """Take the last byte of room there is."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 65_536):
            pass
    return ballast


async def _post(doors: Street, key: str, number: int) -> Any:
    # random, so that it takes room although it is compressed
    text = os.urandom(150_000).hex()
    return await doors.post("/api/v1/events", {**_BODY, "id": f"n-{number}", "data": {"text": text}}, key)


async def _recorded(hub: Hub) -> set[str]:
    async with hub.database.engine() as conn:
        return {str(row["event_id"]) for row in await conn.fetch("SELECT id AS event_id FROM event")}


async def test_a_full_disk_loses_nothing_and_heals_by_itself(small_disk: Path, settings: Settings) -> None:
    from crossdock.kit.ids import Prefix, parse

    embedded = settings.model_copy(update={"database_url": None, "data_dir": small_disk / "data"})
    acknowledged, refused, number = set[str](), 0, 0
    async with open_hub(embedded) as hub, street(hub) as doors:
        key = (await hub.keys.add(await hub.tenants.find(), "all", ("admin",)))[1]
        for number in range(5):
            answer = await _post(doors, key, number)
            assert answer.status == 201, answer.body
            acknowledged.add(str(parse(Prefix.EVENT, answer.json["id"])))
        ballast = _fill(small_disk)
        while refused < 5:
            number += 1
            assert number < 2000, "the disk is never full"
            answer = await _post(doors, key, number)
            if answer.status == 201:
                acknowledged.add(str(parse(Prefix.EVENT, answer.json["id"])))
                continue
            refused += 1
            assert answer.status == 503, answer.body
            assert int(answer.headers["Retry-After"]) > 0
        assert (await doors.get("/healthz")).status == 200, "the process lives"
        ballast.unlink()

        async def taken() -> bool:
            return (await _post(doors, key, number)).status in (200, 201)

        await until(taken)
        kept = await _recorded(hub)
        assert acknowledged <= kept
        assert len(kept) == len(acknowledged) + 1, "what was refused is not there either"
