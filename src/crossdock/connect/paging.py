"""How lists are read on: small pure helpers. A cursor is plain JSON and a link's host is never followed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urljoin, urlsplit

import msgspec

Cursor = TypeVar("Cursor", bound=msgspec.Struct)

_LINK = re.compile(r"<([^<>]*)>\s*((?:;\s*[\w*]+\s*=\s*(?:\"[^\"]*\"|[^\s\",;]+)\s*)*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]+))", re.IGNORECASE)


class PagingBroken(ValueError):
    """A vendor's way on makes no sense: following it would loop, or leave the list."""


def load(raw: Mapping[str, Any], cursor: type[Cursor]) -> Cursor:
    """Read a saved cursor into a connector's own struct. Raises ``ValueError``."""
    try:
        return msgspec.convert(dict(raw), cursor)
    except msgspec.ValidationError as problem:
        raise ValueError(f"cursor: {problem}") from None


def save(cursor: msgspec.Struct) -> dict[str, Any]:
    """Return a cursor as plain JSON."""
    kept: dict[str, Any] = msgspec.to_builtins(cursor)
    return kept


def next_page(page: int, got: int, size: int) -> int | None:
    """Page numbers (WooCommerce, WordPress): the next one; None after a page that is not full."""
    return page + 1 if got >= size else None


def next_offset(offset: int, got: int, size: int, total: int | None = None) -> int | None:
    """Offsets (Mailchimp): where the next page begins.

    With a ``total`` the list ends there, since a page may be short without being the last; an empty page always ends.
    """
    if got == 0:
        return None
    reached = offset + got
    if total is not None:
        return reached if reached < total else None
    return reached if got >= size else None


def after(document: Any, path: str, last: str | None = None) -> str | None:
    """Cursors (HubSpot ``paging.next.after``, Square ``cursor``, Slack ``response_metadata.next_cursor``).

    Returns the cursor at a dotted path; None when it is absent or empty. Raises :class:`PagingBroken` when it is
    ``last`` again, which would never end.
    """
    found = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if found is None or found == "":
        return None
    cursor = str(found)
    if cursor == last:
        raise PagingBroken("the vendor gave the same cursor twice")
    return cursor


def last_id(items: Sequence[Mapping[str, Any]], has_more: bool, key: str = "id") -> str | None:
    """Keysets (Stripe ``starting_after``): the last item's id; None when there is no more."""
    return str(items[-1][key]) if items and has_more else None


def links(header: str | None) -> dict[str, str]:
    """Read a Link header (RFC 8288) into relation -> URL; the first of each relation counts."""
    found: dict[str, str] = {}
    for match in _LINK.finditer(header or ""):
        for quoted, bare in _REL.findall(match[2]):
            for relation in (quoted or bare).lower().split():
                found.setdefault(relation, match[1])
    return found


def linked_query(header: str | None, path: str, relation: str = "next") -> tuple[tuple[str, str], ...] | None:
    """Return the query of a Link, to be sent to our own base URL; None when there is no such link.

    The link's host is the vendor's idea of itself, which behind a proxy may be wrong or unreachable (vendor sheet
    WooCommerce 22), and a token must never follow it. Its path has to end as ours does. Raises :class:`PagingBroken`.
    """
    url = links(header).get(relation)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        raise PagingBroken("the vendor's link cannot be read") from None
    if not parts.path.rstrip("/").endswith(path.rstrip("/")):
        raise PagingBroken("the vendor's link leaves the list")
    return tuple(parse_qsl(parts.query, keep_blank_values=True))


def onward(url: str, base_url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return (path, query) below our base URL of an opaque "next" address, whole or beginning with ``/``.

    For Salesforce (``nextRecordsUrl``), Twilio (``next_page_uri``) and FHIR (link ``next``). Raises
    :class:`PagingBroken` when it leaves the base: a token follows nothing to another host.
    """
    base = base_url.rstrip("/")
    try:
        parts, ours = urlsplit(urljoin(base + "/", url)), urlsplit(base)
    except ValueError:
        raise PagingBroken("the vendor's next address cannot be read") from None
    below = parts.path == ours.path or parts.path.startswith(ours.path + "/")
    if (parts.scheme, parts.netloc) != (ours.scheme, ours.netloc) or not below or "/../" in parts.path + "/":
        raise PagingBroken("the vendor's next address leaves the API")
    return parts.path[len(ours.path) :], tuple(parse_qsl(parts.query, keep_blank_values=True))


def without_proof(query: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Drop the signature and keys of the last call from a link's query: each call brings its own."""
    return tuple(p for p in query if not p[0].startswith("oauth_") and p[0] not in ("consumer_key", "consumer_secret"))
