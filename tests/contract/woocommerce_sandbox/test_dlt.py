"""dlt's REST source, unchanged, reads the sandbox as it would a shop: whole, and what changed since a time."""

from __future__ import annotations

import asyncio
import gzip
import warnings
from pathlib import Path
from typing import Any

import orjson
import pytest

with warnings.catch_warnings():
    # the library's own imports warn of what it uses; nothing of ours
    warnings.simplefilter("ignore")
    import dlt
    from dlt.sources.rest_api import rest_api_source

from crossdock.connect.sandbox import serving
from crossdock.connectors.woocommerce.sandbox import (
    DEFAULT_CONSUMER_KEY,
    DEFAULT_CONSUMER_SECRET,
    Settings,
    Shop,
    build,
    generate,
)

PAGES = {"type": "page_number", "base_page": 1, "total_path": None, "stop_after_empty_page": True}


def load(url: str, home: Path, since: str = "") -> list[dict[str, Any]]:
    """Run a pipeline into files and return the orders it wrote."""
    params: dict[str, Any] = {"per_page": 20, "orderby": "modified", "order": "asc"}
    params |= {"consumer_key": DEFAULT_CONSUMER_KEY, "consumer_secret": DEFAULT_CONSUMER_SECRET}
    if since:
        params |= {"modified_after": since, "dates_are_gmt": "true"}
    source = rest_api_source(
        {
            "client": {"base_url": f"{url}/wp-json/wc/v3/", "paginator": PAGES},
            "resources": [{"name": "orders", "max_table_nesting": 0, "endpoint": {"path": "orders", "params": params}}],
        }
    )
    pipeline = dlt.pipeline(
        "sandbox",
        destination=dlt.destinations.filesystem(bucket_url=f"file://{home}/out"),
        dataset_name="shop",
        pipelines_dir=str(home / "pipelines"),
        progress=None,
    )
    pipeline.run(source, loader_file_format="jsonl")
    files = sorted((home / "out" / "shop" / "orders").glob("*.jsonl*"))
    return [orjson.loads(line) for path in files for line in _lines(path)]


def _lines(path: Path) -> list[bytes]:
    raw = path.read_bytes()
    return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).splitlines()


def shown(shop: Shop) -> dict[int, str]:
    """Orders that a shop lists by itself, with their totals."""
    return {o["id"]: o["total"] for o in shop.orders if o["status"] not in ("trash", "checkout-draft")}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", [False, True], ids=["all", "since a time"])
async def test_every_order_is_read_once(tmp_path: Path, part: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    shop = generate(90, 6)
    changed = {order["id"]: order["date_modified_gmt"] for order in shop.orders}
    since = sorted(changed.values())[45] if part else ""
    async with serving(build(shop, Settings(https=True))) as served:
        found = await asyncio.to_thread(load, served.url, tmp_path, since)
    expected = {order_id: total for order_id, total in shown(shop).items() if changed[order_id] > since}
    assert {row["id"]: row["total"] for row in found} == expected
    assert len(found) == len(expected) > 20
