"""The command line: activity, log, mapping."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.plugin.hub_double import HubDouble, answering
from tests.plugin.properties.support import pair
from tests.plugin.test_mapping_screen import MAPPING, TOLD
from tests.plugin.test_monitoring import ITEM
from tests.support.wordpress.site import Site

BASE = "/api/integrations/wordpress"
LOG = "$l = Crossdock\\Plugin::container()->get( Crossdock\\Monitor\\Log::class );"


@pytest.fixture
def hub(site: Site) -> Any:
    """A hub that answers what a test wrote down, and the site paired with it."""
    with answering() as double:
        pair(site, double.url)
        yield double


def test_activity_is_listed_and_delivered_again(site: Site, hub: HubDouble) -> None:
    hub.says(BASE + "/activity", {"data": {"items": [ITEM, {**ITEM, "deliveries": []}], "next": "c2"}})
    told = site.cli("crossdock activity list --state=dead --search=5 --limit=7 --format=json").json()
    assert [(row["event"], row["state"], row["record_id"]) for row in told] == [
        ("evt_1", "dead", "77"),
        ("evt_1", "", ""),
    ]
    path = hub.asked[-1][1]
    assert {"state=dead", "q=5", "limit=7"} == set(path.partition("?")[2].split("&"))
    assert "--cursor=c2" in site.cli("crossdock activity list").printed
    hub.says(BASE + "/activity/evt_1/resend", {"data": {"replay": "run_1"}}, 202)
    assert site.cli("crossdock activity resend evt_1").status == 0
    assert site.cli("crossdock activity resend evt_2").status == 1


def test_the_log_is_listed_rotated_and_emptied(site: Site) -> None:
    site.sql("DELETE FROM wp_crossdock_log")
    site.php(LOG + "$l->error( 'bad', 'of jane@example.com' ); $l->warning( 'odd', 'x' );")
    assert [row["code"] for row in site.cli("crossdock log list --format=json").json()] == ["odd", "bad"]
    told = site.cli("crossdock log list --level=error --format=json").json()
    assert [row["message"] for row in told] == ["of [e-mail]"]
    assert [row["code"] for row in site.cli("crossdock log list --search=od --format=json").json()] == ["odd"]
    assert "0 lines" in site.cli("crossdock log rotate").printed
    assert site.cli("crossdock log clear").status == 1, "it asks before"
    assert "2 lines" in site.cli("crossdock log clear --yes").printed


def test_mappings_are_listed_read_previewed_and_reset(site: Site, hub: HubDouble) -> None:
    route = {"route": "rte_1", "entity": "customer", "action": "contact", "version": 3, "rules": 2}
    hub.says(BASE + "/mappings", {"data": {"routes": [{**route, "destination": {"name": "Sales"}}]}})
    assert site.cli("crossdock mapping list --format=json").json()[0]["destination"] == "Sales"
    hub.says(BASE + "/mappings/rte_1", {"data": TOLD})
    assert json.loads(site.cli("crossdock mapping get rte_1").printed) == MAPPING
    hub.says(BASE + "/mappings/rte_1/reset", {"data": {"version": 0}})
    assert site.cli("crossdock mapping reset rte_1").status == 0
    made = {"object": "contacts", "name": "email", "value": ["a"], "from": "email", "problem": None}
    hub.says(BASE + "/mappings/rte_1/preview", {"data": {"fields": [made]}})
    told = site.cli("crossdock mapping preview rte_1 customer --id=1 --format=json").json()
    assert told[0]["value"] == '["a"]'
    assert json.loads(hub.asked[-1][3])["data"]["id"] == 1
    assert site.cli("crossdock mapping preview rte_1 customer --id=99999").status == 1


def test_fields_are_listed_and_told(site: Site, hub: HubDouble) -> None:
    hub.says(BASE + "/fields", {"data": {"kept": 1}})
    site.php("update_user_meta( 1, 'loyalty', 'gold' );")
    told = site.cli("crossdock mapping fields customer --fresh --format=json").json()
    assert {"path": "meta_data.loyalty", "type": "text", "sample": "gold"} in told
    assert [path for _, path, _, _ in hub.asked] == [BASE + "/fields"]
    assert site.cli("crossdock mapping fields order --format=json").json() == []
