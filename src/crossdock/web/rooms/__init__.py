"""The pages, one room a file: each file's ``ROOM`` holds its own; they are found by looking into this folder."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from crossdock.web.page import Page


@cache
def all_pages() -> tuple[Page, ...]:
    """Return every page of every room; an address with fixed words goes before one with a name in its place."""
    found: list[Page] = []
    for room in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{room.name}")
        if hasattr(module, "ROOM"):
            found += module.ROOM.pages
    return tuple(sorted(found, key=lambda page: [part.startswith("{") for part in page.route.split("/")]))
