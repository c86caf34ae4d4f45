"""Where exactly the tools' limits lie."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crossdock.kit import ids, process, redact
from crossdock.kit.backoff import full_jitter
from crossdock.kit.buckets import Window
from crossdock.kit.clock import SetClock
from crossdock.kit.digest import Volatile, digest, older
from crossdock.kit.lateness import LATE_S, bucket_of
from crossdock.kit.money import CurrencyMismatch, Money, money
from crossdock.kit.signing import keyed_hash, same, sign_base64, sign_hex


def test_the_span_doubles_from_the_base_to_the_ceiling() -> None:
    spans = [full_jitter(n, base_s=2, ceiling_s=100, draw=1) for n in range(1, 9)]
    assert spans == [2, 4, 8, 16, 32, 64, 100, 100]
    assert full_jitter(1, draw=0) == 0
    assert full_jitter(41, base_s=1, ceiling_s=1e300, draw=1) == 2.0**40
    assert full_jitter(5000, base_s=1, ceiling_s=1e300, draw=1) == 2.0**40
    with pytest.raises(ValueError, match=r"^attempt counts from 1$"):
        full_jitter(0)
    random.seed(7)
    drawn = {full_jitter(3, base_s=2) for _ in range(50)}
    assert len(drawn) == 50
    assert all(0 <= wait <= 8 for wait in drawn)


def test_a_window_forgets_to_the_second() -> None:
    clock = SetClock(datetime(2026, 1, 1, tzinfo=UTC))
    began = clock.monotonic()
    assert began == 0.0
    window = Window(1, 0.5, clock)
    assert (window.left(), window.wait_s()) == (1, 0.0)
    window.take()
    assert (window.left(), window.wait_s()) == (0, 0.5)
    clock.advance(0.5)
    assert (window.left(), window.wait_s()) == (1, 0.0)
    window.take()
    window.take()
    assert window.left() == 0
    clock.advance(0.25)
    assert window.wait_s() == 0.25


@pytest.mark.parametrize(("limit", "period_s"), [(0, 1), (1, 0), (1, -1)])
def test_a_window_without_room_is_refused(limit: int, period_s: float) -> None:
    clock = SetClock(datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match=r"^a window needs a limit of at least 1 and a period above 0$"):
        Window(limit, period_s, clock)


def test_identifiers_of_one_millisecond_count_up_and_spill_into_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.time_ns() // 1_000_000 + 60_000
    monkeypatch.setattr(ids, "_last", (later, 0xFFD))
    made = [ids.new_id() for _ in range(4)]
    stamps = [(one.int >> 80, (one.int >> 64) & 0xFFF) for one in made]
    assert stamps == [(later, 0xFFE), (later, 0xFFF), (later + 1, 0), (later + 1, 1)]
    assert all(one.version == 7 and one.variant == uuid.RFC_4122 for one in made)
    assert len({one.int & ((1 << 62) - 1) for one in made}) == 4
    assert max((ids.new_id().int & ((1 << 62) - 1)).bit_length() for _ in range(200)) == 62


def test_an_identifier_of_a_given_moment_begins_low() -> None:
    at = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
    made = [ids.new_id(at) for _ in range(50)]
    assert {one.int >> 80 for one in made} == {int(at.timestamp() * 1000)}
    assert max((one.int >> 64) & 0xFFF for one in made) <= 0xFF
    assert {ids.time_of(one) for one in made} == {at}


def test_an_identifier_has_128_bits_and_not_one_more() -> None:
    greatest = uuid.UUID(int=(1 << 128) - 1)
    shown = ids.show(ids.Prefix.EVENT, greatest)
    assert ids.parse(ids.Prefix.EVENT, shown) == greatest
    beyond = "evt_8" + "0" * 25
    with pytest.raises(ValueError, match=r"^expected evt_ and a number of 128 bits$"):
        ids.parse(ids.Prefix.EVENT, beyond)


def test_signatures_of_known_text() -> None:
    """RFC 4231, test case 2."""
    key, text = b"Jefe", b"what do ya want for nothing?"
    assert sign_hex(key, text) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign_base64(key, text) == "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="


def test_a_comparison_takes_text_and_bytes_of_any_kind() -> None:
    assert same("abc", "abc")
    assert same(b"abc", b"abc")
    assert same("abc", b"abc")
    assert same(b"abc", "abc")
    assert not same("abc", "abd")
    assert not same("abc", "ab\ud800")
    assert not same("abc", "äbc")


def test_a_keyed_hash_is_of_its_text_and_key() -> None:
    found = keyed_hash(b"k", "zoe@example.test")
    assert len(found) == 16
    assert len({found, keyed_hash(b"k", "joe@example.test"), keyed_hash(b"l", "zoe@example.test")}) == 3


@pytest.mark.parametrize(
    ("paths", "changed"),
    [
        (["items.*.image"], {"items": [{"id": 1, "image": "b"}, "x", {"id": 2}]}),
        (["items.image"], {"items": [{"id": 1, "image": "b"}, "x", {"id": 2}]}),
        (["items.*.meta.at"], {"items": [{"id": 1, "image": "a", "meta": {"at": 2}}, "x", {"id": 2}]}),
        (["items.*.image", "items.*.meta.at"], {"items": [{"id": 1, "image": "c", "meta": {"at": 2}}, "x", {"id": 2}]}),
        (["*.at"], {"items": [{"id": 1, "image": "a"}, "x", {"id": 2}], "one": {"at": 2}}),
    ],
)
def test_nested_volatile_keys_do_not_count(paths: list[str], changed: dict[str, Any]) -> None:
    first: dict[str, Any] = {"items": [{"id": 1, "image": "a"}, "x", {"id": 2}]}
    if "meta" in str(changed):
        first["items"][0]["meta"] = {"at": 1}
    if "one" in changed:
        first["one"] = {"at": 1}
    volatile = Volatile.of(paths)
    assert digest(first, volatile) == digest(changed, volatile)
    assert digest(first) != digest(changed)
    other = {**changed, "items": [{**changed["items"][0], "id": 9}, *changed["items"][1:]]}
    assert digest(first, volatile) != digest(other, volatile)
    short = {**changed, "items": changed["items"][:1]}
    assert digest(first, volatile) != digest(short, volatile)


def test_the_older_digest_counts_what_is_nested() -> None:
    volatile = Volatile.of(["link", "items.*.image"])
    body, other = b'{"link":1,"items":[{"image":1}]}', b'{"link":2,"items":[{"image":1}]}'
    assert older(body, volatile) == older(other, volatile) == digest({"items": [{"image": 1}]})
    assert older(body, volatile) != older(b'{"link":1,"items":[{"image":2}]}', volatile)


def test_buckets_of_lateness_end_at_their_bounds() -> None:
    assert [bucket_of(bound) for bound in LATE_S] == list(range(len(LATE_S)))
    assert bucket_of(0) == 0
    assert bucket_of(1.001) == 1
    assert bucket_of(1e9) == len(LATE_S)


def test_money_adds_up_in_its_own_currency() -> None:
    assert Money(Decimal("1.20"), "EUR") + Money(Decimal("2.30"), "EUR") == Money(Decimal("3.50"), "EUR")
    with pytest.raises(CurrencyMismatch) as caught:
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")
    assert str(caught.value) == "EUR and USD do not add up"
    for wrong, said in (("x", "expected a decimal number"), ("Infinity", "expected a finite decimal number")):
        with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole text is compared
            money(wrong, "EUR")
        assert str(refused.value) == said


def test_redaction_goes_into_documents() -> None:
    shown = redact.document({"note": "mail zoe@example.test", "count": 3, "list": ["zoe@example.test", None]})
    assert "zoe@example.test" not in str(shown)
    assert shown["count"] == 3


def test_the_dead_are_told_from_the_living_by_name() -> None:
    mine = process.own_name()
    host, _, rest = mine.partition("@")
    place, _, pid = rest.rpartition(":")
    assert (host, pid) == (socket.gethostname(), str(os.getpid()))
    assert not process.is_dead(mine)
    where, _, start = place.rpartition(".")
    assert process.is_dead(f"{host}@{where}.{int(start) + 1}:{pid}")
    assert not process.is_dead(f"other-{host}@{place}:{pid}")
    assert not process.is_dead(f"{host}@other.{start}:{pid}")
    assert not process.is_dead(f"{host}@:{pid}")
    assert not process.is_dead(f"{host}@{place}:none")
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    assert process.is_dead(f"{host}@{place}:{ended.pid}")


def test_identifiers_follow_a_clock_that_was_moved_and_never_go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_last", (0, 0))
    monkeypatch.setattr(ids, "_followed", None)
    clock = SetClock(datetime(2030, 5, 17, tzinfo=UTC))
    ids.follow(clock)
    first = ids.new_id()
    clock.advance(86_400)
    second = ids.new_id()
    ids.follow(None)
    third = ids.new_id()
    assert (ids.time_of(first), ids.time_of(second)) == (
        datetime(2030, 5, 17, tzinfo=UTC),
        datetime(2030, 5, 18, tzinfo=UTC),
    )
    assert first < second < third
