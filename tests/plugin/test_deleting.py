"""Deleting the plugin on the plugins screen: refused while something was not sent, confirmed by the link, nothing left."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from html import unescape

import pytest

from tests.plugin.test_setup import TRACES
from tests.support.wordpress.boot import booted
from tests.support.wordpress.site import PLUGIN, Site

OURS = "crossdock/crossdock.php"
WAITING = """INSERT INTO wp_crossdock_outbox (event_id, kind, action, next_at, created_at, changed_at)
    VALUES (UUID(), 'order', 'saved', NOW(3), NOW(3), NOW(3))"""


@pytest.fixture(scope="module")
def own_home() -> Iterator[Site]:
    """A site with files of its own: what is deleted is never the working tree."""
    with booted() as site:
        folder = site.folder / "wp-content/plugins/crossdock"
        folder.unlink()
        yield site


@pytest.fixture
def own(own_home: Site) -> Iterator[Site]:
    own_home.reset()
    folder = own_home.folder / "wp-content/plugins/crossdock"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PLUGIN, folder)
    assert own_home.activate() == ""
    yield own_home
    # once the folder is gone the watch takes every path for ours: WordPress' own lament about its directory is none
    assert [one for one in own_home.complaints() if "WordPress.org" not in one["what"]] == []


def test_the_screen_refuses_says_how_many_and_deletes_when_it_is_confirmed(own: Site) -> None:
    own.sql(WAITING)
    own.deactivate()
    browser = own.session()
    page = browser.get("/wp-admin/plugins.php").text
    nonce = re.search(r'"ajax_nonce":"([0-9a-f]+)"', page)
    assert nonce
    form = {"action": "delete-plugin", "slug": "crossdock", "plugin": OURS, "_ajax_nonce": nonce[1]}
    refused = browser.post("/wp-admin/admin-ajax.php", data=form).json()
    assert refused["success"] is False
    assert "1 change of this site has not reached the hub yet" in refused["data"]["errorMessage"]
    assert (own.folder / "wp-content/plugins" / OURS).is_file()
    assert own.sql("SELECT COUNT(*) FROM wp_crossdock_outbox") == [["1"]]

    link = re.search(r'href="([^"]+)"', refused["data"]["errorMessage"])
    assert link
    asked = browser.get(unescape(link[1])).text
    action = re.search(r'<form method="post" action="([^"]+)"', asked)
    assert action
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', asked[action.start() :]))
    done = browser.post(unescape(action[1]), data={name: unescape(value) for name, value in fields.items()})
    assert done.status_code == 200
    assert not (own.folder / "wp-content/plugins/crossdock").exists()
    assert own.sql(TRACES) == []


def test_without_a_script_the_refusal_is_a_page_of_its_own(own: Site) -> None:
    own.sql(WAITING)
    own.deactivate()
    browser = own.session()
    nonce = browser.nonce("/wp-admin/plugins.php")
    form = {"verify-delete": "1", "action": "delete-selected", "checked[]": OURS, "_wpnonce": nonce}
    answer = browser.post("/wp-admin/plugins.php", data=form)
    assert answer.status_code == 409
    assert "Delete it with what was not sent" in answer.text
    assert (own.folder / "wp-content/plugins" / OURS).is_file()


def test_an_empty_queue_is_deleted_without_a_question(own: Site) -> None:
    own.deactivate()
    browser = own.session()
    form = {"verify-delete": "1", "action": "delete-selected", "checked[]": OURS}
    form["_wpnonce"] = browser.nonce("/wp-admin/plugins.php")
    assert browser.post("/wp-admin/plugins.php", data=form).status_code == 200
    assert not (own.folder / "wp-content/plugins/crossdock").exists()
    assert own.sql(TRACES) == []
