"""How values are said on pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.model.connection import ConnectionState
from crossdock.model.delivery import DeliveryState
from crossdock.web import words

NOW = datetime(2026, 11, 21, 14, 32, 10, 123_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0004, "0 ms"),
        (0.25, "250 ms"),
        (1.84, "1.8 s"),
        (42, "42 s"),
        (112, "1 min 52 s"),
        (60 * 25 + 10, "25 min"),
        (3600, "1 h"),
        (3600 * 9 + 60 * 5, "9 h 5 min"),
        (3600 * 30, "30 h"),
        (86400 * 3, "3 days"),
    ],
)
def test_a_span_in_its_largest_units(seconds: float, said: str) -> None:
    assert words.spoken(seconds) == words.spoken(timedelta(seconds=seconds)) == said


def test_when_it_was_and_when_it_will_be() -> None:
    assert words.relative(NOW, NOW) == "now"
    assert words.relative(NOW - timedelta(seconds=4), NOW) == "4 s ago"
    assert words.relative(NOW - timedelta(hours=3), NOW) == "3 h ago"
    assert words.relative(NOW + timedelta(minutes=5), NOW) == "in 5 min"


def test_times_are_those_of_the_reader() -> None:
    assert words.absolute(NOW, "Europe/Berlin") == "Sat 21 Nov 2026, 15:32:10"
    assert words.absolute(NOW, "UTC", precise=True) == "Sat 21 Nov 2026, 14:32:10.123"
    assert words.clock(NOW, "America/New_York") == "09:32:10.123"
    assert words.day(NOW, "Pacific/Auckland") == "Sun 22 Nov"
    assert words.absolute(NOW, "No/Such") == words.absolute(NOW, "../../etc/passwd") == words.absolute(NOW, "UTC")


def test_numbers_line_up() -> None:
    assert words.number(6184) == "6,184"
    assert words.number(Decimal("1234.5"), 2) == "1,234.50"
    assert words.number(None) == "–"
    assert words.share(1, 3) == "33.3 %"
    assert words.share(3, 3) == "100 %"
    assert words.share(0, 0) == "–"


@given(st.emails())
def test_an_address_is_not_told(address: str) -> None:
    shown = words.masked(address)
    name, _, host = address.rpartition("@")
    assert shown.endswith(f"…@{host}")
    assert len(shown) <= len(host) + 4
    assert len(name) <= 2 or name not in shown


def test_other_values_are_masked_too() -> None:
    assert words.masked("+4915112345678") == "+4…78"
    assert words.masked("secret") == "…"


@pytest.mark.parametrize("nothing", [None, "", "0", "0.00", "0.000", Decimal("0.000")])
def test_nothing_is_nothing_however_it_is_written(nothing: Decimal | str | None) -> None:
    assert not words.some(nothing)
    assert words.some("-0.01")
    assert words.some(Decimal("0.001"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("  no key. ", "No key."),
        ("is it up?", "Is it up?"),
        ("wait …", "Wait …"),
        ("a 2.5 GB file", "A 2.5 GB file."),
    ],
)
def test_words_become_a_sentence(text: str, said: str) -> None:
    assert words.sentence(text) == said


@pytest.mark.parametrize("state", [*DeliveryState, *ConnectionState])
def test_every_state_has_its_word_tone_and_icon(state: str) -> None:
    assert state in words.TONES
