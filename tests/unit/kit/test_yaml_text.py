"""YAML in and out: what is written is read by another author's reader, what that one writes is read here."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.kit.yaml_text import MAX_DEPTH, MAX_TEXT, YamlError, dump, load

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30) | st.sampled_from(
    ["yes", "no", "1", "1.5", "null", "~", "- a", "a: b", "# x", "'", '"', "\n", "\t", " a ", "a #b", "a#b", "0x1", "-"]
)
PLAIN = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXTS
VALUES = st.recursive(
    PLAIN, lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXTS, below, max_size=4), max_leaves=20
)


@settings(max_examples=400, deadline=None)
@given(VALUES)
def test_what_is_written_is_read_again_by_us_and_by_others(value: Any) -> None:
    told = dump(value)
    assert load(told) == value
    assert yaml.safe_load(told) == value


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True), VALUES, max_size=4))
def test_what_others_write_as_one_line_collections_is_read(value: dict[str, Any]) -> None:
    told = yaml.safe_dump(value, default_flow_style=True, default_style='"', width=10**6, allow_unicode=True)
    if "!!" in told or "? " in told:
        return  # tags are refused, see below
    assert load(told) == yaml.safe_load(told)


def test_a_file_as_a_person_writes_it() -> None:
    text = """\
---
# what goes to deals
entity: order
objects:
- object: deals   # one each order
  rules:
    - {target: dealname, template: "#{number}"}
    - target: amount
      path: total
      transforms: [money, {truncate: 10}]
      when_missing: 'skip'
    -
      target: note
      constant: it's 12:30 o'clock
"""
    assert load(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("a:\n  - [1,\n     2]\nb: {c: 'd', e: }", {"a": [[1, 2]], "b": {"c": "d", "e": None}}),
        ("a: yes", {"a": "yes"}),
        ("a: 012", {"a": "012"}),
        ("a: 1.50", {"a": 1.5}),
        ('{"json": [1, null, true, "x\\u00e9"]}', {"json": [1, None, True, "xé"]}),
        ("a:\n- 1\n- 2\nb: 3", {"a": [1, 2], "b": 3}),
        ("- - 1\n  - 2\n- 3", [[1, 2], 3]),
        ("a: http://x.example/y", {"a": "http://x.example/y"}),
        ("a: |\n  one\n  two\n", {"a": "one\ntwo\n"}),
        ("{? a : 1}", {"a": 1}),
        ("a: 2026-11-21", {"a": "2026-11-21"}),
    ],
)
def test_what_is_read(text: str, value: Any) -> None:
    assert load(text) == value


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: &x 1", 1),
        ("a: 1\nb: *x", 2),
        ("a: !!python/object:os.system x", 1),
        ("a: 1\na: 2", 2),
        ("{a: 1, a: 2}", 1),
        ("a: 1\n---\nb: 2", 2),
        ("a: 1\n\tb: 2", 2),
        ("a: [1, 2", 1),
        ("a: 'open", 1),
        ("a: b: c", 1),
        ("a:\n    b: 1\n  c: 2", 3),
        ("[1] 2", 1),
        ('a: "\\q"', 1),
        ("%YAML 1.2", 1),
    ],
)
def test_what_is_refused_is_named_by_its_line(text: str, line: int) -> None:
    with pytest.raises(YamlError) as caught:
        load(text)
    assert caught.value.line == line


def test_depth_and_size_are_bounded() -> None:
    assert load("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))
    for text in ("[" * 5000, "- " * 5000 + "a", "x" * (MAX_TEXT + 1)):
        with pytest.raises(YamlError):
            load(text)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        found = load(text)
    except YamlError:
        return
    assert not (isinstance(found, float) and math.isnan(found))
