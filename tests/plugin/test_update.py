"""Updates from the hub: found, shown, installed; and nothing that the hub has not signed."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crossdock.connect import plugin_package
from tests.plugin.hub_double import HubDouble, answering
from tests.plugin.properties.support import pair
from tests.support.wordpress.boot import booted
from tests.support.wordpress.site import PLUGIN, Site

OURS = "crossdock/crossdock.php"


@pytest.fixture
def hub() -> Iterator[HubDouble]:
    with answering() as double:
        yield double


def release(version: str) -> bytes:
    """Return the plugin's ZIP as if it were of another version."""
    out = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(plugin_package.package()))
    now = plugin_package.version()
    with zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            if name == OURS:
                body = body.replace(f"Version:           {now}".encode(), f"Version:           {version}".encode())
                body = body.replace(
                    f"'CROSSDOCK_VERSION', '{now}'".encode(), f"'CROSSDOCK_VERSION', '{version}'".encode()
                )
                assert body.count(version.encode()) >= 2
            target.writestr(name, body)
    return out.getvalue()


def offer(
    hub: HubDouble, version: str, package: bytes, signer: Ed25519PrivateKey, changed: dict[str, Any] | None = None
) -> None:
    """Let the hub offer a version, signed as the hub signs."""
    needs = ("6.1", "7.4")
    digest = hashlib.sha256(package).hexdigest()
    text = "\n".join(("crossdock-plugin-v1", version, digest, *needs)).encode()
    key = base64.b64encode(signer.public_key().public_bytes_raw()).decode()
    signature = base64.b64encode(signer.sign(text)).decode()
    told: dict[str, Any] = {
        "id": "https://crossdock.example/plugin/crossdock",
        "slug": "crossdock",
        "plugin": OURS,
        "name": "Crossdock",
        "version": version,
        "new_version": version,
        "url": hub.url,
        "package": "https://evil.example/other.zip",
        "requires": needs[0],
        "requires_php": needs[1],
        "tested": "6.9",
        "sha256": digest,
        "sections": {"changelog": "<h4>9.9.9</h4><script>alert(1)</script>"},
        "upgrade_notice": "News",
        "public_key": key,
        "signature": signature,
        "signatures": [{"public_key": key, "signature": signature}],
    }
    told.update(changed or {})
    hub.says("/plugin/update.json", told)
    hub.answers["/plugin/crossdock.zip"] = lambda: (200, {"Content-Type": "application/zip"}, package)


def paired(site: Site, hub: HubDouble) -> None:
    """Pair with a hub whose releases are signed by the key of what it offers now."""
    pair(site, hub.url)
    offered = hub.answers.get("/plugin/update.json")
    key = json.loads(offered()[2])["public_key"] if offered else ""
    note = "Crossdock\\Plugin::container()->get( Crossdock\\Hub\\Credentials::class )->note( array( 'release_key' => $key ) );"
    site.php(note + "do_action( 'crossdock_paired' );", key=key)


def fetched(site: Site, url: str) -> str:
    """Fetch a package as WordPress' upgrader does; returns why it was refused, else its digest."""
    return str(
        site.php(
            """require_once ABSPATH . 'wp-admin/includes/class-wp-upgrader.php';
            $upgrader = new WP_Upgrader( new Automatic_Upgrader_Skin() ); $upgrader->init();
            $file = $upgrader->download_package( $url, false, array( 'plugin' => 'crossdock/crossdock.php' ) );
            return is_wp_error( $file ) ? $file->get_error_code() : hash_file( 'sha256', $file );""",
            user=1,
            place="admin",
            url=url,
        )
    )


CHECK = """wp_update_plugins(); $all = get_site_transient( 'update_plugins' );
return array( $all->response['crossdock/crossdock.php'] ?? null, $all->no_update['crossdock/crossdock.php'] ?? null );"""


def test_a_newer_version_is_found_also_where_wordpress_own_directory_is_out_of_reach(
    site: Site, hub: HubDouble
) -> None:
    offer(hub, "9.9.9", release("9.9.9"), Ed25519PrivateKey.generate())
    paired(site, hub)
    new, same = site.php(CHECK, place="admin")
    assert (new["new_version"], new["package"], same) == ("9.9.9", f"{hub.url}/plugin/crossdock.zip", None)
    shown = site.php(
        """require_once ABSPATH . 'wp-admin/includes/plugin-install.php';
        return plugins_api( 'plugin_information', array( 'slug' => 'crossdock' ) );""",
        place="admin",
    )
    assert shown["version"] == "9.9.9"
    assert "<script>" not in shown["sections"]["changelog"]


def test_wordpress_own_way_of_asking_is_answered(site: Site, hub: HubDouble) -> None:
    offer(hub, "9.9.9", b"zip", Ed25519PrivateKey.generate())
    paired(site, hub)
    ask = "return apply_filters( 'update_plugins_crossdock.example', false, array(), $plugin, array() );"
    assert site.php(ask, plugin=OURS)["version"] == "9.9.9"
    assert site.php(ask, plugin="other/other.php") is False


def test_the_present_version_is_no_update_and_a_site_without_a_hub_asks_nobody(site: Site, hub: HubDouble) -> None:
    offer(hub, plugin_package.version(), b"zip", Ed25519PrivateKey.generate())
    assert site.php(CHECK, place="admin") == [None, None]
    assert hub.asked == []
    paired(site, hub)
    new, same = site.php(CHECK, place="admin")
    assert new is None
    assert same["new_version"] == plugin_package.version()


def test_only_what_the_noted_key_has_signed_is_fetched(site: Site, hub: HubDouble) -> None:
    signer, stranger, package = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), release("9.9.9")
    zip_url = f"{hub.url}/plugin/crossdock.zip"
    offer(hub, "9.9.9", package, signer)
    paired(site, hub)
    assert fetched(site, zip_url) == hashlib.sha256(package).hexdigest()

    assert fetched(site, "https://evil.example/other.zip") == "crossdock_foreign"
    offer(hub, "9.9.9", package, stranger)
    assert fetched(site, zip_url) == "crossdock_key"
    offer(hub, "9.9.9", package, signer, {"version": "9.9.8"})
    assert fetched(site, zip_url) == "crossdock_signature"
    offer(hub, "9.9.9", package, signer, {"signatures": []})
    assert fetched(site, zip_url) == "crossdock_unsigned"
    offer(hub, "0.9.0", release("0.9.0"), signer)
    assert fetched(site, zip_url) == "crossdock_older"
    offer(hub, "9.9.9", package, signer)
    hub.answers["/plugin/crossdock.zip"] = lambda: (200, {"Content-Type": "application/zip"}, package + b" ")
    assert fetched(site, zip_url) == "crossdock_digest"
    del hub.answers["/plugin/update.json"]
    assert fetched(site, zip_url) == "crossdock_unsigned"


def test_other_plugins_are_left_alone(site: Site) -> None:
    assert (
        site.php("return apply_filters( 'upgrader_pre_download', false, 'https://x.example/a.zip', null, array() );")
        is False
    )


def test_an_update_is_installed_and_the_settings_come_through(hub: HubDouble) -> None:
    signer = Ed25519PrivateKey.generate()
    offer(hub, "9.9.9", release("9.9.9"), signer)
    with booted() as site:
        link = site.folder / "wp-content/plugins/crossdock"
        link.unlink()  # what is updated is a copy: never the working tree
        shutil.copytree(PLUGIN, link)
        assert site.activate() == ""
        paired(site, hub)
        site.php(
            """Crossdock\\Plugin::container()->get( Crossdock\\Settings\\Settings::class )->keep(
                array( 'retry_days' => 9 ) );"""
        )
        done = site.php(
            """require_once ABSPATH . 'wp-admin/includes/class-wp-upgrader.php';
            wp_update_plugins(); $skin = new Automatic_Upgrader_Skin();
            $done = ( new Plugin_Upgrader( $skin ) )->upgrade( 'crossdock/crossdock.php' );
            return array( $done, $skin->get_upgrade_messages() );""",
            user=1,
            place="admin",
        )
        assert done[0] is True, done[1]
        assert site.activate() == ""  # the screen does so when the update is done
        assert site.php("return CROSSDOCK_VERSION;") == "9.9.9"
        assert site.php("return get_option( 'crossdock_settings' )['retry_days'];") == 9
        assert site.php("return get_option( 'crossdock_backups' )[0]['why'];") == "update"
        assert site.complaints() == []
