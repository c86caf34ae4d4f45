"""The audit over the API and the command line: looked at, exported, verified; each tenant sees its own."""

from __future__ import annotations

import orjson
import psycopg
import pytest

from crossdock.store.audit import audit
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, is_problem


@pytest.fixture
async def keys(hub: Hub) -> tuple[str, str]:
    """A key that reads, and one that may all."""
    tenant = await hub.tenants.find()
    other = await hub.tenants.add("other", "Other")
    for number in range(5):
        async with hub.database.transaction() as conn:
            await audit(
                conn,
                tenant,
                f"key_{number % 2}",
                f"route.{'add' if number else 'remove'}",
                f"s-{number}",
                {"n": number},
            )
            await audit(conn, other, "key_other", "route.add", "theirs")
    while await hub.audit.chainer.tend():
        pass
    return (await hub.keys.add(tenant, "r", ("read",)))[1], (await hub.keys.add(tenant, "a", ("admin",)))[1]


async def test_it_is_listed_filtered_and_paged(hub: Hub, doors: Street, keys: tuple[str, str]) -> None:
    async def asked(query: str) -> list[str]:
        found = await doors.get(f"/api/v1/audit?limit=50&action=route{query}", keys[0])
        assert found.status == 200
        return [one["subject"] for one in found.json["items"]]

    assert await asked("") == ["s-4", "s-3", "s-2", "s-1", "s-0"]
    assert await asked("&actor=key_1") == ["s-3", "s-1"]
    assert await asked(".remove") == ["s-0"]
    assert await asked("&subject=s-2") == ["s-2"]
    assert await asked("&until=2020-01-01T00:00:00Z") == []
    assert len(await asked("&since=2020-01-01T00:00:00Z")) == 5
    first = (await doors.get("/api/v1/audit?limit=2&action=route", keys[0])).json
    second = (await doors.get(f"/api/v1/audit?limit=4&action=route&before={first['next']}", keys[0])).json
    assert [one["subject"] for one in (*first["items"], *second["items"])] == ["s-4", "s-3", "s-2", "s-1", "s-0"]
    assert second["next"] is None
    (line,) = [one for one in first["items"] if one["subject"] == "s-4"]
    assert (line["actor"], line["action"], line["detail"], line["seq"]) == ("key_0", "route.add", {"n": 4}, 5)
    for wrong in ("since=2020-01-01T00:00:00", "before=con_1", "limit=0"):
        is_problem(await doors.get(f"/api/v1/audit?{wrong}", keys[0]), 400, "bad-input", field=wrong.partition("=")[0])


async def test_the_whole_of_it_is_for_owners(doors: Street, keys: tuple[str, str]) -> None:
    is_problem(await doors.get("/api/v1/audit/export", keys[0]), 403, "forbidden")
    found = await doors.get("/api/v1/audit/export?action=route", keys[1])
    lines = [orjson.loads(line) for line in found.body.splitlines()]
    assert [(one["subject"], one["seq"], len(one["hash"])) for one in lines] == [
        (f"s-{n}", n + 1, 64) for n in range(5)
    ]


async def test_it_is_verified_over_the_api(doors: Street, keys: tuple[str, str], database_url: str) -> None:
    whole = (await doors.get("/api/v1/audit/verify", keys[0])).json
    (chain,) = whole["chains"]
    assert (whole["ok"], chain["entries"] >= 5, chain["flaws"]) == (True, True, [])
    head = f"{chain['last_seq']}:{chain['hash']}"
    assert (await doors.get(f"/api/v1/audit/verify?head={head}", keys[0])).json["ok"]
    is_problem(await doors.get("/api/v1/audit/verify?head=x", keys[0]), 400, "bad-input", field="head")
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("SET session_replication_role = replica")
        conn.execute("UPDATE audit_entry SET actor = 'nobody' WHERE subject = 's-2'")
    broken = (await doors.get("/api/v1/audit/verify", keys[0])).json
    assert broken["ok"] is False
    (flaw,) = broken["chains"][0]["flaws"]
    assert (flaw["kind"], flaw["seq"]) == ("changed", 3)
    assert flaw["entry_id"] in flaw["told"]
