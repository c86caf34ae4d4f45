"""Installing a site and serving it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crossdock.cli.demo.ground import free_port
from tests.support import machine
from tests.support.process import running
from tests.support.wordpress import core as cores
from tests.support.wordpress.mariadb import serving
from tests.support.wordpress.site import ADMIN, HERE, PASSWORD, PLUGIN, Site

WORKERS = 6
COMMANDS = ("php", "mariadbd", "mariadb-install-db", "mariadb")
MODULES = ("curl", "mbstring", "mysqli", "xml", "zip")


@contextlib.contextmanager
def booted(plugin: Path = PLUGIN, *, standin: Path | None = None, **constants: Any) -> Iterator[Site]:
    """Serve a freshly installed WordPress with the plugin's folder in place (not yet activated).

    ``standin``: a must-use plugin that stands in for WooCommerce; left out where a real one is at hand.
    """
    machine.need(*COMMANDS, modules=MODULES)
    core = cores.find()
    with machine.quick_folder("crossdock-wp-") as home, serving(home) as server:
        site = Site(home, core, server, free_port(), constants=constants)
        _install(site, plugin, standin)
        arguments = [*("-S", f"127.0.0.1:{site.port}", "-t", str(site.folder)), str(HERE / "router.php")]
        settings = [*("-d", "error_reporting=-1", "-d", "display_errors=0", "-d", "opcache.validate_timestamps=1")]
        settings += ["-d", "opcache.revalidate_freq=0", "-d", "memory_limit=512M"]
        # a test puts a folder in the place of the plugin's link: PHP would believe in it for two minutes more
        settings += ["-d", "realpath_cache_size=0"]
        with running(["php", *settings, *arguments], home / "php.log", PHP_CLI_SERVER_WORKERS=str(WORKERS)):
            site.wait_until_up()
            yield site


def _install(site: Site, plugin: Path, standin: Path | None) -> None:
    site.core.lay_out(site.folder)
    content = site.folder / "wp-content"
    (content / "plugins" / "crossdock").symlink_to(plugin)
    shutil.copyfile(HERE / "watch.php", content / "mu-plugins" / "00-watch.php")
    real = site.core.has_woocommerce
    if standin is not None and not real:
        (content / "mu-plugins" / "10-standin.php").write_text(
            f"<?php require '{standin}/standin.php';", encoding="utf-8"
        )
    site.configure()
    site.server.run(f"CREATE DATABASE {site.database} CHARACTER SET utf8mb4")
    site.php(
        f"""wp_install( 'Test site', '{ADMIN}', 'admin@example.com', true, '', '{PASSWORD}' );
        return true;""",
        place="install",
    )
    site.php(
        """$GLOBALS['wp_rewrite']->set_permalink_structure( '/%postname%/' );
        flush_rewrite_rules( false );
        wp_delete_post( 1, true ); wp_clear_scheduled_hook( 'wp_version_check' );""",
        user=1,
        place="admin",
    )
    if real and standin is not None:
        assert site.activate("woocommerce") == ""
        site.php("WC_Install::check_version(); return true;", user=1, place="admin")
    site.forget()
    site.keep()
