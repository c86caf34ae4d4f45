"""A tenant's archive: everything of it and nothing of others, no secret, whole or visibly not."""

from __future__ import annotations

import hashlib
import io
import tarfile
import uuid
from collections import defaultdict
from typing import Any

import orjson
import pytest

from crossdock.errors import NotFound
from crossdock.govern.programs.exporting import LEFT_OUT, OPENED, PASSING, SHOWN, Exporting
from crossdock.wiring import Hub
from tests.journey.access.test_provisioning import make
from tests.journey.doors.street import Street, is_problem
from tests.support.filling import Filler
from tests.support.hub import add_connection, add_shop, key_of, order

SECRET = "canary-secret-71"


def opened(archive: bytes) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """Return an archive's rows by table, and its manifest; holds each file to what the manifest says."""
    digests: dict[str, Any] = defaultdict(hashlib.sha256)
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        names = tar.getnames()
        assert names[-1] == "manifest.json"
        for name in names:
            file = tar.extractfile(name)
            assert file is not None
            content = file.read()
            if name == "manifest.json":
                manifest = orjson.loads(content)
                continue
            table = name.partition("/")[0]
            digests[table].update(content)
            rows[table] += [orjson.loads(line) for line in content.splitlines()]
    for table, told in manifest["tables"].items():
        assert told["rows"] == len(rows[table]), table
        assert told["sha256"] == digests[table].hexdigest(), table
        assert told["parts"] == len([name for name in names if name.startswith(f"{table}/")])
    return rows, manifest


async def taken(hub: Hub, tenant: uuid.UUID) -> bytes:
    return b"".join([block async for block in hub.exporting.archive(tenant, actor="key_x")])


async def test_every_row_of_every_table_and_none_of_others(hub: Hub, filler: Filler) -> None:
    one, other = await hub.tenants.add("one"), await hub.tenants.add("other")
    filler.fill(one)
    filler.fill(other)
    before = filler.counts(one)
    rows, manifest = opened(await taken(hub, one))
    expected = {name: count for name, count in before.items() if name not in {*PASSING, "audit_entry"}}
    assert {name: told["rows"] for name, told in manifest["tables"].items() if name != "audit_entry"} == expected
    assert {row["tenant_id"] for found in rows.values() for row in found if "tenant_id" in row} == {str(one)}
    assert str(other).encode() not in orjson.dumps(rows)
    assert manifest["tables"]["event"]["unreadable"] == before["event"], "what does not open is told"
    assert {row["email"] for row in rows["people.jsonl"]} == {""}


async def test_bodies_are_opened_and_secrets_stay_out(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    await add_connection(hub, "hubspot", "crm", secrets={"token": SECRET})
    key = await key_of(hub, "admin")
    assert (await doors.hook(shop, order(7))).status == 200
    answer = await doors.get("/api/v1/tenants/default/export", key)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/gzip")
    assert 'filename="default-' in answer.headers["content-disposition"]
    rows, manifest = opened(answer.body)
    assert rows["event"][0]["document"]["billing"]["email"] == "Guest7@Example.com"
    assert [row["name"] for row in rows["connection"]] == ["shop", "crm"]
    assert manifest["tenant"]["slug"] == "default"
    assert set(manifest["tables"]["credential"]["left_out"]) == {"key_id", "sealed"}
    assert "tenant.export" in {row["action"] for row in rows["audit_entry"]}
    whole = orjson.dumps([rows, manifest]).decode()
    for secret in (SECRET, key, "hook-secret-canary-1", hashlib.sha256(key.encode()).hexdigest()):
        assert secret not in whole


async def test_a_large_table_comes_in_parts(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    for number in range(1, 6):
        assert (await doors.hook(shop, order(number))).status == 200
    exporting = Exporting(hub.database, hub.vault, part=2_000)
    blocks = [block async for block in exporting.archive(shop.tenant_id, actor="key_x")]
    _, manifest = opened(b"".join(blocks))
    assert manifest["tables"]["event"]["parts"] > 1


async def test_who_may_not(hub: Hub, doors: Street) -> None:
    made = (await make(doors, await key_of(hub, "platform"))).json
    is_problem(await doors.get("/api/v1/tenants/default/export", made["key"]), 404, "not-found", "tenant")
    is_problem(await doors.get("/api/v1/tenants/bakery/export", await key_of(hub, "write")), 403, "forbidden")
    with pytest.raises(NotFound):
        await taken(hub, uuid.uuid4())


def test_every_column_of_bytes_is_named(filler: Filler) -> None:
    """Whoever adds one says whether it is data under a seal, a fingerprint, or a secret."""
    sealed = {(table, column) for table, found in filler.tables.items() for column, kind in found if kind == "bytea"}
    named = {place for place in sealed if place in OPENED or place[1] in LEFT_OUT or place[1] in SHOWN}
    assert sealed == named
    assert set(OPENED) <= sealed
