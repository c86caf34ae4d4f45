"""Where WordPress itself comes from.

Debian's package ``wordpress`` is fetched once and unpacked into the cache, without installing it (it would bring a web
server). ``CROSSDOCK_TEST_WP`` names a folder with another WordPress, usually one that holds a real WooCommerce.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import machine

PAGE = "<?php wp_head(); while ( have_posts() ) { the_post(); the_content(); } wp_footer();"
"""The whole of the tests' theme."""

LAYOUT = 2
"""Raised when the cached folder is laid out anew."""

PACKAGES = ("wordpress", "php-getid3", "libjs-underscore", "libjs-cropper")


@dataclass(frozen=True)
class Core:
    """A WordPress that nobody writes to; sites are linked copies of it."""

    folder: Path
    version: str
    given: bool

    @property
    def has_woocommerce(self) -> bool:
        """Whether a real WooCommerce lies in it."""
        return (self.folder / "wp-content/plugins/woocommerce/woocommerce.php").is_file()

    def lay_out(self, site: Path) -> None:
        """Make a site's tree: hard links where the disk allows it, copies elsewhere."""
        shutil.copytree(self.folder, site, symlinks=True, copy_function=_link)
        for name in ("wp-config.php", ".htaccess"):
            (site / name).unlink(missing_ok=True)
        for name in ("plugins", "mu-plugins", "uploads", "themes/blank"):
            (site / "wp-content" / name).mkdir(parents=True, exist_ok=True)
        theme = site / "wp-content/themes/blank"
        (theme / "style.css").write_text("/*\nTheme Name: Blank\n*/", encoding="utf-8")
        (theme / "index.php").write_text(PAGE, encoding="utf-8")


def find() -> Core:
    """Return the WordPress that is named, or Debian's; skip when there is neither."""
    if given := os.environ.get("CROSSDOCK_TEST_WP"):
        folder = Path(given).expanduser().resolve()
        if not (folder / "wp-includes/version.php").is_file():
            pytest.fail(f"CROSSDOCK_TEST_WP names {folder}, which holds no WordPress")
        return Core(folder, _version(folder), given=True)
    folder = machine.cache() / f"wordpress-debian-{LAYOUT}"
    with machine.alone("wordpress"):
        if not folder.is_dir():
            _unpack(folder)
    return Core(folder, _version(folder), given=False)


def _version(folder: Path) -> str:
    found = re.search(r"\$wp_version = '([^']+)'", (folder / "wp-includes/version.php").read_text(encoding="utf-8"))
    assert found, f"{folder} names no version"
    return found[1]


def _unpack(folder: Path) -> None:
    fresh = folder.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for package in PACKAGES:
        machine.download(package, fresh / "root")
    share = fresh / "root/usr/share"
    for link in [path for path in share.rglob("*") if path.is_symlink()]:
        _settle(link, fresh / "root")
    (share / "wordpress").rename(fresh / "wordpress")
    shutil.rmtree(fresh / "root")
    (fresh / "wordpress").rename(folder)
    fresh.rmdir()


def _settle(link: Path, root: Path) -> None:
    """Put the file that a link names in its place: the packages point into one another and into the system."""
    target = link.readlink()
    inside = root / target.relative_to("/") if target.is_absolute() else link.parent / target
    link.unlink()
    for source in (inside, target):
        if source.is_absolute() and source.is_file():
            shutil.copyfile(source, link)
            return


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
