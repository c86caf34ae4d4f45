"""Whether a request comes from this very machine: for pages that have no login."""

from __future__ import annotations

import re
from collections.abc import Container

_LOCAL = ("127.0.0.1", "::1", "localhost")
_NAME = re.compile(r"\[?([0-9a-zA-Z.:-]+?)\]?(?::[0-9]{1,5})?")
_PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip")


def from_here(client: str, host: str, headers: Container[str]) -> bool:
    """Whether it comes from this machine, by a local name (not one rebound in somebody's DNS) and through no proxy."""
    name = _NAME.fullmatch(host)
    passed_on = any(header in headers for header in _PASSED_ON)
    return client in _LOCAL and name is not None and name[1].lower() in _LOCAL and not passed_on
