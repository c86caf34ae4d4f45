"""The plugin's ZIP, readme, licence and translation template."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from tools import plugin_pot

from crossdock.connect import plugin_package
from crossdock.kit.archive import zipped
from tests.support import machine

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "plugin" / "crossdock"


def test_two_builds_are_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From another copy of the sources, made in another order, with other times and modes, in another time zone."""
    first = plugin_package.build(tmp_path).read_bytes()
    copy = tmp_path / "copy" / "crossdock"
    for path in sorted(PLUGIN.rglob("*"), reverse=True):
        if path.is_file():
            target = copy / path.relative_to(PLUGIN)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o600)
            os.utime(target, (1, 1))
    monkeypatch.setattr(plugin_package, "sources", lambda: copy)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        second = plugin_package.build(tmp_path / "second.zip").read_bytes()
    finally:
        monkeypatch.undo()
        time.tzset()
    assert second == first


def test_the_zip_depends_on_what_is_in_it() -> None:
    assert zipped({"a": b"1", "b": b"2"}) == zipped({"b": b"2", "a": b"1"})
    assert zipped({"a": b"1"}) != zipped({"a": b"2"})


def test_the_zip_holds_the_plugin_and_nothing_else() -> None:
    with zipfile.ZipFile(io.BytesIO(plugin_package.package())) as archive:
        names = archive.namelist()
    assert {"crossdock/crossdock.php", "crossdock/readme.txt", "crossdock/LICENSE"} <= set(names)
    assert "crossdock/languages/crossdock.pot" in names
    assert {Path(name).parts[0] for name in names} == {"crossdock"}
    assert [name for name in names if "/." in name or "/tests/" in name or name.endswith((".lock", ".map"))] == []


def test_every_place_names_one_version() -> None:
    main = (PLUGIN / "crossdock.php").read_text(encoding="utf-8")
    constant = re.search(r"define\( 'CROSSDOCK_VERSION', '([^']+)' \)", main)
    readme = (PLUGIN / "readme.txt").read_text(encoding="utf-8")
    assert constant
    assert constant[1] == plugin_package.version() == _field(readme, "Stable tag")
    changes = readme.partition("== Changelog ==")[2]
    assert f"= {plugin_package.version()} =" in changes


def test_the_readme_says_what_the_header_says() -> None:
    readme = (PLUGIN / "readme.txt").read_text(encoding="utf-8")
    header = plugin_package.header()
    assert readme.startswith(f"=== {header['Plugin Name']} ===\n")
    for name in ("Requires at least", "Requires PHP", "License", "License URI"):
        assert _field(readme, name) == header[name], name
    short = readme.split("\n\n")[1]
    assert 20 < len(short) <= 150
    assert {"Description", "Installation", "Frequently Asked Questions", "Changelog"} <= set(
        re.findall(r"^== (.+) ==$", readme, re.MULTILINE)
    )


def _field(readme: str, name: str) -> str:
    found = re.search(rf"^{re.escape(name)}: (.+)$", readme, re.MULTILINE)
    assert found, f"readme.txt has no field {name}"
    return found[1]


def test_the_wheel_carries_the_plugin(tmp_path: Path) -> None:
    """Built as it is released, it makes the same ZIP."""
    made = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "wheel")
    script = "import sys, hashlib; from crossdock.connect import plugin_package as p; import crossdock"
    script += "; assert crossdock.__file__.startswith(sys.argv[1]); print(hashlib.sha256(p.package()).hexdigest())"
    asked = [sys.executable, "-c", script, str(tmp_path / "wheel")]
    done = subprocess.run(
        asked, env={**os.environ, "PYTHONPATH": str(tmp_path / "wheel")}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == hashlib.sha256(plugin_package.package()).hexdigest()


def test_the_translation_template_is_current() -> None:
    assert plugin_pot.POT.read_text(encoding="utf-8") == plugin_pot.template(), "run make plugin-pot"


def test_the_translation_template_is_read_by_gettext() -> None:
    machine.need("msgfmt")
    done = subprocess.run(
        ["msgfmt", "--check-format", "--check-header", "-o", "-", str(plugin_pot.POT)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


EXAMPLE = r"""<html><?php
/* translators: %s: a name. */
$a = sprintf( __( 'Hello %s, it\'s "you"', 'crossdock' ), $name );
esc_html_e( "two\nlines", 'crossdock' ); // esc_html_e( 'in a comment', 'crossdock' );
$b = _n( 'one', '%d of ' . 'them', count( array( 1, 2 ) ), 'crossdock' );
$c = _x( 'Post', 'verb', 'crossdock' ); $d = $this->__( 'not ours' ); $e = "__( 'in a string', 'crossdock' )";
function __( $x ) {} ?> __( 'in the page' ) <p><?= esc_html__( 'short', 'crossdock' ) ?></p>"""


def test_the_texts_of_a_file_are_found() -> None:
    found = list(plugin_pot.calls(EXAMPLE))
    assert [(call.function, call.arguments) for call in found] == [
        ("__", ('Hello %s, it\'s "you"', "crossdock")),
        ("esc_html_e", ("two\nlines", "crossdock")),
        ("_n", ("one", "%d of them", None, "crossdock")),
        ("_x", ("Post", "verb", "crossdock")),
        ("esc_html__", ("short", "crossdock")),
    ]
    assert [call.remark for call in found] == ["translators: %s: a name.", "", "", "", ""]


@pytest.mark.parametrize("call", ["__( $text, 'crossdock' )", "__( 'text' )", "__( 'text', 'other' )"])
def test_a_text_that_cannot_be_translated_is_told(tmp_path: Path, call: str) -> None:
    shutil.copyfile(PLUGIN / "crossdock.php", tmp_path / "crossdock.php")
    (tmp_path / "bad.php").write_text(f"<?php {call};", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"bad\.php"):
        plugin_pot.template(tmp_path)
