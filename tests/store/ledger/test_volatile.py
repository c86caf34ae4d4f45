"""Nested volatile keys: a product's new image makes no order look changed, in records of older digests either."""

from __future__ import annotations

from typing import Any

import orjson

from crossdock.connectors.woocommerce import CONNECTOR
from crossdock.connectors.woocommerce.mapper import observe
from crossdock.kit.digest import VERSION, Volatile, digest, older
from crossdock.model.connection import Connection
from crossdock.model.origin import Origin
from crossdock.wiring import Hub
from tests.support.hub import add_shop, order

PATHS = Volatile.of(CONNECTOR.manifest.stream("order").volatile)


def with_image(source: str, **more: Any) -> dict[str, Any]:
    made = order(1, **more)
    made["line_items"][0] |= {"image": {"id": 9, "src": source}, "parent_name": source}
    return made


async def hook(hub: Hub, shop: Connection, document: dict[str, Any]) -> str:
    parcel = hub.journey.parcel(shop, observe("order", document), Origin.WEBHOOK, orjson.dumps(document))
    return str((await hub.journey.intake.submit(parcel)).verdict)


async def test_a_new_image_of_a_product_is_no_change_of_the_order(hub: Hub) -> None:
    shop = await add_shop(hub)
    assert await hook(hub, shop, with_image("one.png")) == "applied"
    assert await hook(hub, shop, with_image("two.png")) == "unchanged"
    assert await hook(hub, shop, with_image("two.png", status="completed", modified="2026-11-20T11:00:00")) == "applied"


async def test_records_of_the_older_rule_stay_unchanged_and_are_digested_anew(hub: Hub) -> None:
    shop = await add_shop(hub)
    first = with_image("one.png")
    assert await hook(hub, shop, first) == "applied"
    async with hub.database.engine() as conn:
        old = older(orjson.dumps(first), PATHS)
        await conn.execute("UPDATE record SET digest = $1, digest_version = 1", old)
        assert await hook(hub, shop, first) == "unchanged"
        row = await conn.fetchrow("SELECT digest, digest_version, seq FROM record")
        assert tuple(row) == (digest(first, PATHS), VERSION, 1)
        assert old != row["digest"]
        # a real change of a record of the older rule is applied as ever
        await conn.execute("UPDATE record SET digest = $1, digest_version = 1", old)
        changed = with_image("one.png", status="completed", modified="2026-11-20T11:00:00")
        assert await hook(hub, shop, changed) == "applied"
        assert await conn.fetchval("SELECT digest_version FROM record") == VERSION
