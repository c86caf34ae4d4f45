"""The tools that know nothing of commerce."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.kit import backoff, ids, redact, signing
from crossdock.kit.buckets import Window
from crossdock.kit.clock import SetClock, SystemClock
from crossdock.kit.digest import Volatile, digest
from crossdock.kit.failpoints import NONE
from crossdock.kit.money import CurrencyMismatch, Money, minor_units, money

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.uuids(), st.sampled_from(list(ids.Prefix)))
def test_an_id_is_read_as_it_was_shown(identifier: uuid.UUID, prefix: ids.Prefix) -> None:
    shown = ids.show(prefix, identifier)
    assert shown.startswith(f"{prefix}_")
    assert ids.parse(prefix, shown) == identifier
    assert ids.parse(prefix, str(identifier)) == identifier


@pytest.mark.parametrize(
    "text", ["evt_", "evt_!!!!!!!!!!!!!!!!!!!!!!!!!!", "dlv_00000000000000000000000000", "x", "evt_" + "z" * 26]
)
def test_what_is_no_id_is_refused_by_its_form(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        ids.parse(ids.Prefix.EVENT, text)


def test_new_ids_grow_and_tell_their_time() -> None:
    made = [ids.new_id() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert abs(ids.time_of(made[0]) - datetime.now(UTC)) < timedelta(seconds=5)
    assert all(one.version == 7 for one in made[:10])


def test_the_floor_of_a_moment_is_below_every_id_of_it() -> None:
    at = datetime(2026, 11, 21, 12, 0, 0, 123000, tzinfo=UTC)
    made = ids.new_id(at)
    assert ids.floor_of(at) <= made < ids.floor_of(at + timedelta(milliseconds=1))
    assert ids.time_of(made) == at


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=4),
    st.decimals(allow_nan=False, allow_infinity=False, places=4),
)
def test_money_adds_exactly(a: Decimal, b: Decimal) -> None:
    total = Money(a, "EUR") + Money(b, "EUR")
    assert total - Money(b, "EUR") == Money(total.amount - b, "EUR")
    assert -Money(a, "EUR") == Money(-a, "EUR")


def test_money_keeps_floats_and_scale_as_they_were_stated() -> None:
    assert money(11.05, "USD").amount == Decimal("11.05")
    assert str(money("11.80", "JPY").amount) == "11.80"
    for wrong in ("abc", "NaN", "inf"):
        with pytest.raises(ValueError, match="decimal number"):
            money(wrong, "USD")
    with pytest.raises(CurrencyMismatch):
        money(1, "USD") + money(1, "EUR")
    assert (minor_units("JPY"), minor_units("KWD"), minor_units("EUR")) == (0, 3, 2)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5))
def test_a_digest_does_not_depend_on_the_order_of_keys(document: dict[str, object]) -> None:
    backwards = dict(reversed(list(document.items())))
    assert digest(document) == digest(backwards)
    assert digest({**document, "date_modified": 1}, Volatile.of(["date_modified"])) == digest(
        {k: v for k, v in document.items() if k != "date_modified"}
    )


def test_a_digest_sees_every_value() -> None:
    assert digest({"a": "1"}) != digest({"a": 1}) != digest({"a": 1.0})


def test_signatures_compare_in_constant_time_and_never_fail_on_rubbish() -> None:
    ours = signing.sign_base64(b"secret", b"body")
    assert signing.same(ours, ours)
    for theirs in ("", ours[:-1], "é" + ours, ours.lower()):
        assert not signing.same(ours, theirs)
    assert signing.sign_hex(b"key", b"The quick brown fox jumps over the lazy dog") == (
        "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    )
    assert signing.keyed_hash(b"k", "a@b.example") != signing.keyed_hash(b"l", "a@b.example")


@given(st.integers(1, 200), st.floats(0, 1))
def test_backoff_stays_within_its_span(attempt: int, draw: float) -> None:
    wait = backoff.full_jitter(attempt, base_s=2, ceiling_s=3600, draw=draw)
    assert 0 <= wait <= min(3600, 2 * 2 ** (attempt - 1))


def test_backoff_counts_from_one() -> None:
    with pytest.raises(ValueError, match="counts from 1"):
        backoff.full_jitter(0)
    assert backoff.full_jitter(3, draw=1.0) == 8.0


def test_a_window_never_lets_more_through_than_its_limit() -> None:
    clock = SetClock(datetime(2026, 1, 1, tzinfo=UTC))
    window = Window(3, 10, clock)
    for _ in range(3):
        assert window.wait_s() == 0
        window.take()
        clock.advance(1)
    assert window.wait_s() == pytest.approx(7)
    clock.advance(7)
    assert window.wait_s() == 0
    with pytest.raises(ValueError, match="limit"):
        Window(0, 1, clock)


def test_the_clocks() -> None:
    clock = SetClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(1.5)
    assert clock.now() == datetime(2026, 1, 1, 0, 0, 1, 500000, tzinfo=UTC)
    system = SystemClock()
    assert system.now().tzinfo is UTC
    assert system.monotonic() <= system.monotonic()


async def test_production_has_no_failpoints() -> None:
    assert await NONE.reach("anywhere") is None


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("key ck_1234567890abcdef refused", "ck_1234567890abcdef"),
        ("Authorization: Bearer pat-eu1-12345678-aaaa", "pat-eu1-12345678"),
        ("no contact zoë.m+tag@example.co.uk", "example.co.uk"),
        ("https://x/?consumer_secret=cs_abc12345&page=2", "cs_abc12345"),
    ],
)
def test_free_text_shows_no_secret_and_no_address(said: str, hidden: str) -> None:
    assert hidden not in redact.text(said)


def test_documents_are_masked_by_name_at_any_depth() -> None:
    shown = redact.document(
        {
            "id": 7,
            "billing": {"first_name": "Zoë", "email": "a@b.example"},
            "lines": [{"name": "Tea", "total": "1"}],
            "token": "",
        }
    )
    assert shown == {
        "id": 7,
        "billing": {"first_name": redact.MASK, "email": redact.MASK},
        "lines": [{"name": "Tea", "total": "1"}],
        "token": "",
    }


def test_nested_volatile_keys_are_left_out_of_lists_objects_and_maps() -> None:
    paths = Volatile.of(["gone", "lines.*.image", "lines.*.deep.at", "one.inner", "map.*.x"])
    document = {
        "lines": [{"id": 1, "image": "a", "deep": {"at": 1, "on": 2}}, "text", None],
        "one": {"inner": 1, "outer": 2},
        "map": {"0": {"x": 1, "y": 2}},
        "gone": 1,
        "none": None,
    }
    held = {key: repr(value) for key, value in document.items()}
    expected = {
        "lines": [{"id": 1, "deep": {"on": 2}}, "text", None],
        "one": {"outer": 2},
        "map": {"0": {"y": 2}},
        "none": None,
    }
    assert paths.without(document) == expected
    assert {key: repr(value) for key, value in document.items()} == held, "the document itself is not touched"
    assert digest(document, paths) == digest(expected)
    assert digest({"lines": None}, paths) == digest({"lines": None})
    assert digest({"lines": []}, paths) == digest({"lines": []})
