"""One field rule, checked and made ready to run."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from jmespath.exceptions import JMESPathError

from crossdock.flow.map import paths
from crossdock.flow.map.transforms import TABLE, Transform, Unfit, text
from crossdock.kit import expression
from crossdock.model.mapping import Rule, WhenMissing

MAX_TEMPLATE = 1000
MAX_PARTS = 200
"""Parts an expression may be made of: bounds what one rule can cost per entity."""
MAX_GROWTH = 256
"""How many times what it read an expression may hold at once, through lists and objects that it builds."""
MAX_TEXTS = 2
"""Calls of to_string: each may double what was quoted before."""
MAX_ENTITY = 2_000_000
"""Bytes (JSON) of the largest entity an expression is run on: its time is at most parts times size."""

Builtins = Callable[[], Any]
Read = Callable[[tuple[Any, ...], tuple[Any, ...], Builtins], Any]


class Reading:
    """Collects the paths the rules of one object need, so that all are read with one call."""

    def __init__(self, word: type[msgspec.Struct] | None, root_word: type[msgspec.Struct] | None) -> None:
        self.word, self.root_word = word, root_word
        self.own: list[str] = []
        self.root: list[str] = []

    def slot(self, path: str) -> tuple[bool, int]:
        """Return (whether it is of the whole entity, its place). Raises ``ValueError`` for a path that is none."""
        above = path.startswith("$.")
        bare, word, places = (path[2:], self.root_word, self.root) if above else (path, self.word, self.own)
        wrong = paths.check(bare, word)
        if wrong:
            raise ValueError(wrong)
        if bare not in places:
            places.append(bare)
        return above, places.index(bare)


class Compiled(msgspec.Struct, frozen=True):
    """A rule ready to run. ``slot`` >= 0 is the quick way: the value stands there."""

    target: str
    source: str
    """Which source it has, for error messages (``path total``)."""
    slot: int
    read: Read
    chain: tuple[tuple[str, Transform, bool], ...]
    when_missing: WhenMissing
    default: str | None
    when: Read | None


def compile_rule(rule: Rule, reading: Reading) -> Compiled:
    """Check a rule and make it ready. Raises ``ValueError`` saying what is wrong and what would be right."""
    if not rule.target:
        raise ValueError("name the target field")
    given = {name: getattr(rule, name) for name in ("path", "expression", "constant", "template")}
    sources = [name for name, value in given.items() if value is not None]
    if len(sources) != 1:
        raise ValueError("give exactly one of path, expression, constant, template")
    if rule.when_missing is WhenMissing.DEFAULT and rule.default is None:
        raise ValueError("when_missing is default, so give the default")
    if rule.default is not None and rule.when_missing is not WhenMissing.DEFAULT:
        raise ValueError("a default counts only with when_missing = default")
    kind = sources[0]
    slot, read = _SOURCES[kind](given[kind], reading)
    return Compiled(
        target=rule.target,
        source=kind if kind in ("expression", "template") else f"{kind} {given[kind]}",
        slot=slot,
        read=read,
        chain=tuple(_transform(entry) for entry in rule.transforms),
        when_missing=rule.when_missing,
        default=rule.default,
        when=_condition(rule.when),
    )


def _nothing(own: tuple[Any, ...], root: tuple[Any, ...], plain: Builtins) -> Any:
    del own, root, plain


def _path(given: str, reading: Reading) -> tuple[int, Read]:
    if given.startswith("$.") and reading.root_word is None and reading.word is not None:
        raise ValueError("$. is the whole entity, inside each; leave it out here")
    above, slot = reading.slot(given)
    if not above:
        return slot, _nothing
    return -1, lambda own, root, plain: root[slot]


def _constant(given: str, reading: Reading) -> tuple[int, Read]:
    del reading
    return -1, lambda own, root, plain: given


_PLACE = re.compile(r"\{([^{}]*)\}")


def _template(given: str, reading: Reading) -> tuple[int, Read]:
    """A template is missing when all of its places are; a missing place among others is empty text."""
    if len(given) > MAX_TEMPLATE:
        raise ValueError(f"a template has at most {MAX_TEMPLATE} characters")
    pieces = _PLACE.split(given)
    literals, places = pieces[::2], [reading.slot(name) for name in pieces[1::2]]
    if any("{" in literal or "}" in literal for literal in literals):
        raise ValueError("a brace in the template has no partner; write {path}")
    if not places:
        raise ValueError("a template without a {path} is a constant")

    def read(own: tuple[Any, ...], root: tuple[Any, ...], plain: Builtins) -> Any:
        values = [(root if above else own)[slot] for above, slot in places]
        shown = ["" if value is None else text(value) for value in values]
        if not any(shown):
            return None
        return literals[0] + "".join(value + literal for value, literal in zip(shown, literals[1:], strict=True))

    return -1, read


def _condition(given: str | None) -> Read | None:
    if given is None:
        return None
    try:
        read = _searching(given)
    except ValueError as wrong:
        raise ValueError(f"when: {wrong}") from None

    def holds(own: tuple[Any, ...], root: tuple[Any, ...], plain: Builtins) -> bool:
        found = read(own, root, plain)
        # what JMESPath takes for false; 0 is a value there
        return found is not None and found is not False and found not in ("", [], {})

    return holds


def _expression(given: str, reading: Reading) -> tuple[int, Read]:
    del reading
    return -1, _searching(given)


def _searching(given: str) -> Read:
    search, parts = expression.parsed(given, MAX_PARTS)
    if _growth(parts) > MAX_GROWTH:
        raise ValueError(f"an expression may build at most {MAX_GROWTH} times what it reads")
    if sum(part["type"] == "function_expression" and part["value"] == "to_string" for part in parts) > MAX_TEXTS:
        raise ValueError(f"an expression may call to_string at most {MAX_TEXTS} times")

    def read(own: tuple[Any, ...], root: tuple[Any, ...], plain: Builtins) -> Any:
        try:
            return search(plain())
        except Unfit:
            raise
        except (JMESPathError, TypeError, ValueError):
            raise Unfit("make the expression fit the entity's fields (try it in a preview)") from None

    return read


def _growth(parts: list[Any]) -> int:
    """Return by how much lists and objects that are built may multiply what is read: the parts of each, multiplied."""
    grown = 1
    for part in parts:
        if part["type"] in ("multi_select_list", "multi_select_dict"):
            grown *= max(1, len(part["children"]))
    return grown


def places_of(template: str) -> list[str]:
    """Return the paths a template names."""
    return _PLACE.split(template)[1::2]


_SOURCES: dict[str, Callable[[str, Reading], tuple[int, Read]]] = {
    "path": _path,
    "constant": _constant,
    "template": _template,
    "expression": _expression,
}


def _transform(entry: str | dict[str, Any]) -> tuple[str, Transform, bool]:
    if isinstance(entry, dict) and len(entry) != 1:
        raise ValueError("a transform is a name, or {name: argument}")
    name, argument = (entry, None) if isinstance(entry, str) else next(iter(entry.items()))
    if name not in TABLE:
        raise ValueError(f"there is no transform {name!r}; there are {', '.join(sorted(TABLE))}")
    try:
        return f"transform {name}", TABLE[name](argument), name == "default"
    except ValueError as wrong:
        raise ValueError(f"transform {name} {wrong}") from None
