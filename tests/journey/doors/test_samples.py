"""The examples of the OpenAPI document do what they say: reading ones are run as they are printed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from typing import Any

import pytest

from crossdock.wiring import Hub
from tests.journey.doors.street import Street
from tests.support.hub import add_shop, add_wish_routes, order, product

CUSTOMER = {
    "id": 5,
    "email": "person@example.com",
    "role": "customer",
    "billing": {},
    "shipping": {},
    "date_created_gmt": "2026-11-20T09:00:00",
    "date_modified_gmt": "2026-11-20T09:00:00",
}


async def ran(*words: str, environment: dict[str, str]) -> Any:
    """Run a program and return the JSON it prints."""
    process = await asyncio.create_subprocess_exec(
        *words,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, f"{words[0]}: {err.decode()[-400:]} {out.decode()[-400:]}"
    return json.loads(out)


@pytest.fixture
async def stage(hub: Hub, doors: Street) -> tuple[dict[str, Any], dict[str, str], dict[str, str]]:
    """The document, the environment of the examples, and what stands for their placeholders."""
    shop = await add_shop(hub)
    for document, topic in (
        (order(1), "order.updated"),
        (product(), "product.updated"),
        (CUSTOMER, "customer.updated"),
    ):
        assert (await doors.hook(shop, document, topic)).status == 200
    key = (await hub.keys.add(await hub.tenants.find(), "reads", ("read",)))[1]
    ids = {"WORD": "order"}
    for stream in ("order", "customer", "product"):
        item = (await doors.get(f"/api/v1/{stream}s", key)).json["items"][0]
        ids[f"{stream.upper()}_ID"] = item["id"]
        ids["EVENT_ID"], ids["CONNECTION_ID"] = item["event_id"], item["store"]["id"]
    document = (await doors.get("/api/v1/openapi.json")).json
    return document, {"CROSSDOCK_URL": doors.url, "CROSSDOCK_KEY": key}, ids


RUNNABLE = (
    *("/orders", "/orders/{order_id}", "/customers", "/customers/{customer_id}", "/products"),
    *("/products/{product_id}", "/changes", "/schemas", "/schemas/{word}", "/status", "/connections"),
    *("/deliveries", "/events", "/events/{event_id}"),
)


PROGRAMS = {
    "curl": ("curl", "sh", "-c"),
    "Python": (sys.executable, sys.executable, "-c"),
    "JavaScript": ("node", "node", "--input-type=module", "-e"),
}
"""What has to be on the machine, and how an example is run."""


WRITING = ("/orders/{order}/status", "/orders/{order}/notes", "/orders/{order}/refunds", "/orders/statuses")
SHELF = ("/stock", "/prices", "/stock/thresholds", "/stock/shares", "/sku-links", "/sku-links/import")


async def test_every_operation_with_a_body_shows_one_in_three_languages(
    stage: tuple[dict[str, Any], dict[str, str], dict[str, str]],
) -> None:
    document, _, _ = stage
    bare = {"/proofs/verify"}  # a report, as /proofs/{id} gives it
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if "requestBody" not in operation or path in bare:
                continue
            sources = {one["lang"]: one["source"] for one in operation["x-codeSamples"]}
            assert "--data-binary '" in sources["curl"], (method, path)
            assert "    data=" in sources["Python"], (method, path)
            assert "  body: " in sources["JavaScript"], (method, path)


@pytest.mark.parametrize("language", PROGRAMS)
async def test_commands_run_as_they_are_printed(
    hub: Hub, stage: tuple[dict[str, Any], dict[str, str], dict[str, str]], language: str
) -> None:
    """Statuses, notes, refunds, levels, prices, links, a CSV: taken by the hub, as the examples send them."""
    document, environment, ids = stage
    needed, *program = PROGRAMS[language]
    if shutil.which(needed) is None:
        pytest.skip(f"not on this machine: {needed}")
    shop = (await hub.connections.list(await hub.tenants.find()))[0]
    await add_wish_routes(hub, await hub.directory.connection(shop["uuid"]))
    key = (await hub.keys.add(await hub.tenants.find(), "writes", ("read", "write")))[1]
    known = {"/ORDER/": f"/{ids['ORDER_ID']}/", "ord_01kb3v0d1a8w0f6zr4p1n5q2st": ids["ORDER_ID"], "tea-shop": "shop"}
    for path in (*WRITING, *SHELF):
        operations = document["paths"][path]
        (operation,) = [operations[method] for method in ("put", "post") if method in operations]
        source = next(one["source"] for one in operation["x-codeSamples"] if one["lang"] == language)
        for name, value in known.items():
            source = source.replace(name, value)
        answered = await ran(*program, source, environment={**environment, "CROSSDOCK_KEY": key})
        assert isinstance(answered, dict), path
        assert "code" not in answered, (path, answered)


@pytest.mark.parametrize("language", PROGRAMS)
async def test_reading_examples_run_as_they_are_printed(
    stage: tuple[dict[str, Any], dict[str, str], dict[str, str]], language: str
) -> None:
    document, environment, ids = stage
    needed, *program = PROGRAMS[language]
    if shutil.which(needed) is None:
        pytest.skip(f"not on this machine: {needed}")
    for path in RUNNABLE:
        source = next(
            one["source"] for one in document["paths"][path]["get"]["x-codeSamples"] if one["lang"] == language
        )
        for name, value in ids.items():
            source = source.replace(name, value)
        answered = await ran(*program, source, environment=environment)
        assert isinstance(answered, dict), path
        assert "code" not in answered, (path, answered)
