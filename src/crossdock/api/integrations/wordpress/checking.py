"""Checking a document against a word: every field that breaks a rule is named, with the rule and what to do.

What is told is never what was sent: values may be personal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from crossdock.errors import Invalid

M = TypeVar("M", bound=BaseModel)
_MOST: Final = 20
"""Problems that are named of one document."""
_RULES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "missing": lambda _: "it is required",
    "int_type": lambda _: "expected a whole number",
    "string_type": lambda _: "expected text",
    "bool_type": lambda _: "expected true or false",
    "list_type": lambda _: "expected a list",
    "dict_type": lambda _: "expected an object",
    "model_type": lambda _: "expected an object",
    "model_attributes_type": lambda _: "expected an object",
    "greater_than_equal": lambda ctx: f"expected {ctx['ge']} or more",
    "string_too_long": lambda ctx: f"expected at most {ctx['max_length']} characters",
    "string_too_short": lambda ctx: f"expected at least {ctx['min_length']} characters",
    "too_long": lambda ctx: f"expected at most {ctx['max_length']}",
    "too_short": lambda ctx: f"expected at least {ctx['min_length']}",
    "string_pattern_mismatch": lambda ctx: f"expected text like {ctx['pattern']}",
    "literal_error": lambda ctx: f"expected one of {ctx['expected']}",
    "value_error": lambda ctx: str(ctx["error"]),
}


def problems_of(word: type[BaseModel], document: Any, at: str = "") -> list[dict[str, str]]:
    """Return what is wrong with a document; nothing where all is well."""
    try:
        word.model_validate(document, strict=True)
    except ValidationError as wrong:
        return told(wrong, at)
    return []


def checked(word: type[M], document: Any, at: str = "") -> M:
    """Return the checked word. Raises ``Invalid`` that names every field below ``at``."""
    try:
        return word.model_validate(document, strict=True)
    except ValidationError as wrong:
        raise invalid(told(wrong, at)) from None


def invalid(problems: list[dict[str, str]]) -> Invalid:
    """Return the refusal of a document with these problems."""
    return Invalid(f"{problems[0]['field']}: {problems[0]['rule']}", problems)


def told(wrong: ValidationError, at: str) -> list[dict[str, str]]:
    """Return the problems of a document as they are answered."""
    found = wrong.errors(include_url=False, include_input=False)
    return [_problem(one["type"], one["loc"], one.get("ctx") or {}, at) for one in found[:_MOST]]


def _problem(kind: str, loc: Sequence[str | int], ctx: Mapping[str, Any], at: str) -> dict[str, str]:
    rule = _RULES[kind](ctx) if kind in _RULES else "it is not as the schema says"
    # a rule over several fields names the one to mend itself
    named, colon, rest = rule.partition(": ")
    if colon:
        loc, rule = (*loc, named), rest
    field = path(loc, at)
    remedy = "send it" if kind == "missing" else "send it as the schema says"
    return {"field": field, "rule": rule, "remedy": f"{remedy}: /api/integrations/wordpress/schemas"}


def path(loc: Sequence[str | int], at: str = "") -> str:
    """Return a place in a document: ``data.line_items[0].total``."""
    found = at
    for part in loc:
        found += f"[{part}]" if isinstance(part, int) else f".{part[:100]}" if found else part[:100]
    return found or "body"
