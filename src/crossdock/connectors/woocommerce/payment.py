"""Whether an order is paid, read from what the shop states. Pure.

The rules, first match wins:

1. A total of zero (or below, by a fee below zero) is paid: there is nothing to pay.
2. Refunds of the whole total: refunded; of less: part_refunded. Status ``refunded`` without any refund: refunded.
3. The gateway notes that it has authorised and not captured (``*_charge_captured`` = no, PayPal's intent AUTHORIZE
   not captured or status AUTHORIZED, ``_intention_status`` = requires_capture): authorised.
4. A date of payment: paid. The shop sets it at payment, at status processing and completed, and for cash on delivery
   at completed alone (all 48 recorded cash orders in processing have none; every other one has).
5. On hold with a transaction: authorised. A bank transfer or cheque on hold has no transaction.
6. Processing (not cash on delivery) or completed: paid, as the shop itself counts them.
7. Else: unpaid.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from crossdock.model.commerce.marks import Meta
from crossdock.model.commerce.order import PaymentStatus

_WORDS: Final = re.compile(r"[^a-z]+")
_CASH: Final = frozenset({"cod", "cashondelivery"})
_TOLD: Final = (
    *("_charge_captured", "_ppcp_paypal_intent", "_ppcp_paypal_captured", "_intention_status", "_paypal_status"),
)
_NO: Final = frozenset({"no", "false", "0", ""})


def on_delivery(method: str) -> bool:
    """Whether a payment method is cash on delivery: ``cod``, or a plugin's id with that word (``wc_cod_fee``)."""
    words = _WORDS.split(method.lower())
    return bool(_CASH & set(words)) or "cash_on_delivery" in "_".join(words)


def payment_status(
    *,
    status: str,
    total: Decimal,
    refunded: Decimal,
    paid: bool,
    cash: bool,
    transaction: bool,
    meta: tuple[Meta, ...] = (),
) -> PaymentStatus:
    """Derive the status by the rules above; ``paid`` is whether there is a date of payment."""
    if total <= 0:
        return "paid"
    if refunded > 0:
        return "refunded" if refunded >= total else "part_refunded"
    if status == "refunded":
        return "refunded"
    if _uncaptured(meta):
        return "authorised"
    if paid:
        return "paid"
    if status == "on-hold" and transaction:
        return "authorised"
    return "paid" if status == "completed" or (status == "processing" and not cash) else "unpaid"


def _uncaptured(meta: tuple[Meta, ...]) -> bool:
    told = {note.key: _plain(note.value) for note in meta if note.key.endswith(_TOLD)}
    if any(key.endswith("_charge_captured") and value in _NO for key, value in told.items()):
        return True
    if told.get("_ppcp_paypal_intent") == "authorize" and told.get("_ppcp_paypal_captured", "") in _NO:
        return True
    return told.get("_intention_status") == "requires_capture" or told.get("_paypal_status") == "authorized"


def _plain(value: Any) -> str:
    return str(value).strip().lower() if isinstance(value, str | int | bool) else ""
