"""``sku-links`` and ``stock`` in a terminal."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from crossdock.settings import Settings
from crossdock.wiring import open_hub
from tests.journey.cli.conftest import Terminal, answer
from tests.support.hub import add_shop, signed


@pytest.fixture
def shop(terminal: Terminal) -> str:
    """A shop with two products, in the terminal's database."""

    async def make() -> None:
        async with open_hub(Settings()) as hub:
            made = await add_shop(hub, "tea-shop")
            for number, sku, quantity in ((1, "WEB-TEA", 5), (2, "WEB-MUG", 2)):
                product: dict[str, Any] = {"id": number, "name": sku, "type": "simple", "status": "publish", "sku": sku}
                product |= {"stock_quantity": quantity, "date_modified_gmt": "2026-11-20T10:00:00"}
                headers, body = signed(product, "product.updated")
                await hub.journey.webhook(made, headers, body)

    del terminal
    asyncio.run(make())
    return "tea-shop"


def test_from_matching_to_offers(terminal: Terminal, shop: str, tmp_path: Path) -> None:
    """Levels, a preview, links, shares, movements, a push."""
    assert answer(terminal("stock", "set", "tea", "12", "--json"))["items"][0]["version"] == 1
    preview = answer(terminal("sku-links", "match", shop, "--strip-prefix", "web-", "--json"))
    assert preview["counts"] == {"matched": 1, "ambiguous": 0, "unmatched": 1, "linked": 0, "applied": 0}
    assert "no hub SKU is like it" in terminal("sku-links", "match", shop, "--strip-prefix", "web-").output
    assert answer(terminal("sku-links", "list", "--json")) == []
    terminal("sku-links", "match", shop, "--strip-prefix", "web-", "--apply", "--json")
    (link,) = answer(terminal("sku-links", "list", "--json"))
    assert (link["hub_sku"], link["store_sku"]) == ("tea", "WEB-TEA")
    answer(terminal("sku-links", "change", link["id"], "--direction", "out", "--push-price", "--json"))
    answer(terminal("stock", "share", shop, "--reserve", "2", "--share", "0.5", "--json"))
    page = answer(terminal("stock", "list", "--store", shop, "--json"))
    assert [(level["sku"], level["on_hand"], level["offered"]) for level in page["items"]] == [("tea", 12, 5)]
    for status in ("changed", "duplicate"):
        moved = answer(terminal("stock", "move", "tea", "--by", "-2", "--reference", "pick-1", "--json"))
        assert moved["items"][0]["status"] == status
    assert [move["delta"] for move in answer(terminal("stock", "moves", "--json"))] == [-2, 12]
    assert answer(terminal("stock", "push", shop, "--json")) == {"links": 1}
    assert answer(terminal("sku-links", "stats", "--json"))[0]["links"] == 1
    assert answer(terminal("sku-links", "resume", "--json")) == {"resumed": 0}
    assert terminal("sku-links", "remove", link["id"]).exit_code == 0
    assert answer(terminal("sku-links", "list", "--json")) == []


def test_files_in_and_out(terminal: Terminal, shop: str, tmp_path: Path) -> None:
    """Links from CSV, levels from lines of JSON; what is wrong is listed and ends with 1."""
    sheet = tmp_path / "links.csv"
    sheet.write_text("store_sku,hub_sku\nWEB-TEA,tea\nWEB-NONE,none\n")
    dry = terminal("sku-links", "import", shop, str(sheet), "--dry-run", "--json")
    assert dry.exit_code == 1
    assert (answer(dry)["created"], answer(dry)["errors"][0]["line"]) == (1, 3)
    assert terminal("sku-links", "import", shop, str(sheet)).exit_code == 1
    assert "1,,WEB-TEA,tea" in terminal("sku-links", "export").stdout
    levels = tmp_path / "levels.ndjson"
    levels.write_bytes(b"\n".join(orjson.dumps({"sku": f"S{n}", "on_hand": n}) for n in range(50)))
    assert terminal("stock", "load", str(levels)).exit_code == 0
    levels.write_text('{"sku": "S1", "on_hand": 1.5}\n')
    refused = terminal("stock", "load", str(levels))
    assert refused.exit_code == 1
    assert "refused" in refused.output


def test_what_runs_low_ends_with_1(terminal: Terminal) -> None:
    terminal("stock", "set", "tea", "2")
    assert terminal("stock", "alerts").exit_code == 0
    answer(terminal("stock", "threshold", "tea", "--low-at", "3", "--json"))
    low = terminal("stock", "alerts", "--json")
    assert low.exit_code == 1
    assert answer(low)[0]["hub_sku"] == "tea"


@pytest.mark.parametrize(
    "words",
    [
        ["sku-links", "add", "nowhere", "1", "tea"],
        ["sku-links", "change", "skl_1"],
        ["sku-links", "list", "--state", "odd"],
        ["sku-links", "import", "nowhere", "/nonexistent.csv"],
        ["stock", "load", "/nonexistent.ndjson"],
        ["stock", "push", "nowhere"],
        ["stock", "list", "--after", "x"],
    ],
)
def test_wrong_use_is_2(terminal: Terminal, words: list[str]) -> None:
    result = terminal(*words)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
