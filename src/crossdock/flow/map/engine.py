"""Compile a mapping into a function from an entity to what its destination shall hold.

``compile_mapping`` does all checking and look-up once. The function it returns reads every dotted path of an object
with one call, and turns the entity into plain values for JMESPath only when a rule has an expression.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from crossdock.flow.map import paths
from crossdock.flow.map.failures import MappingFailed, MappingInvalid
from crossdock.flow.map.rules import MAX_ENTITY, Compiled, Reading, compile_rule
from crossdock.flow.map.transforms import Unfit, text
from crossdock.flow.schema.words import WORDS
from crossdock.model.mapping import Mapped, Mapping, ObjectMapping, WhenMissing, blanks_of, targets_of

MAX_RULES = 500

_EMPTY: tuple[Any, ...] = ("", (), [])

Properties = dict[str, str | None]
Run = Callable[[Any], Mapped]


def compile_mapping(mapping: Mapping) -> Run:
    """Return the function of a mapping. It is pure and may be kept and shared.

    Raises :class:`MappingInvalid` with every problem found. The function itself raises :class:`MappingFailed`.
    """
    word = WORDS.get(mapping.entity)
    problems: list[str] = []
    if sum(len(part.rules) for part in mapping.objects) > MAX_RULES:
        problems.append(f"the mapping has more than {MAX_RULES} rules; split it")
    names = [part.object for part in mapping.objects]
    problems += [
        f"{name}: is mapped twice; put its rules together" for name in sorted(set(names)) if names.count(name) > 1
    ]
    runs = [(part.object, _compile_object(part, word, problems)) for part in mapping.objects]
    if problems:
        raise MappingInvalid(tuple(problems))

    blanks, targets = blanks_of(mapping), targets_of(mapping)

    def run(entity: Any) -> Mapped:
        return Mapped({name: make(entity) for name, make in runs}, blanks, targets)

    return run


def _compile_object(
    part: ObjectMapping, word: type[msgspec.Struct] | None, problems: list[str]
) -> Callable[[Any], tuple[Properties, ...]]:
    of_item = word
    if part.each is not None:
        wrong = paths.check(part.each, word)
        of_item = paths.item_word(word, part.each) if word is not None and not wrong else None
        if not wrong and word is not None and of_item is None:
            wrong = f"{part.each!r} is no list of things"
        if wrong:
            problems.append(f"{part.object}: each: {wrong}")
            return lambda entity: ()
    reading = Reading(of_item, word if part.each is not None else None)
    rules = [rule for rule in (_checked(part, rule, reading, problems) for rule in part.rules) if rule is not None]
    targets = [rule.target for rule in part.rules]
    problems += [
        f"{part.object}.{name}: has two rules; keep one"
        for name in sorted({t for t in targets if targets.count(t) > 1})
    ]
    return _runner(part, tuple(rules), reading)


def _checked(part: ObjectMapping, rule: Any, reading: Reading, problems: list[str]) -> Compiled | None:
    try:
        return compile_rule(rule, reading)
    except ValueError as wrong:
        problems.append(f"{part.object}.{rule.target}: {wrong}")
        return None


def _runner(
    part: ObjectMapping, rules: tuple[Compiled, ...], reading: Reading
) -> Callable[[Any], tuple[Properties, ...]]:
    own = paths.getter(reading.own, reading.word)
    if part.each is None:
        return lambda entity: (_apply(part.object, rules, own(entity), (), entity),)
    root = paths.getter(reading.root, reading.root_word)
    items = paths.getter([part.each], reading.root_word)

    def run(entity: Any) -> tuple[Properties, ...]:
        found = items(entity)[0] or ()
        above = root(entity)
        return tuple(_apply(part.object, rules, own(item), above, item) for item in found)

    return run


def _apply(
    name: str, rules: tuple[Compiled, ...], own: tuple[Any, ...], root: tuple[Any, ...], entity: Any
) -> Properties:
    made: Properties = {}
    plain: list[Any] = []  # the entity as plain values: made at most once, only when an expression asks

    def builtins() -> Any:
        if not plain:
            # through JSON: JMESPath knows lists, and a word holds tuples
            told = msgspec.json.encode(entity)
            if len(told) > MAX_ENTITY:
                raise Unfit("name the field with a path: the entity is too large for an expression")
            plain.append(msgspec.json.decode(told))
        return plain[0]

    for rule in rules:
        value, at = None, "when"
        try:
            if rule.when is not None and not rule.when(own, root, builtins):
                continue
            at = rule.source
            value = own[rule.slot] if rule.slot >= 0 else rule.read(own, root, builtins)
            for stage, transform, takes_nothing in rule.chain:
                if takes_nothing or value is not None:
                    at = stage
                    value = transform(value)
            if value is None or value in _EMPTY:
                _missing(name, rule, made)
            else:
                made[rule.target] = value if type(value) is str else text(value)
        except Unfit as unfit:
            raise MappingFailed(f"{name}.{rule.target}", at, kind_of(value), str(unfit)) from None
    return made


def _missing(name: str, rule: Compiled, made: Properties) -> None:
    if rule.when_missing is WhenMissing.NULL:
        made[rule.target] = None
    elif rule.when_missing is WhenMissing.DEFAULT:
        made[rule.target] = rule.default
    elif rule.when_missing is WhenMissing.FAIL:
        remedy = "fill the field at the source, or let the rule skip it when it is missing"
        raise MappingFailed(f"{name}.{rule.target}", rule.source, "nothing", remedy)


def kind_of(value: Any) -> str:
    """Name the kind of a value without telling the value."""
    if value is None or value in _EMPTY:
        return "nothing"
    kinds = ((bool, "boolean"), (str, "text"), (list | tuple, "list"), (dict | msgspec.Struct, "group of fields"))
    return next((name for kind, name in kinds if isinstance(value, kind)), type(value).__name__.lower())
