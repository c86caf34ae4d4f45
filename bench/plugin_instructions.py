"""What a page pays for the WordPress plugin, in instructions of PHP: other load on the machine cannot change them.

The same shop answers the same three pages (a product put into the cart, the checkout, the order placed) without the
plugin and with it, under ``valgrind --tool=callgrind``, fifty times slower than usual; the database is not counted.

``python -m bench.plugin_instructions``: needs ``valgrind`` and what :mod:`bench.plugin_checkout` needs.
"""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from tests.plugin.conftest import SHOP, STANDIN
from tests.plugin.journeys.stage import checkout
from tests.plugin.properties.support import pair
from tests.support.wordpress.boot import booted
from tests.support.wordpress.process import running
from tests.support.wordpress.site import HERE, Browser, Site

from bench.plugin_checkout import Shop
from crossdock.cli.demo.ground import free_port

PAGES = ("into the cart", "checkout", "order placed")
WARM, COUNTED = 2, 3
LEAST = 5_000_000
"""A page of fewer instructions is none of WordPress'."""
_TOTAL = re.compile(r"^totals: (\d+)", re.MULTILINE)


class Beside(Browser):
    """Asks another server for the site's own pages."""

    def __init__(self, site: Site, port: int) -> None:
        super().__init__(f"http://127.0.0.1:{port}")
        self.headers["Host"] = site.url.removeprefix("http://")

    def request(self, *args: Any, **more: Any) -> requests.Response:
        """Ask patiently, and go nowhere else."""
        return super().request(*args, **{**more, "timeout": 600, "allow_redirects": False})


@contextlib.contextmanager
def counting(site: Site, out: Path) -> Iterator[int]:
    """Serve the site once more, by one process whose instructions are written down after each request."""
    port = free_port()
    tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}/page"]
    tool += ["--zero-before=php_request_startup", "--dump-after=php_request_shutdown"]
    # the collector of cycles works once in ten thousand roots, which is chance on a page that has about as many
    settings = {"display_errors": "0", "memory_limit": "512M", "max_execution_time": "0", "zend.enable_gc": "0"}
    given = [word for name, value in settings.items() for word in ("-d", f"{name}={value}")]
    php = ["php", *given, "-S", f"127.0.0.1:{port}", "-t", str(site.folder), str(HERE / "router.php")]
    with running([*tool, *php], out / "said.log"):
        Site(site.home, site.core, site.server, port).wait_until_up()
        yield port


def counted(site: Site, product: int) -> dict[str, float]:
    """Return the millions of instructions of each page."""
    with tempfile.TemporaryDirectory(dir=site.home) as home:
        out = Path(home)
        with counting(site, out) as port:
            for number in range(WARM + COUNTED):
                checkout(site, product, f"person{number}@example.com", visitor=Beside(site, port))
        dumps = sorted(out.glob("page.*"), key=lambda path: int(path.suffix[1:]))
        totals = [int(found[1]) for path in dumps if (found := _TOTAL.search(path.read_text(errors="replace")))]
    pages = [total for total in totals if total > LEAST]
    assert len(pages) == len(PAGES) * (WARM + COUNTED), totals
    whole = {name: sorted(pages[len(PAGES) * WARM + at :: len(PAGES)]) for at, name in enumerate(PAGES)}
    return {name: round(values[len(values) // 2] / 1e6, 1) for name, values in whole.items()}


def main() -> list[dict[str, object]]:
    """Count without the plugin and with it."""
    with booted(standin=Path(STANDIN)) as site:
        site.php(SHOP, user=1, place="admin")
        shop = Shop(site)
        off = counted(site, shop.product)
        assert site.activate() == ""
        pair(site, "http://127.0.0.1:9")
        on = counted(site, shop.product)
    return [
        {"page": name, "off": off[name], "on": on[name], "more %": round((on[name] / off[name] - 1) * 100, 2)}
        for name in PAGES
    ]


if __name__ == "__main__":
    for line in main():
        print(json.dumps(line))
