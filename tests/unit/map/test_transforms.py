"""The table of transforms."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.flow.map.transforms import TABLE, Unfit, text
from crossdock.kit.countries import BY_CODE


def apply(entry: str | dict[str, Any], value: Any) -> Any:
    name, argument = (entry, None) if isinstance(entry, str) else next(iter(entry.items()))
    return TABLE[name](argument)(value)


@pytest.mark.parametrize(
    ("entry", "value", "expected"),
    [
        ("trim", "  a b ", "a b"),
        ("squeeze", " a \n\t b ", "a b"),
        ("lower", "ÄB", "äb"),
        ("upper", "straße", "STRASSE"),
        ("title", "o'neill's émile-zola", "O'neill's Émile-Zola"),
        ("strip_html", "<p>One&nbsp;&amp; two</p><script>x()</script><br>3 < 4", "One & two\n3 < 4"),
        ("phone", "+49 (0)30 1234567", "+49 (0)30 1234567"),
        ("phone", "+49 30/123-45 67", "+49301234567"),
        ("phone", "0049 30 1234567", "+49301234567"),
        ("phone", "030 1234567", "030 1234567"),
        ("concat", ["a", "", None, "b"], "a b"),
        ({"concat": ", "}, ("a", "b"), "a, b"),
        ({"split": ","}, "a, b", ["a", "b"]),
        ({"split": {"by": ",", "take": 1}}, "a, b", "b"),
        ({"split": {"by": ",", "take": 5}}, "a, b", None),
        ("first", ("a", "b"), "a"),
        ("last", ["a", "b"], "b"),
        ("first", "plain", "plain"),
        ("first", (), None),
        ({"default": "x"}, None, "x"),
        ({"default": "x"}, "y", "y"),
        ({"lookup": {"a": "b"}}, "a", "b"),
        ({"lookup": {"a": "b"}}, "c", None),
        ({"lookup": {"table": {"a": "b"}, "else": "z"}}, "c", "z"),
        ({"lookup": {"true": "customer"}}, True, "customer"),
        ("date", "2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00Z"),
        ("date", "2026-01-31T12:00:00.250", "2026-01-31T12:00:00.250Z"),
        ({"date": "date"}, "2026-01-31T23:30:00Z", "2026-01-31"),
        ({"date": {"format": "date", "zone": "Asia/Tokyo"}}, "2026-01-31T23:30:00Z", "2026-02-01"),
        ({"date": "ms"}, datetime(1970, 1, 2, tzinfo=UTC), "86400000"),
        ("number", "1.500", Decimal("1.5")),
        ("number", "100", Decimal(100)),
        ({"number": {"min": "0"}}, "-3", Decimal(0)),
        ({"number": {"max": "5", "places": 1}}, "4.25", Decimal("4.3")),
        ("money", "12.50", Decimal("12.50")),
        ({"money": {"places": 2}}, "12.345", Decimal("12.35")),
        ({"money": {"places": 2}}, "12.5", Decimal("12.5")),
        ("boolean", "Yes", "true"),
        ({"boolean": {"true": "on", "false": "off"}}, False, "off"),
        ({"truncate": 2}, "äöü", "äö"),
        ("country", "de", "DE"),
        ({"country": "name"}, "DE", "Germany"),
        ("country", "germany", "DE"),
    ],
)
def test_what_each_makes(entry: Any, value: Any, expected: Any) -> None:
    assert apply(entry, value) == expected


def test_hash_is_sha256_of_the_text() -> None:
    assert apply("hash", "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("date", "yesterday"),
        ("number", "12,50"),
        ("number", "NaN"),
        ("number", True),
        ("money", "twelve"),
        ("money", "1e999999999"),
        ("number", "1e24"),
        ("trim", Decimal("1e999999999")),
        ("trim", Decimal("1e-999999999")),
        ("boolean", "maybe"),
        ("country", "Atlantis"),
        ("trim", ["a"]),
        ("lower", {"a": 1}),
    ],
)
def test_what_each_refuses(entry: Any, value: Any) -> None:
    with pytest.raises(Unfit):
        apply(entry, value)


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("trim", 1),
        ("concat", 1),
        ("split", None),
        ("split", {"by": ""}),
        ("default", None),
        ("lookup", {}),
        ("date", "week"),
        ("date", {"zone": "Mars/Olympus"}),
        ("number", {"round": 2}),
        ("number", {"places": 99}),
        ("money", {"min": "x"}),
        ("boolean", "yes"),
        ("truncate", 0),
        ("truncate", True),
        ("country", "continent"),
        ("hash", "md5"),
        ("first", 1),
    ],
)
def test_arguments_are_checked_when_compiled(name: str, argument: Any) -> None:
    with pytest.raises(ValueError, match="takes"):
        TABLE[name](argument)


@given(st.decimals(min_value=-(10**20), max_value=10**20, places=4))
def test_an_amount_keeps_its_value_and_has_no_exponent(amount: Decimal) -> None:
    shown = text(apply("money", format(amount, "f")))
    assert Decimal(shown) == amount
    assert "E" not in shown.upper()


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_a_time_survives_its_text_to_the_millisecond(moment: datetime) -> None:
    shown = apply("date", moment)
    assert abs((datetime.fromisoformat(shown) - moment).total_seconds()) < 0.001


@given(st.decimals(min_value=-(10**20), max_value=10**20, places=8), st.integers(0, 12))
def test_rounding_moves_an_amount_by_half_a_place_at_most(amount: Decimal, places: int) -> None:
    made = apply({"money": {"places": places}}, amount)
    assert abs(made - amount) <= Decimal(1).scaleb(-places) / 2
    assert apply({"number": {"places": places}}, amount) == made


def test_floats_keep_their_shortest_text() -> None:
    assert text(11.05) == "11.05"
    assert text(1e-7) == "0.0000001"


def test_the_table_of_countries_is_whole() -> None:
    assert len(BY_CODE) == 249
    assert all(len(code) == 2 and code.isupper() and name for code, name in BY_CODE.items())
