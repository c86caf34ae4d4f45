"""Digests of parsed documents: equal content gives equal bytes, whatever the spelling of the JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

VERSION = 1
"""Goes up when the rule below changes; a record keeps the version its digest was made with."""


def digest(document: Mapping[str, Any], volatile: frozenset[str] = frozenset()) -> bytes:
    """Return 32 bytes over the document with sorted keys, without its ``volatile`` top-level keys."""
    kept = {k: v for k, v in document.items() if k not in volatile} if volatile else document
    return hashlib.sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).digest()
