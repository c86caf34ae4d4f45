"""The screens in a browser: they open without a complaint, are accessible on a desk and on a telephone, and work."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crossdock.settings import Settings
from tests.plugin.browser import eyes
from tests.plugin.journeys.stage import Stage, opened
from tests.support.wordpress.site import Site

SLUGS = (
    "crossdock",
    "crossdock-activity",
    "crossdock-queue",
    "crossdock-mapping",
    "crossdock-statistics",
    "crossdock-tests",
    "crossdock-log",
    "crossdock-connection",
    "crossdock-settings",
)


def pages(slugs: Any = SLUGS) -> list[dict[str, Any]]:
    """Every screen in two widths."""
    return [
        {"name": f"{slug}-{width}", "path": f"/wp-admin/admin.php?page={slug}", "width": width}
        for slug in slugs
        for width in (1280, 390)
    ]


async def look(stage: Stage, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Look while the hub goes on."""
    person = await asyncio.to_thread(stage.site.session)
    return await asyncio.to_thread(eyes.look, stage.site, person, asked)


@pytest.fixture(autouse=True)
def _browser() -> None:
    eyes.need()


async def test_every_screen_is_accessible_and_quiet(settings: Settings, shop: Site) -> None:
    async with opened(settings, shop) as stage:
        number = await stage.order("ada@example.com")
        await stage.send()
        await stage.delivered()
        await stage.order("bob@example.com")
        await stage.php(
            "\\Crossdock\\Plugin::container()->get( \\Crossdock\\Monitor\\Log::class )->error( 'a-code', 'What happened', array( 'attempts' => 3 ) );"
        )
        slugs = await stage.php(
            """do_action( 'admin_menu' ); global $submenu;
            return array_column( $submenu['crossdock'], 2 );""",
            user=1,
            place="admin",
        )
        assert sorted(slugs) == sorted(SLUGS), "a screen is looked at by no test"
        more = [
            {"name": "user", "path": "/wp-admin/user-edit.php?user_id=1", "region": ".crossdock"},
            {"name": "order", "path": f"/wp-admin/post.php?post={number}&action=edit", "region": ".crossdock"},
        ]
        found = await look(stage, pages() + (more[:1] if shop.core.has_woocommerce else more))
        eyes.assert_well(found)
        texts = {one["name"]: one["text"] for one in found}
        assert "What happened" in texts["crossdock-log-1280"]
        assert f"#{number}" in texts["crossdock-activity-1280"]


async def test_the_screens_of_a_site_that_is_not_connected_are_accessible(site: Site) -> None:
    person = await asyncio.to_thread(site.session)
    eyes.assert_well(await asyncio.to_thread(eyes.look, site, person, pages(SLUGS[:1] + SLUGS[-2:])))
