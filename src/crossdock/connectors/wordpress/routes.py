"""Where a WordPress site's REST API is, and how its routes are asked for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from crossdock.kit.site_address import site_url

STATUS: Final = "/crossdock/v1/status"
COMMANDS: Final = "/crossdock/v1/commands"
INDEX: Final = "/"


class Rest(msgspec.Struct, frozen=True):
    """One site's REST API."""

    base: str
    """Scheme and host, with the port where it is named."""
    path: str
    """Without a slash at its end: ``/blog/wp-json``; with plain permalinks that of its start page: ``/index.php``."""
    query: tuple[tuple[str, str], ...] = ()
    plain: bool = False
    """Routes are asked for as ``?rest_route=``: the site has no permalinks, or its server cannot rewrite addresses."""

    def at(self, route: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Return path and query of a route (``/crossdock/v1/status``)."""
        if self.plain:
            return self.path or "/", (("rest_route", route), *self.query)
        return f"{self.path}{route}", self.query

    @property
    def url(self) -> str:
        """The address as WordPress writes it (``rest_url()``)."""
        more = "&".join(f"{quote(name)}={quote(value)}" for name, value in self.query)
        if self.plain:
            return f"{self.base}{self.path or '/'}?rest_route=/{f'&{more}' if more else ''}"
        return f"{self.base}{self.path}/{f'?{more}' if more else ''}"


def rest_of(rest_url: str) -> Rest:
    """Read what ``rest_url()`` says. Raises ``ValueError``."""
    parts = urlsplit(rest_url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("rest_url: expected a web address, such as https://site.example/wp-json/")
    base = f"{parts.scheme}://{parts.netloc.lower()}"
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    if any(name == "rest_route" for name, _ in query):
        rest = tuple(pair for pair in query if pair[0] != "rest_route")
        return Rest(base, parts.path, rest, plain=True)
    return Rest(base, parts.path.rstrip("/"), query)


def known(config: Mapping[str, Any], account: Mapping[str, Any]) -> Rest:
    """Return where a connection's site is asked: as the site or the check said, else below its address.

    Raises ``ValueError``.
    """
    said = account.get("rest_url")
    if isinstance(said, str) and said:
        return rest_of(said)
    return rest_of(f"{site_url(str(config.get('url', '')))}/wp-json/")


def others(config: Mapping[str, Any], tried: Rest) -> tuple[Rest, ...]:
    """Return the other places where the REST API may be. Raises ``ValueError``."""
    home = site_url(str(config.get("url", "")) or tried.base)
    found = (f"{home}/wp-json/", f"{home}/?rest_route=/", f"{home}/index.php/wp-json/")
    return tuple(rest for rest in map(rest_of, found) if rest != tried)


def clock_ahead_s(account: Mapping[str, Any]) -> float:
    """Return how many seconds the site's clock is ahead of ours, as the watch found; 0 where it is right."""
    ahead = account.get("clock_ahead_s", 0)
    return float(ahead) if isinstance(ahead, int | float) else 0.0
