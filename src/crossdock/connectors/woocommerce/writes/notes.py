"""Notes, each once.

A note carries no meta and no key over REST. The first try sends it at once; any further try looks for it first. An
internal note carries its wish's key in an HTML comment, which no page shows. A note to the customer does not: mails in
plain text would print it. Before it is sent the newest note's id is asked for and committed; in doubt it is known again
by the same words and a higher id. Wishes about one order follow each other, so an earlier wish of the same words has
its note before that place.
"""

from __future__ import annotations

import html
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, Final

from crossdock.connectors.woocommerce.fields import moment
from crossdock.connectors.woocommerce.plans import AFTER
from crossdock.connectors.woocommerce.wishes import AddNote
from crossdock.connectors.woocommerce.writes.caller import Caller, Row
from crossdock.model.outcome import Delivered, Outcome
from crossdock.model.plan import Resolved

_AHEAD: Final = timedelta(minutes=2)
"""How far the two clocks may be apart, beyond what the watch has measured."""
_REMEMBERED: Final = 10_000


class Notes:
    """Which note was written for which wish, of one destination."""

    def __init__(self) -> None:
        self._written: OrderedDict[str, str] = OrderedDict()

    async def place(self, caller: Caller, wish: AddNote) -> Outcome:
        """Return the id of the newest note there is, 0 without any. Raises ``Stop``."""
        rows = await caller.rows(_path(wish), {"_fields": "id"})
        return Delivered(str(max((_id(row) for row in rows), default=0)))

    async def add(self, caller: Caller, wish: AddNote, asked: Resolved, ahead_s: float) -> Outcome:
        """Write a note unless an earlier try has. Raises ``Stop``."""
        path = _path(wish)
        if asked.repeated:
            fields = "id,note,customer_note,date_created_gmt"
            after = int(asked.properties.get(AFTER) or 0)
            since = None if after or asked.asked_at is None else asked.asked_at + timedelta(seconds=ahead_s) - _AHEAD
            for row in await caller.rows(path, {"_fields": fields}):
                if (
                    _id(row) > after
                    and _same(wish, row, since, _mark(asked))
                    and self._may_be(str(row.get("id")), asked.write.key)
                ):
                    return self._is(str(row["id"]), asked.write.key)
        text = wish.note if wish.customer_note else f"{wish.note}\n{_mark(asked)}"
        # by a user: some mails and exports leave the system's own notes out
        document = {"note": text, "customer_note": wish.customer_note, "added_by_user": True}
        made = await caller.write("POST", path, document)
        return self._is(str(made.get("id")), asked.write.key)

    def _may_be(self, note_id: str, key: str) -> bool:
        return self._written.get(note_id, key) == key

    def _is(self, note_id: str, key: str) -> Outcome:
        self._written[note_id] = key
        while len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)
        return Delivered(note_id)


def _path(wish: AddNote) -> str:
    return f"/wc/v3/orders/{wish.order_id}/notes"


def _id(row: Row) -> int:
    number = row.get("id")
    return number if isinstance(number, int) else 0


def _mark(asked: Resolved) -> str:
    return f"<!-- {asked.write.key} -->"


def _same(wish: AddNote, row: Row, since: datetime | None, mark: str) -> bool:
    if not wish.customer_note:
        return mark in str(row.get("note"))
    made_at = moment(row.get("date_created_gmt"))
    if row.get("customer_note") is not True or _words(row.get("note")) != _words(wish.note):
        return False
    return since is None or made_at is None or made_at >= since


def _words(text: Any) -> str:
    return " ".join(html.unescape(str(text)).split())
