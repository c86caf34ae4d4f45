"""The screens Connection and Settings in a browser: every state of theirs, on a desk and on a telephone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.plugin.browser.eyes import assert_well, look, need
from tests.plugin.hub_double import HubDouble, answering
from tests.plugin.properties.support import pair
from tests.support.wordpress.site import Site

CONNECTION = "/wp-admin/admin.php?page=crossdock-connection"
SETTINGS = "/wp-admin/admin.php?page=crossdock-settings"
STATUS = "/api/integrations/wordpress/status"


@pytest.fixture(autouse=True)
def _browser() -> None:
    need()


@pytest.fixture
def hub() -> Iterator[HubDouble]:
    with answering() as double:
        yield double


def both(name: str, path: str, *act: list[str], **more: Any) -> list[dict[str, Any]]:
    """A page at two widths."""
    return [
        {"name": f"{name}-{width}", "path": path, "width": width, "act": list(act), "shot": True, **more}
        for width in (1280, 390)
    ]


def test_connecting_step_by_step(site: Site) -> None:
    person = site.session()
    code = "cdp1.aHR0cDovLzEyNy4wLjAuMTox.abcdefghijklmnop"
    wrong = [["click", "details summary"], ["fill", "#crossdock-hub", "http://hub.example"]]
    wrong += [
        ["fill", "#crossdock-key", "cdk_short"],
        ["click", "details button"],
        ["wait", ".crossdock-wrong >> nth=0"],
    ]
    found = look(
        site,
        person,
        [
            *both("connection-none", CONNECTION),
            *both("connection-link", f"{CONNECTION}&pair={code}"),
            *both("connection-wrong", CONNECTION, *wrong),
        ],
    )
    assert_well(found)
    by_name = {one["name"]: one["text"] for one in found}
    assert "The link has brought a pairing code." in by_name["connection-link-1280"]
    assert "Nothing was kept" in by_name["connection-wrong-1280"]


def test_the_connection_test_shows_each_step_as_it_ends(site: Site, hub: HubDouble) -> None:
    hub.says(STATUS, {"code": "bad-signature", "detail": "the signature does not fit", "status": 401}, 401)
    pair(site, hub.url)
    act = [
        ["click", "#crossdock-test button"],
        ["wait", "#crossdock-test-results li:nth-child(4).good, .bad ~ li.good"],
    ]
    found = look(site, site.session(), both("connection-tested", CONNECTION, *act))
    assert_well([{**one, "noise": []} for one in found])
    for one in found:
        assert "The hub itself: In order It answers in" in re.sub(r"\s+", " ", one["text"])
        assert "The hub does not accept the signature (401)." in one["text"]
        assert "The way back into this site:" in one["text"]
        assert one["noise"] == []


def test_a_copy_says_so(site: Site) -> None:
    pair(site)
    site.php(
        """$known = get_option( 'crossdock_connection' ); $known['site']['url'] = 'https://shop.example';
        update_option( 'crossdock_connection', $known );"""
    )
    found = look(site, site.session(), both("connection-copy", CONNECTION))
    assert_well(found)
    assert "Crossdock has stopped sending" in found[0]["text"]


def test_settings_right_and_wrong(site: Site) -> None:
    site.php("Crossdock\\Plugin::container()->get( Crossdock\\Setup\\Backups::class )->make( 'hand' );")
    wrong = [["fill", "#crossdock-retry_days", "99"], ["fill", "#crossdock-alert_email", "nobody"]]
    wrong += [["click", ".crossdock-settings .button-primary"], ["wait", "#crossdock-wrong"]]
    right = [["fill", "#crossdock-retry_days", "9"], ["click", ".crossdock-settings .button-primary"]]
    right += [["wait", ".notice-success"]]
    found = look(
        site,
        site.session(),
        [
            *both("settings", SETTINGS),
            *both("settings-wrong", SETTINGS, *wrong),
        ],
    )
    assert_well(found)
    by_name = {one["name"]: one["text"] for one in found}
    assert "Days a change is tried: Give a number from 1 to 30." in by_name["settings-wrong-1280"]
    # alone: what is said after a form is said once, on the next page of the same person
    found = look(site, site.session(), both("settings-kept", SETTINGS, *right)[:1])
    assert_well(found)
    assert "The settings were kept." in found[0]["text"]
