"""Addresses of records at a vendor, for people. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from crossdock.connect.manifest import Manifest

_PLACE: Final = re.compile(r"\{([a-z_]+)\}")


def record_url(manifest: Manifest, object_name: str, external_id: str, account: Mapping[str, Any]) -> str | None:
    """Return where people see a record at a destination; None where the manifest or the account does not tell."""
    return _filled(manifest.record_urls.get(object_name), external_id, account)


def entity_url(manifest: Manifest, stream: str, external_id: str, account: Mapping[str, Any]) -> str | None:
    """Return where people see an entity at its source; None where the manifest or the account does not tell."""
    template = next((one.record_url for one in manifest.streams if one.name == stream), None)
    return _filled(template, external_id, account)


def _filled(template: str | None, external_id: str, account: Mapping[str, Any]) -> str | None:
    if not template or not external_id:
        return None
    facts = {**account, "id": external_id}
    if any(not facts.get(name) for name in _PLACE.findall(template)):
        return None
    first = _PLACE.match(template)
    base = ""
    if first is not None:
        base, template = str(facts[first[1]]).rstrip("/"), template[first.end() :]
    address = base + _PLACE.sub(lambda place: quote(str(facts[place[1]]), safe=""), template)
    return address if urlsplit(address).scheme in ("http", "https") else None


def account_pages(manifest: Manifest, account: Mapping[str, Any]) -> dict[str, str]:
    """Return the account's own pages for people: name -> address; one whose facts are not known is left out."""
    found = {name: _filled(template, "-", account) for name, template in manifest.pages.items()}
    return {name: url for name, url in found.items() if url is not None}
