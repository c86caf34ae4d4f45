"""The plugin's unit tests on every PHP from 7.4 to 8.5 (``make test-php``)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tools import plugin_php

from tests.support import machine

TESTS = plugin_php.TESTS


@pytest.fixture(scope="module")
def versions() -> None:
    """PHP in all its versions."""
    machine.need("phpunit")
    if lack := plugin_php.missing():
        reason = f"not on this machine: {lack}"
        if os.environ.get("CI") and lack.startswith("npm ci"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize("version", plugin_php.VERSIONS)
def test_units(version: str) -> None:
    done = plugin_php.phpunit(version)
    assert plugin_php.passed(done), done.stdout[-6000:] + done.stderr[-2000:]
    asked = plugin_php.php(version, "-r", "echo PHP_VERSION;")
    assert asked.stdout.startswith(version)


NOISE = """<?php
use PHPUnit\\Framework\\TestCase;
final class NoiseTest extends TestCase {
    public function test_noise(): void { %s; self::assertTrue( true ); }
}
"""


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize("version", [plugin_php.VERSIONS[0], plugin_php.VERSIONS[-1]])
@pytest.mark.parametrize("noise", ["trigger_error( 'old', E_USER_DEPRECATED )", "echo $undefined", "hex2bin( 'abc' )"])
def test_a_noise_fails_a_test(version: str, noise: str, tmp_path: Path) -> None:
    (tmp_path / "NoiseTest.php").write_text(NOISE % noise, encoding="utf-8")
    done = plugin_php.phpunit(version, str(tmp_path / "NoiseTest.php"))
    assert not plugin_php.passed(done), done.stdout
    assert "ErrorException" in done.stdout


def test_the_lock_pins_every_package_and_names_no_host() -> None:
    text = (TESTS / "package-lock.json").read_text(encoding="utf-8")
    lock = json.loads(text)
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert "node_modules/@php-wasm/cli" in packages
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    assert "http" not in text
    wanted = json.loads((TESTS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
