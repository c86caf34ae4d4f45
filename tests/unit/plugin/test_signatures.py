"""Signatures between site and hub, held to fixed vectors that the plugin's own tests read, too."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.kit.site_signing import Stamp, Way, message, sign, stamp_of, verified

VECTORS = json.loads((Path(__file__).parents[2] / "fixtures" / "plugin" / "signatures.json").read_text("utf-8"))
SECRET = "cds_secret"
GOOD = {
    "x-crossdock-timestamp": "1795600800",
    "x-crossdock-nonce": "A" * 16,
    "x-crossdock-signature": "v1=" + "0" * 64,
}


def test_there_are_vectors_for_both_ways() -> None:
    assert len(VECTORS) == 12
    assert {one["way"] for one in VECTORS} == {"v1", "v1-hub"}
    assert len({one["signature"] for one in VECTORS}) == 12


@pytest.mark.parametrize("one", VECTORS, ids=lambda one: one["name"])
def test_a_vector_is_signed_and_verified(one: dict[str, Any]) -> None:
    way, body = Way(one["way"]), one["body"].encode()
    parts = (way, one["method"], one["target"], one["timestamp"], one["nonce"], body)
    assert sign(one["secret"], *parts) == one["signature"]
    # by the written construction, from nothing of ours
    said = "\n".join([one["way"], one["method"], one["target"], str(one["timestamp"]), one["nonce"], one["body"]])
    assert one["signature"] == "v1=" + hmac.new(one["secret"].encode(), said.encode(), hashlib.sha256).hexdigest()
    stamp = Stamp(one["timestamp"], one["nonce"], one["signature"].removeprefix("v1="))
    assert verified(one["secret"], way, one["method"], one["target"], stamp, body)
    other = Way.TO_SITE if way is Way.TO_HUB else Way.TO_HUB
    assert not verified(one["secret"], other, one["method"], one["target"], stamp, body), "it cannot be turned round"


@given(st.binary(max_size=200), st.integers(0, 7), st.data())
def test_no_part_can_be_changed(body: bytes, part: int, data: st.DataObject) -> None:
    method, target, at, nonce, secret = "POST", "/a?b=c", 1_795_600_800, "N" * 16, SECRET
    stamp = Stamp(at, nonce, sign(secret, Way.TO_HUB, method, target, at, nonce, body).removeprefix("v1="))
    match part:
        case 0:
            method = "PUT"
        case 1:
            target = "/a?b=d"
        case 2:
            stamp = Stamp(at + 1, nonce, stamp.signature)
        case 3:
            stamp = Stamp(at, "M" * 16, stamp.signature)
        case 4:
            secret = "cds_other"
        case 5:
            place = data.draw(st.integers(0, len(body)))
            body = body[:place] + b"x" + body[place:]
        case 6:
            stamp = Stamp(at, nonce, stamp.signature.upper())
        case 7:
            stamp = Stamp(at, nonce, stamp.signature + "é")
    changed = part != 6 or stamp.signature != stamp.signature.lower()
    assert verified(secret, Way.TO_HUB, method, target, stamp, body) is not changed


def test_a_body_cannot_take_a_line_of_the_head() -> None:
    """The parts are apart: what stands in the target or the nonce cannot move into the next line."""
    assert message(Way.TO_HUB, "GET", "/a", 1, "n", b"x\ny") == b"v1\nGET\n/a\n1\nn\nx\ny"
    with pytest.raises(ValueError, match="X-Crossdock-Nonce"):
        stamp_of({**GOOD, "x-crossdock-nonce": "AAAAAAAAAAAAAAAA\n{}"})


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-crossdock-timestamp", ""),
        ("x-crossdock-timestamp", "-5"),
        ("x-crossdock-timestamp", "1.5"),
        ("x-crossdock-timestamp", "1795600800\n"),
        ("x-crossdock-timestamp", "9" * 13),
        ("x-crossdock-timestamp", "١٢"),
        ("x-crossdock-nonce", ""),
        ("x-crossdock-nonce", "A" * 15),
        ("x-crossdock-nonce", "A" * 65),
        ("x-crossdock-nonce", "A" * 16 + "!"),
        ("x-crossdock-signature", ""),
        ("x-crossdock-signature", "0" * 64),
        ("x-crossdock-signature", "v2=" + "0" * 64),
    ],
)
def test_a_malformed_stamp_is_named(header: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"(?i)^{header}: expected"):
        stamp_of({**GOOD, header: value})


def test_no_stamp_is_none() -> None:
    assert stamp_of({"x-crossdock-key": "cdk_x"}) is None
    stamp = stamp_of(GOOD)
    assert stamp == Stamp(1_795_600_800, "A" * 16, "0" * 64)
