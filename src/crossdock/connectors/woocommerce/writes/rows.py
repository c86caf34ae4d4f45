"""Many entities in few calls: a hundred are read together, those that differ are written together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

from crossdock.connectors.woocommerce.writes.caller import LATE, Caller, Row, Stop
from crossdock.model.outcome import Gone, Outcome, Refresh, Retry, Throttled

MOST: Final = 100
"""Of a batch and of a list."""


class Shelf(msgspec.Struct, frozen=True):
    """How one kind of wish is carried out on one list of entities."""

    path: str
    """The batch endpoint."""
    name: Callable[[Any], str]
    """The entity's id, from a wish."""
    read: Callable[[Sequence[str]], Awaitable[dict[str, Row]]]
    """What is there now, by id. Raises ``Stop``."""
    decide: Callable[[Any, Row], Row | Outcome]
    """What to write (without the id), or how it ends without a write."""
    judge: Callable[[Any, Row], Outcome]
    """What the shop's answer to an item means."""
    doubted: Callable[[Any], bool] = lambda wish: False
    """Wishes whose entity is read once more before it is written."""


async def carry_out(caller: Caller, shelf: Shelf, wishes: Sequence[Any]) -> list[Outcome]:
    """Carry out wishes; one outcome each, in order."""
    outcomes: list[Outcome] = [LATE] * len(wishes)
    for chunk in _chunks([shelf.name(wish) for wish in wishes]):
        if caller.late:
            break
        try:
            for at, outcome in zip(chunk, await _hundred(caller, shelf, [wishes[i] for i in chunk]), strict=True):
                outcomes[at] = outcome
        except Stop as stop:
            for at in chunk:
                outcomes[at] = stop.outcome
            if isinstance(stop.outcome, Throttled | Refresh):
                return [stop.outcome if outcome is LATE else outcome for outcome in outcomes]
    return outcomes


def _chunks(names: Sequence[str]) -> Iterator[list[int]]:
    """Part places into chunks of at most a hundred in which no entity is there twice."""
    chunk: list[int] = []
    seen: set[str] = set()
    for at, name in enumerate(names):
        if len(chunk) == MOST or name in seen:
            yield chunk
            chunk, seen = [], set()
        chunk.append(at)
        seen.add(name)
    if chunk:
        yield chunk


async def _hundred(caller: Caller, shelf: Shelf, wishes: Sequence[Any]) -> list[Outcome]:
    there = await shelf.read([shelf.name(wish) for wish in wishes])
    outcomes: list[Outcome | None] = [None] * len(wishes)
    items: dict[int, Row] = {}
    for at, wish in enumerate(wishes):
        row = there.get(shelf.name(wish))
        decided: Row | Outcome = Gone() if row is None else shelf.decide(wish, row)
        if isinstance(decided, dict):
            items[at] = decided
        else:
            outcomes[at] = decided
    doubted = [at for at in items if shelf.doubted(wishes[at])]
    if doubted:
        again = await shelf.read([shelf.name(wishes[at]) for at in doubted])
        for at in doubted:
            name = shelf.name(wishes[at])
            if again.get(name) != there.get(name):
                del items[at]
                outcomes[at] = Retry("the shop's own value is moving; it is looked at again", after_s=5.0)
    if items:
        sent = [{"id": int(shelf.name(wishes[at])), **item} for at, item in items.items()]
        for at, answer in zip(items, await caller.batch(shelf.path, sent), strict=True):
            outcomes[at] = shelf.judge(wishes[at], answer) if isinstance(answer, dict) else answer
    return [outcome for outcome in outcomes if outcome is not None]
