"""What the hub records of a command is what the shop's side reads: both halves, in one test, for every command."""

from __future__ import annotations

import uuid
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from crossdock.connectors.woocommerce.wishes import read
from crossdock.flow.command import AddNote, Fulfil, FulfilLine, Refund, RefundLine, SetStatus
from crossdock.flow.command.judge import wish
from crossdock.flow.command.words import Command, RefundTax, Target
from crossdock.model.connection import Connection, ConnectionState
from crossdock.model.maps import Maps, effective

TAX = SimpleNamespace(rate_id="4", total=Decimal("6.00"))
LINE = SimpleNamespace(id="10", quantity=Decimal(3), total=Decimal("30.00"), taxes=(TAX,))
ORDER = SimpleNamespace(currency="EUR", total=Decimal("36.00"), refunded_total=Decimal(0), lines=(LINE,))
SHOP = Connection(
    id=uuid.UUID(int=1),
    tenant_id=uuid.UUID(int=2),
    connector="woocommerce",
    name="shop",
    state=ConnectionState.ACTIVE,
    account_uid="shop",
    config={},
    account={"currency": "EUR"},
    route_epoch=0,
)
TARGET = Target(uuid.UUID(int=3), SHOP, "17", "17", 1, "live", "processing", None, order=ORDER)
MAPS: Maps = effective({})


@pytest.mark.parametrize(
    ("action", "command"),
    [
        ("set_status", SetStatus("completed", expected_status="processing", note="sent")),
        ("add_note", AddNote("hello", customer_note=True)),
        ("fulfil", Fulfil((FulfilLine("10", 2),), "T1", "DHL", "https://dhl.example/T1", notify=True)),
        ("fulfil", Fulfil()),
        ("refund", Refund(Decimal("1.50"), reason="late")),
        ("refund", Refund(lines=(RefundLine("10", 1),))),
        ("refund", Refund(lines=(RefundLine("10", 1, Decimal("2.00"), (RefundTax("4", Decimal("0.40")),)),))),
    ],
)
def test_every_command_is_a_wish_that_the_shop_s_side_takes(action: str, command: Command) -> None:
    document: dict[str, Any] = {"request_id": "r1", "asked": "x", **wish(command, TARGET, MAPS, ("completed",))}
    made = read(action, document, SHOP.account)
    assert made.request_id == "r1"
    if isinstance(command, Refund) and command.lines:
        (line,) = made.lines  # type: ignore[attr-defined]
        assert [tax.rate_id for tax in line.taxes] == ["4"]
