"""Calls to a shop for writing: every answer becomes a document, or :class:`Stop` with what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crossdock.connect.client import CallFailed, Reply
from crossdock.connect.connector import Access
from crossdock.connect.outcomes import Outcomes, failed
from crossdock.connectors.woocommerce.client import MANIFEST, WooCommerceClient
from crossdock.connectors.woocommerce.replies import absent, document_of, error_of
from crossdock.model.outcome import Delivered, Gone, Outcome, Rejected, Retry, Throttled, Unknown

Row = dict[str, Any]
LATE: Final = Throttled(0.1, "the shop is slow; not begun in this attempt")
_OUTCOMES: Final = Outcomes(MANIFEST)
_TIMEOUT_S: Final = 20.0
_BEGIN_WITHIN_S: Final = 8.0
"""What is not begun by then goes with the next claim: a step has a time within which it must end."""
_HALVINGS: Final = 30
"""Calls that finding bad items may cost."""
_DONE_UNTOLD: Final = frozenset({500, 502, 504, 520, 521, 522, 523, 524})
"""A server that fails so may have worked before."""


class Stop(Exception):
    """A call that cannot be gone on from."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


class Caller:
    """One shop, for the time of one ``perform``."""

    def __init__(self, access: Access, client: WooCommerceClient) -> None:
        self._client = client
        self._clock = access.clock
        self._until = access.clock.monotonic() + _BEGIN_WITHIN_S
        self._halvings = _HALVINGS

    @property
    def late(self) -> bool:
        """Whether nothing more should be begun."""
        return self._clock.monotonic() > self._until

    async def read(self, path: str, params: Mapping[str, str], method: str = "GET") -> Any:
        """GET a document. A lost answer is ``Retry``: reading changes nothing. Raises :class:`Stop`."""
        try:
            reply = await self._client.vendor().request(method, path, params=params, timeout_s=_TIMEOUT_S)
        except CallFailed as problem:
            outcome = failed(problem)
            raise Stop(_harmless(outcome)) from None
        outcome = self._meant(reply)
        if outcome is not None:
            raise Stop(_harmless(outcome))
        document = document_of(reply)
        if document is None:
            raise Stop(Retry("the shop answered a web page or broken text instead of JSON"))
        return document

    async def rows(self, path: str, params: Mapping[str, str]) -> list[Row]:
        """GET a list of objects. Raises :class:`Stop`."""
        found = await self.read(path, params)
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise Stop(Retry("the shop answered something else than a list"))
        return found

    async def row(self, path: str, params: Mapping[str, str]) -> Row:
        """GET an object. Raises :class:`Stop`."""
        found = await self.read(path, params)
        if not isinstance(found, dict):
            raise Stop(Retry("the shop answered something else than an object"))
        return found

    async def write(self, method: str, path: str, document: Any) -> Row:
        """Send a change and return what the shop made of it. Raises :class:`Stop`; a lost answer is ``Unknown``."""
        try:
            reply = await self._client.vendor().request(method, path, json=document, timeout_s=_TIMEOUT_S)
        except CallFailed as problem:
            raise Stop(failed(problem)) from None
        outcome = self._meant(reply)
        if isinstance(outcome, Retry) and reply.status in _DONE_UNTOLD:
            outcome = Unknown(outcome.reason, outcome.exchange)
        if outcome is not None:
            raise Stop(outcome)
        found = document_of(reply)
        if not isinstance(found, dict):
            # a plugin's warning before the JSON: the change may have been made
            raise Stop(Unknown("the shop answered a web page or broken text instead of JSON"))
        return found

    async def batch(self, path: str, items: Sequence[Row]) -> list[Row | Outcome]:
        """Update up to a hundred entities; one row or outcome an item, in order. Raises :class:`Stop` for the whole."""
        try:
            answered = await self.write("POST", path, {"update": list(items)})
        except Stop as stop:
            if not isinstance(stop.outcome, Rejected) or len(items) == 1 or self._halvings <= 0:
                raise
            return await self._halved(path, items)
        rows = answered.get("update")
        if not isinstance(rows, list) or len(rows) != len(items):
            raise Stop(Unknown("the shop answered another number of items than were sent"))
        return [self._item(row, path) for row in rows]

    async def _halved(self, path: str, items: Sequence[Row]) -> list[Row | Outcome]:
        """Send a batch that was refused as a whole again in halves: what it is refused for stands alone at the end."""
        found: list[Row | Outcome] = []
        middle = len(items) // 2
        for part in (items[:middle], items[middle:]):
            self._halvings -= 1
            try:
                found += await self.batch(path, part)
            except Stop as stop:
                found += [stop.outcome] * len(part)
        return found

    def _item(self, row: Any, path: str) -> Row | Outcome:
        if not isinstance(row, dict):
            return Unknown("the shop answered no object for an item")
        error = row.get("error")
        if not isinstance(error, dict):
            return row
        data = error.get("data")
        status = data.get("status") if isinstance(data, dict) else data
        code, text = str(error.get("code") or ""), str(error.get("message") or "")
        status = status if isinstance(status, int) and 300 <= status < 600 else 400
        reply = Reply(status, {}, b"", 0.0, "POST", path)
        if code.endswith("_invalid_id"):
            return Gone("the shop has nothing of this id any more")
        outcome = _OUTCOMES.of(reply, self._clock.now(), code=code, text=text)
        return outcome or Unknown("the shop answered an error without a status")

    def _meant(self, reply: Reply) -> Retry | Unknown | Any:
        """Return what is wrong with an answer; None when nothing is."""
        code, text = error_of(reply)
        if absent(reply):
            return Gone(f"the shop has nothing of this id any more ({code})")
        outcome = _OUTCOMES.of(reply, self._clock.now(), code=code, text=text)
        return None if isinstance(outcome, Delivered) else outcome


def _harmless(outcome: Outcome) -> Outcome:
    """Say of a reading that went astray that it may be tried again: it changed nothing."""
    return Retry(outcome.reason, exchange=outcome.exchange) if isinstance(outcome, Unknown) else outcome
