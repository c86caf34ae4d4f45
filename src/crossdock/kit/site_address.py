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
    parts = urlsplit(url)
    port = f"-{parts.port}" if parts.port and parts.port != _DEFAULT_PORTS.get(parts.scheme) else ""
    host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
    whole = f"{host}{port}{parts.path}".lower()
    slug = re.sub(r"[^a-z0-9]+", "-", whole).strip("-")
    if len(slug) <= _LONGEST_UID:
        return slug
    return f"{slug[: _LONGEST_UID - 9]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"
