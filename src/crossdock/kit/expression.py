"""Expressions on a document (JMESPath) that cannot take long: each part reads what the part before it gave, once.

Allowed are paths, indexes, slices, filters, flattening, pipes, literals, comparisons, ``||``, ``&&``, ``!`` and calls
of a few functions. Lists and objects cannot be built: a part could then give more than it got, and a short text grow
without bound. So the work is at most the number of parts times the size of the document.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError

MAX_TEXT: Final = 500
MAX_PARTS: Final = 50
_PARTS: Final = frozenset(
    {
        *("and_expression", "comparator", "current", "field", "filter_projection", "flatten", "function_expression"),
        *("identity", "index", "index_expression", "literal", "not_expression", "or_expression", "pipe", "projection"),
        *("slice", "subexpression", "value_projection"),
    }
)
_FUNCTIONS: Final = frozenset(
    {"contains", "ends_with", "length", "max", "min", "not_null", "reverse", "starts_with", "to_number", "to_string"}
)

Read = Callable[[Any], Any]


def compiled(text: str) -> Read:
    """Return what reads a value from a document. Raises ``ValueError`` naming the rule that the text breaks.

    What cannot be read (a function on a value it does not take) is None.
    """
    search, parts = parsed(text, MAX_PARTS)
    for part in parts:
        if part["type"] not in _PARTS:
            raise ValueError(f"an expression may hold no {part['type'].replace('_', ' ')}")
        if part["type"] == "function_expression" and part["value"] not in _FUNCTIONS:
            raise ValueError(f"an expression may not call {part['value']}")

    def read(document: Any) -> Any:
        try:
            return search(document)
        except (JMESPathError, TypeError, ValueError, RecursionError):
            return None

    return read


def parsed(text: str, most: int) -> tuple[Read, list[Any]]:
    """Return what evaluates a JMESPath text, and its parts, of which there may be ``most``.

    Which parts may stand in it and what becomes of its errors is the caller's. Raises ``ValueError`` with the rule that
    the text breaks.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"an expression has at most {MAX_TEXT} characters")
    try:
        ready = jmespath.compile(text)
    except (JMESPathError, ValueError, RecursionError) as wrong:
        raise ValueError(f"the expression is no JMESPath ({type(wrong).__name__})") from None
    parts = _parts(ready.parsed)
    if len(parts) > most:
        raise ValueError(f"an expression has at most {most} parts")
    return ready.search, parts


def _parts(tree: Any) -> list[Any]:
    found, left = [], [tree]
    while left:
        part = left.pop()
        if isinstance(part, dict) and "type" in part:
            found.append(part)
            left.extend(part.get("children", ()))
    return found
