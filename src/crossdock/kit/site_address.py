"""The address of a web site as people type it, and the short stable name of the site behind it. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import Final
from urllib.parse import urlsplit

_TAIL: Final = re.compile(r"/(?:wp-json|wp-admin|wp-login\.php|index\.php)(?:/.*)?\Z")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_LONGEST_UID: Final = 60


def site_url(typed: str) -> str:
    """Return the site's address without what people paste along with it (a slash, wp-admin, a query).

    An address without a scheme is https. Raises ``ValueError`` when it is no web address.
    """
    text = typed.strip()
    if "://" not in text:
        text = f"https://{text}"
    parts = urlsplit(text)
    if parts.scheme.lower() not in _DEFAULT_PORTS or not parts.hostname or parts.username is not None:
        raise ValueError("url: expected the site's web address, such as https://shop.example")
    path = _TAIL.sub("", parts.path).rstrip("/")
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{path}"


def account_uid(url: str) -> str:
    """Return a site's short stable name from its address: host, port and folder, in ``[a-z0-9-]``.

    http and https are the same site. A name that would be longer than 60 ends in a piece of its hash.
    """
    whole = _place(url).lower()
    slug = re.sub(r"[^a-z0-9]+", "-", whole).strip("-")
    if len(slug) <= _LONGEST_UID:
        return slug
    return f"{slug[: _LONGEST_UID - 9]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def site_pointed_to(location: str) -> str:
    """Return the site that a redirect's ``Location`` points to; empty when it names none."""
    try:
        return site_url(location) if "://" in location else ""
    except ValueError:
        return ""


def same_address(one: str, other: str) -> bool:
    """Tell whether two addresses as people type them name one site; http and https are the same.

    With or without a scheme, with a slash at the end, in letters of any size (of a folder's name: as it is written).
    What is no address names no site.
    """
    try:
        return _place(site_url(one)) == _place(site_url(other))
    except ValueError:
        return False


def _place(url: str) -> str:
    """Return host, port (where it is not the scheme's own) and folder."""
    parts = urlsplit(url)
    port = f"-{parts.port}" if parts.port and parts.port != _DEFAULT_PORTS.get(parts.scheme) else ""
    host = parts.hostname.encode("idna").decode("ascii") if parts.hostname else ""
    return f"{host}{port}{parts.path}"
