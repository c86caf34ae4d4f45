"""Sandboxes by their connector's name: what to serve, and how to connect to it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from crossdock.connect import catalogue
from crossdock.connect.sandbox import Asgi
from crossdock.errors import BadInput


class Made(msgspec.Struct, frozen=True):
    """A sandbox that is ready to be served."""

    app: Asgi
    connect: Callable[[str], dict[str, str]]
    """The options of ``crossdock connect`` for the URL it is served at. Its keys are well known and no secrets."""


def build(name: str, *, orders: int = 1000, seed: int = 1, data: Path | None = None) -> Made:
    """Make the sandbox of a connector. Raises ``BadInput`` for one that has none, or for files that are no shop."""
    catalogue.get(name)
    if data is not None and name != "woocommerce":
        raise BadInput("--data is for a shop", field="data", remedy="crossdock sandbox woocommerce --data DIR")
    if name == "woocommerce":
        return _shop(orders, seed, data)
    if name == "hubspot":
        return _portal()
    if name == "webhook":
        return _receiver()
    if name == "wordpress":
        return _site()
    raise BadInput(f"{name} has no sandbox that can be served from here", remedy="its own documentation tells how")


def _module(name: str) -> Any:
    return importlib.import_module(f"crossdock.connectors.{name}.sandbox")


def _shop(orders: int, seed: int, data: Path | None) -> Made:
    room = _module("woocommerce")
    if data is not None and not any(data.glob("*.jsonl")):
        raise BadInput(f"{data} holds no shop", field="data", remedy="it needs orders.jsonl, customers.jsonl and so on")
    try:
        shop = room.generate(orders, seed) if data is None else room.Shop.load(data)
    except ValueError:
        raise BadInput(
            f"a file in {data} is not one JSON document a line", field="data", remedy="export it anew"
        ) from None
    keys = {"key": room.DEFAULT_CONSUMER_KEY, "secret": room.DEFAULT_CONSUMER_SECRET}
    return Made(room.build(shop, room.Settings(seed=seed)), lambda url: {"url": url, **keys, "plain-http": "true"})


def _portal() -> Made:
    room = _module("hubspot")
    app = room.AppFacts(room.APP, room.APP_SECRET, [f"{_here()}/oauth/callback"])
    settings = room.Settings(apps=[app])
    return Made(room.HubSpotSandbox(settings), lambda url: {"token": room.TOKEN, "base-url": url})


def _here() -> str:
    """Return where the hub is reached, as its own settings say."""
    from crossdock.cli.opening import settings

    return (settings().public_url or "http://127.0.0.1:8484").rstrip("/")


def _receiver() -> Made:
    room = _module("webhook")
    return Made(room.app(), lambda url: {"url": f"{url}/hook", "secret": room.SECRET, "plain-http": "true"})


def _site() -> Made:
    room = _module("wordpress")
    site = room.Site()
    for kind in ("customer", "product", "order"):
        site.add(kind)
    keys = {"site-key": room.KEY, "site-secret": room.SECRET}
    return Made(room.build(site), lambda url: {"url": url, **keys, "plain-http": "true"})
