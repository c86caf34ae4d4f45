"""What records said lately: the same bytes, read once, and never past a change of what they are made of."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest

from crossdock.api.remembered import FRESH_S, Remembered
from crossdock.model.connection import Connection, ConnectionState

SEALED = bytes(range(17)) + b"the rest is sealed"


def store(**more: Any) -> Connection:
    given = {"config": {"status_map": {}}, "account": {"currency": "EUR"}, **more}
    return Connection(
        uuid.UUID(int=1), uuid.UUID(int=2), "woocommerce", "shop", ConnectionState.ACTIVE, "shop", **given
    )


def row(event: int = 7, **more: Any) -> dict[str, Any]:
    usual = {"event_id": uuid.UUID(int=event), "body": SEALED, "presence": "live", "status": "new", "modified_at": None}
    return {**usual, **more}


class Reader:
    """Counts what is read."""

    def __init__(self, size: int = 10) -> None:
        self.times = 0
        self._size = size

    def read(self, connection: Connection, told: Any) -> dict[str, Any]:
        self.times += 1
        if told["status"] == "wrong":
            raise ValueError("total: is missing")
        text = "x" * self._size
        return {"status": told["status"], "currency": connection.account["currency"], "text": text, "read": self.times}


def test_what_is_asked_again_is_not_read_again() -> None:
    reader = Reader()
    memory = Remembered(reader.read)
    first, second = memory.said(store(), row()), memory.said(store(), row())
    assert bytes(first) == bytes(second)
    assert msgspec.json.decode(bytes(second))["read"] == 1
    memory.said(store(), row(event=8))
    assert reader.times == 2


@pytest.mark.parametrize(
    ("connection", "told"),
    [
        (store(), row(body=b"another nonce" + SEALED)),
        (store(), row(presence="deleted")),
        (store(), row(status="paid")),
        (store(account={"currency": "USD"}), row()),
        (store(config={"status_map": {"new": "pending"}}), row()),
    ],
)
def test_whatever_a_word_is_made_of_makes_it_anew(connection: Connection, told: dict[str, Any]) -> None:
    reader = Reader()
    memory = Remembered(reader.read)
    memory.said(store(), row())
    said = msgspec.json.decode(bytes(memory.said(connection, told)))
    assert said["read"] == 2
    assert (said["status"], said["currency"]) == (told["status"], connection.account["currency"])


def test_it_is_forgotten_after_a_minute_and_bounded_in_bytes() -> None:
    at, reader = [0.0], Reader(size=1000)
    memory = Remembered(reader.read, most_bytes=3500, now=lambda: at[0])
    for event in range(4):
        memory.said(store(), row(event=event))
    memory.said(store(), row(event=3))
    assert reader.times == 4
    memory.said(store(), row(event=0))
    assert reader.times == 5, "the oldest made room"
    at[0] = FRESH_S
    memory.said(store(), row(event=3))
    assert reader.times == 6
    assert memory.size < 1500, "what is past its minute is gone, asked for or not"


def test_what_cannot_be_read_is_not_remembered() -> None:
    reader = Reader()
    memory = Remembered(reader.read)
    for _ in range(2):
        with pytest.raises(ValueError, match="total: is missing"):
            memory.said(store(), row(status="wrong"))
    assert reader.times == 2
    assert memory.size == 0
