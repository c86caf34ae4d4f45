"""A shop's backup: everything its database holds, webhooks too, put aside and brought back."""

from __future__ import annotations

import copy

from .hooks import Hooks
from .shop import KINDS, Shop


class Backup:
    """One snapshot of a shop."""

    def __init__(self, shop: Shop, hooks: Hooks) -> None:
        self._tables = {kind: copy.deepcopy(list(shop.tables[kind])) for kind in KINDS}
        self._notes = copy.deepcopy(shop.notes)
        self._deleted = copy.deepcopy(shop.deleted)
        self._hooks = copy.deepcopy(hooks.rows)
        self._counters = shop.counters()

    def restore(self, shop: Shop, hooks: Hooks) -> None:
        """Bring the shop back to it: what came later is gone. Ids that were given since are given again."""
        for kind in KINDS:
            table = shop.tables[kind]
            for row_id in list(table.rows):
                table.drop(row_id)
            shop.fill(kind, copy.deepcopy(self._tables[kind]))
        for counter, value in self._counters.items():
            shop.set_next(counter, value)
        shop.notes = copy.deepcopy(self._notes)
        shop.deleted = copy.deepcopy(self._deleted)
        hooks.rows = copy.deepcopy(self._hooks)
        hooks.waiting.clear()
