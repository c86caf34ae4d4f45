"""Every operation of the API that changes something leaves an entry in the audit, by whoever asked, without people."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from crossdock.api.access import Access
from crossdock.api.openapi import described
from crossdock.api.rest import build_rest
from crossdock.kit.ids import Prefix, show
from crossdock.settings import Settings
from crossdock.wiring import Hub
from tests.journey.access.changes import ELSEWHERE, STEPS, UNAUDITED, It
from tests.journey.access.town import town
from tests.journey.doors.street import Answer, Street, rows

TESTS = Path(__file__).parents[2]


def changing(hub: Hub) -> set[str]:
    """Return the operations of the OpenAPI document that are no GET."""
    document = described(build_rest(hub, Access(hub)))
    return {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
        if method in ("post", "put", "patch", "delete")
    }


async def test_every_operation_that_changes_something_is_in_the_table(hub: Hub) -> None:
    done = {_of(step[0]) for step in STEPS}
    assert changing(hub) - {_same(one) for one in done} - set(UNAUDITED) - set(ELSEWHERE) == set()
    assert {_same(one) for one in done} | set(UNAUDITED) | set(ELSEWHERE) <= changing(hub)


@pytest.mark.parametrize("operation", ELSEWHERE)
def test_what_needs_a_stage_of_its_own_is_asked_for_there(operation: str) -> None:
    file, action = ELSEWHERE[operation]
    assert action in (TESTS / file).read_text(encoding="utf-8")


def _of(operation: str) -> str:
    return operation.partition("?")[0]


_NAMED = {
    "{draft}": "{invoice_id}",
    "{dead1}": "{delivery_id}",
    "{dead2}": "{delivery_id}",
    "{second}": "{connection_id}",
    "{connect_link_id}": "{link_id}",
}
"""Our own names of places in the table's paths."""


def _same(operation: str) -> str:
    for ours, theirs in _NAMED.items():
        operation = operation.replace(ours, theirs)
    return operation


async def test_each_leaves_an_entry_by_whoever_asked(settings: Settings) -> None:
    wrong = []
    async with town(settings) as (hub, doors, it):
        key_id, key = await hub.keys.add(await hub.tenants.find(), "all", ["admin", "platform"])
        actor = show(Prefix.KEY, key_id)
        for operation, body, name in STEPS:
            before = await _entries(hub, actor)
            answer = await _done(doors, operation, body(it) if callable(body) else body, it, key)
            if answer.status >= 300:
                wrong.append(f"{operation}: {answer.status} {answer.body[:300]!r}")
            elif await _entries(hub, actor) == before:
                wrong.append(f"{operation}: no entry")
            await _keep(it, answer, name, doors, key)
        told = str([tuple(row) for row in await rows(hub, "SELECT action, subject, detail FROM audit_entry")])
    assert "\n".join(wrong) == ""
    for person in ("Called the buyer", "Person", "@example", "Lindenstr", "grace"):
        assert person not in told


async def _entries(hub: Hub, actor: str) -> int:
    (row,) = await rows(hub, f"SELECT count(*) AS n FROM audit_entry WHERE actor = '{actor}'")
    return int(row["n"])


async def _done(doors: Street, operation: str, body: Any, it: It, key: str) -> Answer:
    method, path = operation.split(" ", 1)
    where = "/api/v1" + re.sub(r"\{(\w+)\}", lambda found: str(it.get(found[1], "nothing")), path)
    kind = "application/json"
    if isinstance(body, bytes):
        kind = "text/csv" if b"," in body else "application/yaml"
    data = body if isinstance(body, bytes) else None if body is None else orjson.dumps(body)
    return await doors.call(method, where, data, {"Authorization": f"Bearer {key}", "Content-Type": kind})


_IDS = {"run": "run_id", "route": "route_id", "link": "link_id", "channel": "channel_id", "rule": "rule_id",
        "app": "app_id", "made": "key_id", "user": "user_id", "tenant": "tenant",
        "connect": "connect_link_id"}  # fmt: skip


async def _keep(it: It, answer: Answer, name: str | None, doors: Street, key: str) -> None:
    if name is None or answer.status >= 300:
        return
    if name in _IDS:
        it[_IDS[name]] = answer.json["id"]
    elif name == "hooks":
        hooks = await doors.get(f"/api/v1/connections/{it['connection_id']}/webhooks", key)
        it["vendor_id"] = hooks.json["items"][0]["vendor_id"]
