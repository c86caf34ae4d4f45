"""The command line: status, pairing, test, settings, backups, hazards."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugin.hub_double import HubDouble, answering
from tests.plugin.properties.support import KEY, SECRET, pair
from tests.support.wordpress.site import Site

BASE = "/api/integrations/wordpress"
CONNECTION = {"id": "con_1", "name": "Shop", "connector": "wordpress", "joined": False}


@pytest.fixture
def hub() -> Iterator[HubDouble]:
    with answering() as double:
        yield double


def code(hub: HubDouble) -> str:
    return f"cdp1.{base64.urlsafe_b64encode(hub.url.encode()).decode().rstrip('=')}.token-of-the-test"


def test_status_needs_no_hub(site: Site) -> None:
    told = site.cli("crossdock status --format=json").json()
    assert (told["paired"], told["trouble"], told["outbox"]["waiting"], told["copy"]) == (False, "unpaired", 0, "")
    pair(site)
    assert site.cli("crossdock status --format=json").json()["hub"] == "https://hub.example"
    assert SECRET not in site.cli("crossdock status").printed


def test_a_site_is_paired_tested_and_disconnected(site: Site, hub: HubDouble) -> None:
    told = {
        "key": KEY,
        "secret": SECRET,
        "signature_required": True,
        "connection": CONNECTION,
        "limits": {"items": 100},
    }
    hub.says(f"{BASE}/pair", {"data": told, "meta": {}}, 201)
    done = site.cli(f"crossdock pair {shlex.quote(code(hub))}")
    assert done.status == 0, done
    sent = json.loads(next(body for _, path, _, body in hub.asked if path.endswith("/pair")))
    assert sent["code"] == "token-of-the-test"
    assert sent["site"]["url"] == site.url
    hub.says(f"{BASE}/disconnect", {"data": {}, "meta": {}})
    assert site.cli("crossdock disconnect").status == 1, "it asks before"
    assert site.cli("crossdock disconnect --yes").status == 0
    asked = [(method, path, headers["x-crossdock-key"]) for method, path, headers, _ in hub.asked if "disc" in path]
    assert asked == [("POST", f"{BASE}/disconnect", KEY)]
    assert site.cli("crossdock disconnect --yes").status == 1


def test_a_refused_code_is_told_with_its_remedy(site: Site, hub: HubDouble) -> None:
    refusal = {"code": "expired-code", "detail": "the pairing code was used", "status": 410}
    hub.says(f"{BASE}/pair", refusal, 410)
    assert site.cli(f"crossdock pair {code(hub)}").status == 1
    assert site.php("return get_option( 'crossdock_connection', 'none' );") == "none"


def test_a_connection_by_hand_that_the_hub_does_not_know_leaves_the_one_before(site: Site, hub: HubDouble) -> None:
    pair(site)
    hub.says(f"{BASE}/status", {"code": "unknown-key", "detail": "the key is not known", "status": 401}, 401)
    other = "cdk_" + "o" * 40
    tried = site.php(
        """putenv( 'CROSSDOCK_SECRET=cds_ooooooooooooooooooooooooooo' );
        try { \\WP_CLI::call( array( 'crossdock', 'connect', $hub, $key ) ); return 0; }
        catch ( \\WP_CLI_Stop $stop ) { return $stop->getCode(); }""",
        place="cli",
        hub=hub.url,
        key=other,
    )
    assert tried == 1
    kept = site.php("return Crossdock\\Plugin::container()->get( Crossdock\\Hub\\Credentials::class )->read();")
    assert kept == {"key": KEY, "secret": SECRET}
    assert site.cli("crossdock status --format=json").json()["hub"] == "https://hub.example"


def test_the_test_ends_with_1_when_a_step_fails_and_0_when_all_is_well(site: Site, hub: HubDouble) -> None:
    pair(site, hub.url)
    assert site.cli("crossdock test --format=json").status == 1

    def status() -> tuple[int, dict[str, str], bytes]:
        kind = {"Content-Type": "application/json"}
        if "x-crossdock-signature" not in hub.asked[-1][2]:
            return 401, kind, json.dumps({"code": "unknown-key", "detail": "no key"}).encode()
        return 200, kind, json.dumps({"data": {"connection": CONNECTION, "limits": {}}, "meta": {}}).encode()

    hub.answers[f"{BASE}/status"] = status
    done = site.cli("crossdock test --format=json")
    assert [(one["step"], one["ok"]) for one in done.json()] == [
        (step, "yes") for step in ("name", "hub", "key", "clock", "back")
    ], done
    assert done.status == 0


def test_settings_are_read_kept_exported_and_imported(site: Site, tmp_path: Path) -> None:
    assert site.cli("crossdock settings get retry_days").printed.strip() == "5"
    assert site.cli("crossdock settings set retry_days 9").status == 0
    assert site.cli("crossdock settings set retry_days 99").status == 1
    assert site.cli("crossdock settings set nothing 1").status == 1
    assert site.cli("crossdock settings get nothing").status == 1
    assert site.cli("crossdock settings get --format=json").json()["retry_days"] == 9
    file = tmp_path / "settings.json"
    assert site.cli(f"crossdock settings export {file}").status == 0
    site.cli("crossdock settings set send_logins yes")
    site.cli("crossdock settings set retry_days 2")
    assert site.cli(f"crossdock settings import {file}").status == 0
    assert site.cli("crossdock settings get retry_days").printed.strip() == "9"
    assert site.cli("crossdock settings get send_logins").printed.strip() == "no"
    file.write_text("{}")
    assert site.cli(f"crossdock settings import {file}").status == 1
    assert site.cli(f"crossdock settings import {tmp_path}/nothing").status == 1


def test_backups_are_listed_made_and_put_back(site: Site) -> None:
    assert site.cli("crossdock backup make").status == 0
    site.cli("crossdock settings set retry_days 9")
    listed = site.cli("crossdock backup list --format=json").json()
    assert [one["why"] for one in listed] == ["hand"]
    assert site.cli(f"crossdock backup restore {listed[0]['id']}").status == 0
    assert site.cli("crossdock settings get retry_days").printed.strip() == "5"
    assert site.cli("crossdock backup restore nothing").status == 1


def test_hazards_and_copies(site: Site) -> None:
    pair(site)
    late = site.php("wp_schedule_single_event( time() - 7200, 'anything' ); return true;")
    assert late
    found = site.cli("crossdock hazards --format=json")
    assert "cron-off" in [one["code"] for one in found.json()]
    assert found.status == 1
    site.php(
        """$known = get_option( 'crossdock_connection' ); $known['site']['url'] = 'https://shop.example';
        update_option( 'crossdock_connection', $known );"""
    )
    assert site.cli("crossdock status --format=json").json()["copy"] == "address"
    assert site.cli("crossdock copy perhaps").status == 1
    assert site.cli("crossdock copy anew").status == 0
    assert site.cli("crossdock status --format=json").json()["paired"] is False
