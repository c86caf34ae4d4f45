"""Webhooks and REST answers of a real store, as the tests read them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import orjson

from tests.support.shared import RECORDINGS

COPIES = Path(__file__).parents[2] / "fixtures" / "woocommerce"


class Recorded(msgspec.Struct, frozen=True):
    """One webhook as it arrived. ``secret`` is None for pings."""

    name: str
    headers: dict[str, str]
    body: bytes
    secret: str | None
    stored_secret: str | None

    @property
    def topic(self) -> str:
        """The topic header; empty for pings."""
        return self.headers.get("x-wc-webhook-topic", "")

    @property
    def hook_id(self) -> str:
        """The webhook's id at the shop."""
        return self.headers.get("x-wc-webhook-id", "")

    @property
    def secrets(self) -> dict[str, str]:
        """What a connection with this webhook holds."""
        return {self.hook_id: self.secret} if self.secret is not None else {}

    def json(self) -> Any:
        """The body, parsed."""
        return orjson.loads(self.body)


def recorded(path: Path) -> Recorded:
    """Read one recording (the shared ones list headers in order, the copies hold a mapping)."""
    raw = orjson.loads(path.read_bytes())
    headers = raw["headers"]
    pairs = headers.items() if isinstance(headers, dict) else headers
    return Recorded(
        path.stem,
        {name.lower(): value for name, value in pairs},
        base64.b64decode(raw["body_b64"]),
        raw.get("secret"),
        raw.get("secret_stored"),
    )


def copy(name: str) -> Recorded:
    """A webhook that lies in this repository."""
    return recorded(COPIES / "webhooks" / f"{name}.json")


def shared_webhooks() -> list[Recorded]:
    """All webhooks of the shared recordings; none when they are not on this machine."""
    folder = RECORDINGS / "webhooks"
    return [recorded(path) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []


def stored(stream: str) -> Iterator[dict[str, Any]]:
    """Entities of the recorded store as REST lists them (without ``_links``)."""
    with (RECORDINGS / "store" / f"{stream}.jsonl").open("rb") as lines:
        for line in lines:
            if line.strip():
                yield orjson.loads(line)


def answer(name: str) -> Any:
    """The JSON body of one recorded REST answer (``rest/order_single``)."""
    return orjson.loads(orjson.loads((RECORDINGS / f"{name}.json").read_bytes())["response"]["body_utf8"])
