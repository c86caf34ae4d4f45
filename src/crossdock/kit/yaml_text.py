"""YAML as people write settings, by PyYAML's parser under rules of our own. Pure.

What is read is data: mappings, lists and scalars, and of these only what JSON knows (``yes``, ``012`` and dates are
texts, as in YAML 1.2). Anchors, tags and several documents are refused by line, never guessed at: so no text grows
when it is read, and none makes an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

MAX_TEXT = 1_000_000
MAX_DEPTH = 20
_WORDS: dict[str, Any] = {"null": None, "~": None, "": None, "true": True, "false": False}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,99})")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,99})(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?")


class YamlError(ValueError):
    """A text that is not read; ``line`` counts from 1."""

    def __init__(self, line: int, rule: str) -> None:
        super().__init__(f"line {line}: {rule}")
        self.line, self.rule = line, rule


class _Dumper(yaml.SafeDumper):
    """Writes texts so that they are read as texts by us, too, and repeats what is met twice."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists below their name, as people do."""
        del indentless
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    plain = _plain(value) is value
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


_Dumper.add_representer(str, _text)


def dump(value: Any) -> str:
    """Return a JSON value as YAML, in its own order."""
    told = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return str(told).removesuffix("...\n")


def load(text: str) -> Any:
    """Return the value of a document; an empty one is None. Raises :class:`YamlError`."""
    if len(text) > MAX_TEXT:
        raise YamlError(1, f"a document has at most {MAX_TEXT} characters")
    try:
        return _document(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        raise YamlError(mark.line + 1 if mark else 1, problem.problem or "not YAML") from None
    except yaml.reader.ReaderError as problem:
        line = text.count("\n", 0, problem.position) + 1
        raise YamlError(line, "a character that no text holds") from None


def _document(events: Iterator[Any]) -> Any:
    next(events)  # the stream's beginning
    event = next(events)
    if isinstance(event, yaml.StreamEndEvent):
        return None
    if event.version or event.tags:
        raise YamlError(event.start_mark.line + 1, "one document, without directives")
    value = _value(next(events), events, 1)
    next(events)  # the document's end
    event = next(events)
    if not isinstance(event, yaml.StreamEndEvent):
        raise YamlError(event.start_mark.line + 1, "one document, without directives")
    return value


def _value(event: Any, events: Iterator[Any], depth: int) -> Any:
    line = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        raise YamlError(line, "no anchors: write it out")
    if event.tag:
        raise YamlError(line, "no tags: data alone is read")
    if isinstance(event, yaml.ScalarEvent):
        return _plain(event.value) if event.implicit[0] else event.value
    if depth > MAX_DEPTH:
        raise YamlError(line, f"nested deeper than {MAX_DEPTH}")
    if isinstance(event, yaml.SequenceStartEvent):
        return _list(events, depth)
    return _map(events, depth)


def _list(events: Iterator[Any], depth: int) -> list[Any]:
    made = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        made.append(_value(event, events, depth + 1))
    return made


def _map(events: Iterator[Any], depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        line = event.start_mark.line + 1
        if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
            raise YamlError(line, "a name is a text")
        if event.value in made:
            raise YamlError(line, f"{event.value!r} stands twice")
        made[event.value] = _value(next(events), events, depth + 1)
    return made


def _plain(text: str) -> Any:
    """Return what a text without quotes means; the very same text when it is one."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text
