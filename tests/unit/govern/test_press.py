"""The press: what was pressed by any version is read again, and the dictionary holds nothing of anybody's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from tools.body_dictionary import Mixer, compact, recorded

import crossdock.govern.press as module
from crossdock.errors import Trouble
from crossdock.govern.press import Press
from tests.support.shared import RECORDINGS, needs_recordings

FOLDER = Path(module.__file__).parent
MADE = {"press_40001.zdict": "4c4f3c9b4c24a8e71149a99fe3db7834f0e0e45a6044354f5c299479c9b79cde"}
"""Every dictionary that was ever delivered: bodies are pressed with them, so none may change or leave."""
BODY = b'{"id":1,"status":"processing","currency":"EUR","billing":{"first_name":"Zoe"}}'


def test_no_dictionary_has_changed_or_left() -> None:
    found = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in FOLDER.glob("*.zdict")}
    assert found == MADE


def test_what_was_pressed_without_a_dictionary_is_read() -> None:
    assert Press().unpress(zstandard.ZstdCompressor(level=1).compress(BODY)) == BODY


@pytest.mark.parametrize("body", [b"", b"{", BODY, bytes(range(256)) * 40, b"n" * 5_000_000])
def test_every_body_is_read_again(body: bytes) -> None:
    press = Press()
    assert press.unpress(press.press(body)) == body


def test_a_dictionary_of_a_newer_version_is_named() -> None:
    newer = zstandard.train_dictionary(512, [BODY * n for n in range(1, 90)], dict_id=40_777)
    pressed = zstandard.ZstdCompressor(dict_data=newer).compress(BODY)
    with pytest.raises(Trouble, match="dictionary 40777"):
        Press().unpress(pressed)


def test_a_body_that_would_fill_the_memory_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    press = Press()
    monkeypatch.setattr(module, "LARGEST", 1000)
    with pytest.raises(zstandard.ZstdError):
        press.unpress(zstandard.ZstdCompressor(write_content_size=False).compress(b"n" * 1001))


@needs_recordings
def test_documents_of_a_store_take_about_half_the_room() -> None:
    plain, press = zstandard.ZstdCompressor(level=1), Press()
    bodies = [compact(one) for one in recorded(RECORDINGS)]
    assert len(bodies) > 100
    before, now = sum(len(plain.compress(one)) for one in bodies), sum(len(press.press(one)) for one in bodies)
    assert now < 0.6 * before


@needs_recordings
def test_the_dictionary_holds_nothing_of_the_store_it_was_made_from() -> None:
    learned = (FOLDER / "press_40001.zdict").read_bytes().decode("latin-1").lower()
    asked = 0
    for document in recorded(RECORDINGS):
        for word in own(document):
            asked += 1
            assert word.lower() not in learned
    assert asked > 300


def test_what_is_a_stores_own_is_replaced() -> None:
    given = {
        "id": 7341,
        "status": "on-hold",
        "first_name": "Zoë",
        "total": "12.50",
        "sku": "ROSE-7",
        "at": "2026-01-02T03:04:05",
    }
    mixed = Mixer().mixed(given)
    assert mixed["status"] == "on-hold"
    assert {name for name in given if mixed[name] == given[name]} == {"status"}
    assert [len(str(one)) for one in mixed.values()] == [len(str(one)) for one in given.values()]


def own(document: Any) -> Iterator[str]:
    """Return what is a person's or the store's: names, addresses, secrets."""
    if isinstance(document, list):
        for one in document:
            yield from own(one)
    elif isinstance(document, dict):
        for name, value in document.items():
            personal = name in {
                "first_name",
                "last_name",
                "email",
                "phone",
                "address_1",
                "city",
                "order_key",
                "username",
            }
            if personal and isinstance(value, str) and len(value) > 3:
                yield value
            else:
                yield from own(value)
