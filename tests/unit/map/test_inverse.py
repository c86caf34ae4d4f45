"""What a mapping writes, read back through the inverse of its table, is what it was made of."""

from __future__ import annotations

import string
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.flow.map import compile_mapping
from crossdock.flow.map.transforms import TABLE, text
from crossdock.kit.countries import BY_CODE
from crossdock.model.mapping import Mapping, ObjectMapping, Rule

LOSSY = {"trim", "squeeze", "title", "strip_html", "phone", "first", "last", "truncate", "hash"}
"""What these leave out nobody can bring back; every other transform has its inverse below."""
WORDS = st.text(st.sampled_from(string.ascii_letters + string.digits + "äß€"), min_size=1, max_size=12)


class Way(msgspec.Struct, frozen=True):
    """A value, the transforms that take it there, those that bring it back, and what it is as text."""

    value: Any
    there: tuple[Any, ...]
    back: tuple[Any, ...]
    said: str


def number(name: str) -> st.SearchStrategy[Way]:
    """An exact number; ``number`` drops trailing zeros, so that it is compared without them."""
    amounts = st.decimals(-(10**9), 10**9, places=4, allow_nan=False, allow_infinity=False)
    return amounts.map(lambda one: Way(one, (name, {name: {"places": 4}}), (name,), str(one)))


@st.composite
def looked_up(draw: st.DrawFn) -> Way:
    """A table in which no two words mean the same."""
    words = draw(st.lists(WORDS, min_size=1, max_size=6, unique=True))
    theirs = draw(st.lists(WORDS, min_size=len(words), max_size=len(words), unique=True))
    table = dict(zip(words, theirs, strict=True))
    word = draw(st.sampled_from(words))
    there, back = {"lookup": {"table": table}}, {"lookup": {"table": {b: a for a, b in table.items()}}}
    return Way(word, (there,), (back,), word)


def joined() -> st.SearchStrategy[Way]:
    """Several texts in one."""
    words = st.lists(WORDS, min_size=1, max_size=5)
    return words.map(lambda each: Way(each, ({"concat": "; "},), ({"split": ";"}, {"concat": "|"}), "|".join(each)))


def moment() -> st.SearchStrategy[Way]:
    """To the millisecond, as systems keep it."""
    drawn = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
    whole = drawn.map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))
    return whole.map(lambda at: Way(at, ("date",), ({"date": {"format": "iso"}},), text(at)))


def plain(name: str) -> st.SearchStrategy[Way]:
    """Letters in one case."""
    there, back = ("upper", "lower") if name == "upper" else ("lower", "upper")
    letters = string.ascii_lowercase if name == "upper" else string.ascii_uppercase
    return st.text(st.sampled_from(letters), min_size=1).map(lambda one: Way(one, (there,), (back,), one))


INVERSES: dict[str, st.SearchStrategy[Way]] = {
    "lookup": looked_up(),
    "country": st.sampled_from(sorted(BY_CODE)).map(
        lambda code: Way(code, ({"country": "name"},), ({"country": "code"},), code)
    ),
    "date": moment(),
    "number": number("number"),
    "money": number("money"),
    "boolean": st.booleans().map(
        lambda one: Way(one, ({"boolean": {"true": "Yes", "false": "No"}},), ("boolean",), text(one))
    ),
    "concat": joined(),
    "split": WORDS.map(lambda one: Way(one, ({"split": ","}, {"concat": ","}), (), one)),
    "default": WORDS.map(lambda one: Way(one, ({"default": "none"},), (), one)),
    "upper": plain("upper"),
    "lower": plain("lower"),
}


def test_every_transform_has_an_inverse_or_is_lossy() -> None:
    assert set(TABLE) == set(INVERSES) | LOSSY
    assert not set(INVERSES) & LOSSY


def through(values: Sequence[Any], transforms: Sequence[tuple[Any, ...]]) -> list[str | None]:
    """Take values through a mapping of one rule each; return what it writes."""
    rules = tuple(Rule(f"t{at}", path=f"v{at}", transforms=each) for at, each in enumerate(transforms))
    run = compile_mapping(Mapping("row", "row", (ObjectMapping("rows", rules),)))
    made = run({f"v{at}": value for at, value in enumerate(values)}).one("rows")
    return [made[f"t{at}"] for at in range(len(values))]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(sorted(INVERSES)).flatmap(INVERSES.__getitem__), min_size=1, max_size=8))
def test_there_and_back_is_the_same(ways: list[Way]) -> None:
    """A mapping of any transforms that can be undone, and the mapping that undoes them."""
    written = through([way.value for way in ways], [way.there for way in ways])
    assert None not in written
    read = through(written, [way.back for way in ways])
    for way, found in zip(ways, read, strict=True):
        exact = isinstance(way.value, Decimal)
        assert found == way.said or (exact and Decimal(found or "nothing") == way.value), (way, found)
