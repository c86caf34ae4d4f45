"""Every recorded REST request gets the same status, headers and body, but for the listed differences."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.shared import RECORDINGS, needs_recordings

from .replay import Recording, answer_of, ask, differences, keys, recordings, shop_before

LISTED = tomllib.loads((Path(__file__).parent / "differences.toml").read_text("utf-8"))["difference"]
USED: set[int] = set()


def _all() -> list[Recording]:
    return list(recordings()) if RECORDINGS.is_dir() else []


def _left(recording: Recording, found: list[str]) -> Iterator[str]:
    for line in found:
        hits = [
            i for i, item in enumerate(LISTED) if item["recording"] == recording.name and re.search(item["where"], line)
        ]
        if hits:
            USED.update(hits)
        else:
            yield line


def test_the_list_of_differences_is_short_and_reasoned(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(LISTED) <= 20
    assert all(len(item["reason"]) > 20 for item in LISTED)
    with capsys.disabled():
        for item in LISTED:
            print(f"\n  {item['recording']}: {item['reason']}", end="")


@needs_recordings
async def test_every_recorded_request() -> None:
    wrong: list[str] = []
    for recording in _all():
        found = differences(recording, await answer_of(recording, shop_before(recording)))
        wrong += [f"{recording.name}: {line}" for line in list(_left(recording, found))[:5]]
    assert wrong == []
    assert len(_all()) > 120
    assert set(range(len(LISTED))) == USED, "a listed difference is no difference any more"


@needs_recordings
async def test_a_nonce_and_an_old_timestamp_are_refused() -> None:
    from crossdock.connectors.woocommerce.sandbox import Settings, build

    recording = next(r for r in recordings() if r.name == "auth/oauth_sha256_header")
    shop = shop_before(recording)
    app = build(shop, Settings(keys=keys(), host="127.0.0.1:8481"))
    assert (await ask(app, recording))[0] == 200
    status, _, body = await ask(app, recording)
    assert (status, body["message"]) == (401, "Invalid nonce - nonce has already been used.")
    late = build(shop, Settings(keys=keys(), host="127.0.0.1:8481"))
    shop.clock.advance(16 * 60)
    assert (await ask(late, recording))[2]["message"] == "Invalid timestamp."
