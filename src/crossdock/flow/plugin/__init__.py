"""plugin: what a site tells by its own hand, made ready for the ledger, and what became of it."""

from crossdock.flow.plugin.desk import Tellings
from crossdock.flow.plugin.items import Item, Linked, Told

__all__ = ["Item", "Linked", "Tellings", "Told"]
