"""What a receiver of signed messages got: every acknowledged event once, those of one thing in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import orjson


class Said(msgspec.Struct, frozen=True):
    """An event that the hub has acknowledged with a 2xx."""

    id: str
    """Its id at the hub, which is the message's id at the receiver."""
    thing: str
    """What it is about."""
    number: int
    """Its place among the events of this thing."""


def judge(said: Sequence[Said], sink: Mapping[str, Any]) -> list[str]:
    """Return what is wrong at the receiver: an event lost, recorded twice, or out of order.

    ``sink`` is the receiver's ground truth. A message that came again under its own id is one message: the receiver
    drops it by ``webhook-id``, as the standard tells it to.
    """
    wrong = [f"event {one.id} of {one.thing} is acknowledged and never arrived" for one in said if _lost(one, sink)]
    seen: dict[tuple[str, int], str] = {}
    for message in sink["order"]:
        data = _data(sink["bodies"][message])
        if data is None:
            continue
        name = (data["thing"], data["number"])
        if name in seen:
            wrong.append(f"event {name[1]} of {name[0]} arrived under two ids, {seen[name]} and {message}")
        seen.setdefault(name, message)
    return wrong + _disorder(name for name in seen)


def _lost(one: Said, sink: Mapping[str, Any]) -> bool:
    return one.id not in sink["by_id"]


def _data(body: str) -> Mapping[str, Any] | None:
    data = orjson.loads(body)["data"]
    return data if isinstance(data, dict) and {"thing", "number"} <= data.keys() else None


def _disorder(names: Iterable[tuple[str, int]]) -> list[str]:
    last: dict[str, int] = {}
    wrong = []
    for thing, number in names:
        if number < last.get(thing, -1):
            wrong.append(f"event {number} of {thing} came after event {last[thing]}")
        last[thing] = max(number, last.get(thing, -1))
    return wrong
