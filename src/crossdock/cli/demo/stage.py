"""The child process that serves both sandboxes; it ends with its parent (when standard input closes)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys

import orjson

from crossdock.cli import sandboxes
from crossdock.connect.sandbox import serving


async def stand(orders: int, seed: int) -> None:
    """Serve a shop of ``orders`` orders and an empty portal until told to end."""
    shop, portal = sandboxes.build("woocommerce", orders=orders, seed=seed), sandboxes.build("hubspot")
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    os.set_blocking(sys.stdin.fileno(), False)
    loop.add_reader(sys.stdin.fileno(), over.set)
    async with serving(shop.app) as shop_at, serving(portal.app) as portal_at:
        told = {
            "shop": {"url": shop_at.url, "connect": shop.connect(shop_at.url)},
            "portal": {"url": portal_at.url, "connect": portal.connect(portal_at.url)},
        }
        sys.stdout.write(orjson.dumps(told).decode() + "\n")
        sys.stdout.flush()
        await over.wait()


if __name__ == "__main__":
    import uvloop

    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(stand(int(sys.argv[1]), int(sys.argv[2])))
