"""Named queries: SQL lives in ``.sql`` files beside its stage and is read once, by aiosql.

Only aiosql's reader is used; the text goes to asyncpg as it is, because a call through aiosql costs a few
microseconds a query on the hot path.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import aiosql

_NAMES: dict[str, str] = {}


def name_of(text: str) -> str | None:
    """Return the name of a statement that was loaded: ``deliver/queue.claim``; None for any other.

    Statements of the very same text share the name that comes first in the alphabet.
    """
    return _NAMES.get(text)


@functools.cache
def load(path: Path) -> Mapping[str, str]:
    """Read a file of ``-- name: some_query`` blocks; parameters are ``$1`` or ``:name`` (numbered as they appear).

    Raises ``FileNotFoundError``, and aiosql's parse errors for a malformed file.
    """
    # it warns of every statement that is not a SELECT and has no operator; how a query is run is the caller's choice
    logging.getLogger("aiosql").setLevel(logging.ERROR)
    read = aiosql.from_path(path, "asyncpg", mandatory_parameters=False)
    names = set(read.available_queries)
    found = {
        name: getattr(read, name).sql
        for name in sorted(names)
        if not (name.endswith("_cursor") and name.removesuffix("_cursor") in names)
    }
    for name, text in found.items():
        told = f"{path.parent.name}/{path.stem}.{name}"
        _NAMES[text] = min(told, _NAMES.get(text, told))
    return MappingProxyType(found)
