"""All that has to do with mappings, put together."""

from __future__ import annotations

from typing import Any

from crossdock.flow.canonical import Canonical
from crossdock.flow.ports import Store
from crossdock.flow.schema import Schemas


class Mappings:
    """What doors and loops ask for when it is about mappings."""

    def __init__(self, store: Store, ears: Any, directory: Any, canonical: Canonical) -> None:
        self.schemas = Schemas(store, ears, directory, canonical)
