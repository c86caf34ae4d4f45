"""The hub serves its plugin: the ZIP, and update metadata that only its own key can have signed."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile

import aiohttp
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.applications import Starlette

from crossdock.api.plugin_files import PluginFiles, Release, as_html
from crossdock.connect import plugin_package
from crossdock.connect.sandbox import serving
from crossdock.govern.vault import Vault
from crossdock.wiring import Hub
from tests.journey.doors.street import Street


def verified(public_key: str, signature: str, text: bytes) -> bool:
    """Check as a site does, with the key it was given at pairing."""
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key)).verify(base64.b64decode(signature), text)
    except InvalidSignature:
        return False
    return True


async def test_the_zip_is_the_plugin(doors: Street) -> None:
    answer = await doors.get("/plugin/crossdock.zip")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/zip"
    assert plugin_package.version() in answer.headers["content-disposition"]
    names = zipfile.ZipFile(io.BytesIO(answer.body)).namelist()
    assert "crossdock/crossdock.php" in names
    assert {name.split("/")[0] for name in names} == {"crossdock"}
    again = await doors.get("/plugin/crossdock.zip", None, **{"If-None-Match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


async def test_the_metadata_says_what_wordpress_asks_for_and_is_signed(hub: Hub, doors: Street) -> None:
    told = (await doors.get("/plugin/update.json")).json
    package = (await doors.get("/plugin/crossdock.zip")).body
    header = plugin_package.header()
    assert told["slug"] == "crossdock"
    assert told["plugin"] == "crossdock/crossdock.php"
    assert told["version"] == told["new_version"] == header["Version"]
    assert (told["requires"], told["requires_php"]) == (header["Requires at least"], header["Requires PHP"])
    assert told["tested"]
    assert told["package"] == f"{doors.url}/plugin/crossdock.zip"
    assert told["sha256"] == hashlib.sha256(package).hexdigest()
    assert told["size"] == len(package)
    assert "<h4>" in told["sections"]["changelog"]
    text = f"crossdock-plugin-v1\n{told['version']}\n{told['sha256']}\n{told['requires']}\n{told['requires_php']}"
    assert told["public_key"] == hub.vault.release_key
    assert verified(hub.vault.release_key, told["signature"], text.encode())
    assert not verified(hub.vault.release_key, told["signature"], text.replace("1", "2", 1).encode())


async def test_the_address_is_the_one_that_sites_reach_the_hub_at(hub: Hub) -> None:
    release = Release("1.0.0", b"zip", "00", "6.1", "7.4", "6.9", "", {})
    told = PluginFiles(hub).told(release, "https://hub.example/folder")
    assert told["package"] == "https://hub.example/folder/plugin/crossdock.zip"


def test_a_new_master_key_signs_beside_the_old_one() -> None:
    old, new = bytes(range(32)), bytes(range(32, 64))
    before, after = Vault((old,)), Vault((new, old))
    known = before.release_key
    assert after.release_key != known
    signed = {one.public_key: one.signature for one in after.sign_release(b"text")}
    assert verified(known, signed[known], b"text")
    assert verified(after.release_key, signed[after.release_key], b"text")
    assert known not in {one.public_key for one in Vault((new,)).sign_release(b"text")}


async def test_without_a_plugin_the_doors_say_what_to_do(hub: Hub) -> None:
    def none() -> Release:
        raise FileNotFoundError("no plugin")

    app = Starlette(routes=PluginFiles(hub, none).routes())
    async with serving(app) as served, aiohttp.ClientSession() as session:
        for path in ("crossdock.zip", "update.json"):
            async with session.get(f"{served.url}/plugin/{path}") as answer:
                problem = await answer.json(content_type="application/problem+json")
                assert (answer.status, problem["code"]) == (404, "not-found")
                assert "wheel" in problem["remedy"]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("= 1.0.0 =\n* One `x`\n* Two", "<h4>1.0.0</h4>\n<ul><li>One <code>x</code></li><li>Two</li></ul>"),
        ("1. First\n2. Second", "<ol><li>First</li><li>Second</li></ol>"),
        ("<script>alert(1)</script>\nmore", "<p>&lt;script&gt;alert(1)&lt;/script&gt; more</p>"),
        ("", ""),
    ],
)
def test_readme_becomes_harmless_html(text: str, made: str) -> None:
    assert as_html(text) == made
