"""Addresses of records at a destination, for people. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from crossdock.connect.manifest import Manifest

_PLACE: Final = re.compile(r"\{([a-z_]+)\}")


def record_url(manifest: Manifest, object_name: str, external_id: str, account: Mapping[str, Any]) -> str | None:
    """Return where people see a record; None where the manifest or the account does not tell."""
    template = manifest.record_urls.get(object_name)
    if template is None or not external_id:
        return None
    facts = {**account, "id": external_id}
    missing = [name for name in _PLACE.findall(template) if not facts.get(name)]
    if missing:
        return None
    return _PLACE.sub(lambda place: quote(str(facts[place[1]]), safe=""), template)
