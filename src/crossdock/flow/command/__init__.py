"""command: a request to change something in a shop, checked against what is recorded, becomes a wish."""

from crossdock.flow.command.orders import OrderCommands
from crossdock.flow.command.seen import MapsSeen, maps_seen
from crossdock.flow.command.words import (
    AddNote,
    Ask,
    Fulfil,
    FulfilLine,
    Issued,
    Refund,
    RefundLine,
    RefundTax,
    SetStatus,
)

__all__ = [
    "AddNote",
    "Ask",
    "Fulfil",
    "FulfilLine",
    "Issued",
    "MapsSeen",
    "OrderCommands",
    "Refund",
    "RefundLine",
    "RefundTax",
    "SetStatus",
    "maps_seen",
]
