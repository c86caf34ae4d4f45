"""Trying a site says apart what can be wrong, and finds its REST API wherever it is."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.connect.connector import CheckResult
from crossdock.connectors.wordpress.check import Diagnosis
from crossdock.connectors.wordpress.client import SiteClient
from crossdock.connectors.wordpress.source import SiteSource
from tests.contract.wordpress.harness import HARNESS, SiteBench


async def tried(bench: SiteBench, **access: Any) -> CheckResult:
    return await Diagnosis(bench.access(**access)).result()


async def test_a_good_site_tells_what_it_is() -> None:
    async with HARNESS.open() as bench:
        found = await tried(bench)
        assert found.ok, found.problem
        assert found.account["rest_url"] == f"{bench.url}/wp-json/"
        assert found.account["site_url"] == bench.url
        assert (found.account["plugin"], found.account["time_zone"]) == ("1.0.0", "Europe/Berlin")
        assert found.account_uid.startswith("127-0-0-1-")
        assert found.account["name"] == "Sandbox Tea"
        assert await bench.requests() == 2


async def test_plain_permalinks_are_found_and_used() -> None:
    async with HARNESS.open(plain_permalinks=True) as bench:
        found = await tried(bench)
        assert found.ok, found.problem
        assert found.account["rest_url"] == f"{bench.url}/?rest_route=/"
        assert any("rest_route" in warning for warning in found.warnings)
        client = SiteClient(bench.access(account=found.account))
        before = await bench.requests()
        assert (await client.status())["versions"]["plugin"] == "1.0.0"
        assert await bench.requests() == before + 1


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"plugin": False}, "plugin-missing"),
        ({"plugin": False, "plain_permalinks": True}, "plugin-missing"),
        ({"firewall": "html"}, "rest-blocked"),
        ({"firewall": "captcha"}, "not-json"),
        ({"firewall": "password"}, "password"),
        ({"clock_ahead_s": 900.0}, "clock-skew"),
        ({"home": "https://other.example"}, "another-site"),
        ({"paired": False}, "unpaired"),
    ],
)
async def test_what_is_wrong_is_said_apart(settings: dict[str, Any], code: str) -> None:
    async with HARNESS.open(**settings) as bench:
        account = {"site_url": bench.url, "instance": "5a0d5a94-3c1e-4b4e-9c0b-0d1b0c9f7a11"}
        found = await tried(bench, account=account)
        assert (found.ok, found.code) == (False, code)
        assert found.problem
        assert found.remedy


async def test_a_wrong_clock_is_named_with_its_distance() -> None:
    async with HARNESS.open(clock_ahead_s=900.0) as bench:
        found = await tried(bench)
        assert "15 minutes" in found.problem
        again = await tried(bench, account={"clock_ahead_s": 900})
        assert again.ok, "calls are signed by the site's clock once it is known"


@pytest.mark.parametrize(
    ("access", "code"),
    [
        ({"key": "cdk_" + "wrong" * 8}, "unknown-key"),
        ({"secret": "cds_" + "wrong" * 8}, "bad-signature"),
        ({"secret": ""}, "not-paired"),
        ({"url": "http://127.0.0.1:1"}, "unreachable"),
        ({"url": "https://nothing.invalid"}, "egress"),
        ({"url": "ftp://site.example"}, "wrong-url"),
    ],
)
async def test_keys_and_addresses_are_said_apart(access: dict[str, Any], code: str) -> None:
    async with HARNESS.open() as bench:
        found = await tried(bench, **access)
        # a name is looked up only behind the guard; a machine without DNS says unknown-host
        assert found.code in {code, "unknown-host" if code == "egress" else code}
        assert found.remedy


async def test_a_server_without_wordpress_is_a_wrong_address() -> None:
    async with HARNESS.open(plain_permalinks=True, plugin=False) as bench:
        found = await tried(bench, url=f"{bench.url}/_sandbox/nowhere")
        assert found.code == "wrong-url"


@pytest.mark.parametrize(
    ("status", "code"), [({"next_errors": 5}, "site-down"), ({"throttle_share": 1.0}, "throttled")]
)
async def test_a_server_in_trouble_is_said_apart(status: dict[str, Any], code: str) -> None:
    async with HARNESS.open() as bench:
        await bench.turn(**status)
        assert (await tried(bench)).code == code


async def test_an_entity_that_is_asked_for_is_sent_again_by_the_site_itself() -> None:
    async with HARNESS.open() as bench:
        order = bench.site.add("order")
        bench.site.outbox.clear()
        with pytest.raises(Exception, match="send it again"):
            await SiteSource(bench.good).fetch("order", str(order["id"]), None)
        (row,) = bench.site.outbox
        assert (row["kind"], row["ref"], row["origin"]) == ("order", order["id"], "resend")
        page = await SiteSource(bench.good).page("order", None, full=True)
        assert (page.items, page.done) == ((), True)
