"""What a checkout pays for the WordPress plugin, while the hub refuses, swallows packets, or answers after 30 s.

Two shops that are alike but for the plugin are asked in turns, so that both meet the same noise; the plugin's schedule
runs all the while. A checkout that fails ends the measurement: what is quick because it broke is no figure. Pages are
answered by PHP's own web server with its code cached in shared memory, as PHP-FPM has it.

``python -m bench.plugin_checkout [scale]``: 200 checkouts a case and shop at scale 1. Needs what the suite ``plugin``
needs; with ``CROSSDOCK_TEST_WP`` it measures a real WooCommerce instead of the stand-in.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.plugin.conftest import SHOP, STANDIN
from tests.plugin.journeys.stage import checkout
from tests.plugin.properties.support import pair
from tests.support.wordpress.boot import booted
from tests.support.wordpress.site import Site

CHECKOUTS = 200
WARM = 20
RUN_EVERY_S = 30.0
"""As often as the plugin's settings allow."""
RESAMPLES = 1000


@contextlib.contextmanager
def refusing() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextlib.contextmanager
def swallowing() -> Iterator[str]:
    """An address whose queue of connections is full: the kernel drops further packets, as a firewall does."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def slow(seconds: float = 30.0) -> Iterator[str]:
    """A hub that takes every request and answers late."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(caller: socket.socket) -> None:
        with caller, contextlib.suppress(OSError):
            caller.recv(65536)
            over.wait(seconds)
            caller.sendall(b"HTTP/1.1 503 Slow\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def accept() -> None:
        with contextlib.suppress(OSError):
            while not over.is_set():
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.close()


CASES: dict[str, Callable[[], contextlib.AbstractContextManager[str]]] = {
    "refuses": refusing,
    "drops packets": swallowing,
    "answers in 30 s": slow,
}


PRODUCT = """$p = new WC_Product_Simple(); $p->set_name( 'Tea' ); $p->set_regular_price( '12.50' );
$p->set_manage_stock( true ); $p->set_stock_quantity( 1000000 ); return $p->save();"""
"""There is more of it than all cases buy: a shop that is sold out answers quickly, with an error."""

METER = """<?php
// Notes the processor's time of each request that places an order, from WordPress' first hook to the very end.
if ( 'checkout' === ( $_GET['wc-ajax'] ?? '' ) ) {
	$spent = static function () {
		$used = getrusage();
		$whole = $used['ru_utime.tv_sec'] + $used['ru_stime.tv_sec'];
		$rest  = $used['ru_utime.tv_usec'] + $used['ru_stime.tv_usec'];
		return $whole * 1e3 + $rest / 1e3;
	};
	$began = $spent();
	$note = static function () use ( $began, $spent ) {
		$line = ( $spent() - $began ) . "\\n";
		file_put_contents( dirname( ABSPATH ) . '/meter.log', $line, FILE_APPEND | LOCK_EX );
	};
	add_action( 'shutdown', $note, PHP_INT_MAX );
}
"""
"""A shop's own plugin that measures what other load on the machine hides: time of the processor, not of the wall."""


class Shop:
    """A shop, its product, and how long its checkouts took."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.product = int(site.php(PRODUCT, user=1))
        self.took: list[float] = []
        self.meter = site.home / "meter.log"
        (site.folder / "wp-content/mu-plugins/20-meter.php").write_text(METER, encoding="utf-8")
        # the administration's first page ends WooCommerce's installation: other tables and mails from then on
        site.session().get("/wp-admin/")

    def ways(self) -> list[list[str]]:
        """Return which of WooCommerce's ways of working are on."""
        return self.site.sql(
            "SELECT option_name, option_value FROM wp_options WHERE option_name LIKE 'woocommerce%enabled'"
            " OR option_name = 'woocommerce_newly_installed' ORDER BY option_name"
        )

    def warm(self) -> None:
        """Forget what was measured so far."""
        self.took = []
        self.meter.unlink(missing_ok=True)

    def spent(self) -> list[float]:
        """Milliseconds of the processor, one a checkout."""
        return [float(line) for line in self.meter.read_text(encoding="utf-8").split()]

    def buy(self, number: int) -> None:
        """Buy one piece; only the request that places the order is timed."""
        visitor = self.site.visitor()
        post = visitor.post

        def timed(*args: object, **more: object) -> object:
            began = time.perf_counter()
            answer = post(*args, **more)  # type: ignore[arg-type]
            self.took.append((time.perf_counter() - began) * 1000)
            return answer

        visitor.post = timed  # type: ignore[assignment,method-assign]
        checkout(self.site, self.product, f"person{number}@example.com", visitor=visitor)


def part(values: list[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


def between(without: list[float], with_it: list[float]) -> list[float]:
    """Return between what the p95's difference lies in nine of ten samples of these pairs: how sure it is."""
    drawn, pairs = random.Random(0), list(zip(with_it, without, strict=True))
    found = []
    for _ in range(RESAMPLES):
        some = drawn.choices(pairs, k=len(pairs))
        found.append(part([one for one, _ in some], 0.95) - part([other for _, other in some], 0.95))
    return [round(part(found, share), 1) for share in (0.05, 0.95)]


@contextlib.contextmanager
def scheduled(site: Site) -> Iterator[None]:
    """Let the site's schedule run every few seconds, as its host does."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(RUN_EVERY_S):
            site.php("do_action( \\Crossdock\\Outbox\\Timetable::HOOK );", place="cron")

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def measured(case: str, hub: str, off: Shop, on: Shop, times: int) -> dict[str, object]:
    """Buy in both shops in turns."""
    pair(on.site, hub)
    for number in range(WARM + times):
        if number == WARM:
            off.warm()
            on.warm()
        # who goes first takes turns as well
        for shop in (off, on) if number % 2 else (on, off):
            shop.buy(number)
    assert off.ways() == on.ways(), "the shops differ in more than the plugin"
    assert len(off.took) == len(on.took) == len(off.spent()) == len(on.spent()) == times
    row: dict[str, object] = {"the hub": case, "checkouts": times, "load": round(os.getloadavg()[1], 1)}
    for what, with_it, without in (("", on.took, off.took), ("processor ", on.spent(), off.spent())):
        for share, name in ((0.5, "p50"), (0.95, "p95")):
            row[f"{what}off {name} ms"] = round(part(without, share), 1)
            row[f"{what}{name} differs ms"] = round(part(with_it, share) - part(without, share), 2)
        # one checkout with, one without, a moment apart: what disturbs the machine disturbs both
        row[f"{what}pair differs ms"] = round(part([a - b for a, b in zip(with_it, without, strict=True)], 0.5), 2)
    row["p95 differs between ms"] = between(off.took, on.took)
    row["waiting"] = on.site.sql("SELECT COUNT(*) FROM wp_crossdock_outbox WHERE state <> 'sent'")[0][0]
    return row


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Measure the three cases."""
    times = max(20, int(CHECKOUTS * scale))
    rows = []
    with booted(standin=Path(STANDIN)) as plain, booted(standin=Path(STANDIN)) as site:
        for one in (plain, site):
            one.php(SHOP, user=1, place="admin")
        assert site.activate() == ""
        for case, hub in CASES.items():
            with hub() as url, scheduled(site):
                rows.append(measured(case, url, Shop(plain), Shop(site), times))
    return rows


if __name__ == "__main__":
    for line in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(line))
