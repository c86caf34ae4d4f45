"""The site and a real hub: paired by the screen, tested, told apart from its copy, updated, disconnected."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import pytest
import pytest_asyncio

from crossdock.settings import Settings
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, rows, street
from tests.plugin.test_settings_screens import CONNECTION, send
from tests.plugin.test_update import fetched
from tests.support.wordpress.site import ROOT, Site

GET = "Crossdock\\Plugin::container()->get( Crossdock\\"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Let the hub know an address of its own."""
    return settings.model_copy(update={"public_url": "https://hub.example"})


@pytest_asyncio.fixture
async def doors(hub: Hub) -> AsyncIterator[Street]:
    """A caller in front of the hub's open doors."""
    async with street(hub) as opened:
        yield opened


async def code(hub: Hub, doors: Street, **more: Any) -> str:
    """Make a pairing code of the hub as it is reached here."""
    made = await hub.pairing.code(await hub.tenants.find(), actor="test", **more)
    address = base64.urlsafe_b64encode(doors.url.encode()).decode().rstrip("=")
    return f"cdp1.{address}.{made.code.rpartition('.')[2]}"


async def paired(site: Site, hub: Hub, doors: Street) -> None:
    """Pair by the link and its button, as a person does."""
    link = f"{CONNECTION}&pair={await code(hub, doors)}"
    answer = await asyncio.to_thread(_press, site, link)
    assert "This site is connected." in answer


def _press(site: Site, link: str) -> str:
    browser = site.session()
    brought = re.search(r'name="code"[^>]* value="([^"]+)"', browser.get(link).text)
    assert brought
    return _words(send(browser, CONNECTION, "connection-pair", code=brought[1]).text)


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


async def php(site: Site, text: str, **given: Any) -> Any:
    return await asyncio.to_thread(site.php, text, **given)


async def test_a_site_is_paired_by_the_link_tested_and_disconnected(site: Site, hub: Hub, doors: Street) -> None:
    await paired(site, hub, doors)
    kept = await php(site, "return get_option( 'crossdock_connection' );")
    assert (kept["hub"], kept["connection"]["connector"]) == (doors.url, "wordpress")
    known = await hub.sites.list(await hub.tenants.find())
    assert [(one["url"], one["facts"]["plugin"]) for one in known] == [(site.url, "1.0.0")]

    tested = await asyncio.to_thread(site.cli, "crossdock test --format=json")
    assert [(one["step"], one["ok"]) for one in tested.json()] == [
        (step, "yes") for step in ("name", "hub", "key", "clock", "back")
    ]
    page = await asyncio.to_thread(lambda: site.session().get(CONNECTION).text)
    assert kept["connection"]["name"] in page
    assert f"Disconnect “Test site” from {doors.url}?" in page
    stored = await asyncio.to_thread(site.sql, "SELECT option_value FROM wp_options")
    assert not re.search("cd[ks]_", str(stored)), "key and secret are sealed"

    said = await asyncio.to_thread(lambda: _words(send(site.session(), CONNECTION, "connection-leave").text))
    assert "the hub has revoked its key" in said
    assert await hub.sites.list(await hub.tenants.find()) == []


async def test_a_code_is_good_once(site: Site, hub: Hub, doors: Street) -> None:
    made = await code(hub, doors)
    assert (await asyncio.to_thread(site.cli, f"crossdock pair {made}")).status == 0
    told = await php(
        site,
        f"""$answer = {GET}Hub\\Pairing::class )->pair( $made );
        return array( $answer->code(), ( new Crossdock\\Hub\\Diagnosis( $answer, microtime( true ) ) )->cause );""",
        made=made,
    )
    assert told == ["expired-code", "expired-code"]
    told = await php(site, f"return {GET}Hub\\Pairing::class )->pair( $made )->code();", made=made[:-4] + "xxxx")
    assert told == "unknown-code"
    assert (await asyncio.to_thread(site.cli, "crossdock test --format=json")).status == 0, "the first pairing holds"


async def test_pairing_anew_ends_the_key_before_and_keeps_the_connection(site: Site, hub: Hub, doors: Street) -> None:
    await paired(site, hub, doors)
    first = await php(site, "return get_option( 'crossdock_connection' )['connection']['id'];")
    await paired(site, hub, doors)
    again = await php(site, "return get_option( 'crossdock_connection' )['connection'];")
    assert (again["id"], again["joined"]) == (first, True)
    assert len(await hub.sites.list(await hub.tenants.find())) == 1


async def test_the_hub_refuses_a_copy_and_the_site_names_the_cause(site: Site, hub: Hub, doors: Street) -> None:
    await paired(site, hub, doors)
    cause = f"""$pairing = {GET}Hub\\Pairing::class );
        $found = new Crossdock\\Hub\\Diagnosis( $pairing->status(), microtime( true ) + $ahead );
        return array( $found->cause, null === $found->skew ? null : (int) round( $found->skew / 100 ) );"""
    assert await php(site, cause, ahead=0) == ["ok", 0]
    moved = "add_filter( 'option_home', function () { return 'https://copy.example'; } );"
    assert (await php(site, moved + cause, ahead=0))[0] == "another-site"
    skewed = """require_once $double; $c = Crossdock\\Plugin::container();
        $c->put( Crossdock\\Wp\\Clock::class, new Crossdock\\Tests\\FixedClock( microtime( true ) + $ahead ) );"""
    double = str(ROOT / "plugin/tests/doubles/FixedClock.php")
    assert await php(site, skewed + cause, ahead=1000, double=double) == ["clock-skew", 10]
    wrong = "Crossdock\\Plugin::container()->get( Crossdock\\Hub\\Credentials::class )"
    await php(
        site,
        f"""$pair = {wrong}->read(); $known = {wrong}->connection();
        {wrong}->keep( $known['hub'], $pair['key'], 'cds_' . str_repeat( 'w', 43 ), $known );""",
    )
    assert (await php(site, cause, ahead=0))[0] == "bad-signature"
    await php(
        site,
        f"""$known = {wrong}->connection();
        {wrong}->keep( $known['hub'], 'cdk_' . str_repeat( 'w', 43 ), 'cds_x', $known );""",
    )
    assert (await php(site, cause, ahead=0))[0] == "unknown-key"


async def test_salts_that_were_changed_are_told_apart(site: Site, hub: Hub, doors: Street) -> None:
    await paired(site, hub, doors)
    trouble = f"return {GET}Hub\\Credentials::class )->trouble();"
    other = "add_filter( 'salt', function ( $salt ) { return $salt . 'other'; } );"
    assert await php(site, trouble) == ""
    assert await php(site, other + trouble) == "salts-changed"
    damaged = (
        "add_filter( 'option_crossdock_secret', function ( $kept ) { return substr( $kept, 0, -8 ) . 'AAAAAAA='; } );"
    )
    assert await php(site, damaged + trouble) == "damaged"


async def test_the_hub_s_own_release_is_verified_by_the_key_noted_at_pairing(
    site: Site, hub: Hub, doors: Street
) -> None:
    await paired(site, hub, doors)
    noted = await php(site, "return get_option( 'crossdock_connection' )['release_key'];")
    assert noted == hub.vault.release_key
    digest = await asyncio.to_thread(fetched, site, f"{doors.url}/plugin/crossdock.zip")
    told = (await doors.get("/plugin/update.json")).json
    assert digest == told["sha256"]


async def test_deleting_the_plugin_ends_its_key_at_the_hub(site: Site, hub: Hub, doors: Street) -> None:
    await paired(site, hub, doors)
    await asyncio.to_thread(site.deactivate)
    await php(site, "uninstall_plugin( 'crossdock/crossdock.php' );", user=1, place="admin")
    assert await hub.sites.list(await hub.tenants.find()) == []
    ended = await rows(hub, "SELECT count(*) AS n FROM site_key WHERE revoked_at IS NOT NULL")
    assert ended[0]["n"] == 1
