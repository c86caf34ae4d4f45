"""From a command to a wish: every rule is checked against the recorded order before anything is written. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from crossdock.errors import BadInput, Conflict, VersionConflict
from crossdock.flow.command.words import AddNote, Command, Fulfil, Refund, RefundLine, SetStatus, Target
from crossdock.kit.money import minor_units
from crossdock.model.maps import Maps

_REFUSED_TARGETS = frozenset({"trash", "auto-draft", "checkout-draft"})
_LONGEST = 5000


def wish(command: Command, target: Target, maps: Maps, known: Iterable[str]) -> dict[str, Any]:
    """Return the wish's document without its request id.

    ``known`` are the shop's statuses beside those the maps name. Raises ``BadInput`` naming the field, ``Conflict`` or
    ``VersionConflict``.
    """
    if target.presence == "deleted":
        raise Conflict("the order was deleted in the shop", remedy="nothing can be written to it")
    match command:
        case SetStatus():
            return _status(command, target, maps, known)
        case AddNote():
            return _note(command, target)
        case Fulfil():
            return _fulfilment(command, target)
        case Refund():
            return _refund(command, target)


def _status(command: SetStatus, target: Target, maps: Maps, known: Iterable[str]) -> dict[str, Any]:
    if target.presence == "trashed":
        raise Conflict("the order is in the shop's trash", remedy="restore it in the shop first")
    wanted = maps.to_shop(_text(command.status, "status"))
    if wanted in _REFUSED_TARGETS:
        raise BadInput("an order is not moved there by its status", field="status", remedy="delete it in the shop")
    if not maps.names(wanted) and wanted not in set(known):
        words = ", ".join(sorted({*maps.status, *known}))
        raise BadInput(
            f"the shop knows no status {command.status!r}", field="status", remedy=f"one of {words}, or map it"
        )
    expected = None if command.expected_status is None else maps.to_shop(command.expected_status)
    moved = command.if_version is not None and command.if_version != target.seq
    if moved or (expected is not None and expected != target.status):
        raise VersionConflict(
            "the order has changed since you saw it",
            expected={"status": command.expected_status, "version": command.if_version},
            current={
                "status": maps.from_shop(target.status),
                "version": target.seq,
                "modified_at": target.modified_at,
            },
            remedy="look at the current version, then send the command again with it",
        )
    document: dict[str, Any] = {"order_id": target.external_id, "status": wanted}
    if expected is not None:
        document["expected_status"] = expected
    if command.note is not None:
        document["note"] = _text(command.note, "note")
    return document


def _note(command: AddNote, target: Target) -> dict[str, Any]:
    return {
        "order_id": target.external_id,
        "note": _text(command.note, "note"),
        "customer_note": command.customer_note,
    }


def _fulfilment(command: Fulfil, target: Target) -> dict[str, Any]:
    if target.presence == "trashed":
        raise Conflict("the order is in the shop's trash", remedy="restore it in the shop first")
    lines = None
    if command.lines is not None:
        left = {line.id: int(line.quantity) for line in target.order.lines}
        left = _less(left, _sent(target.earlier))
        lines = [{"line_id": line.line_id, "quantity": line.quantity} for line in command.lines]
        _within(left, lines, "fulfilled")
    elif any(one.get("lines") is None for one in target.earlier):
        raise Conflict("all of the order is being fulfilled already", remedy="look at its deliveries")
    document: dict[str, Any] = {
        "order_id": target.external_id,
        "lines": lines,
        "tracking_number": _text(command.tracking_number, "tracking_number", least=0, most=200),
        "carrier": _text(command.carrier, "carrier", least=0, most=200),
        "notify": command.notify,
        "complete": command.lines is None if command.complete is None else command.complete,
    }
    if command.tracking_url is not None:
        if not command.tracking_url.startswith(("https://", "http://")):
            raise BadInput("a tracking URL is a web address", field="tracking_url", remedy="begin it with https://")
        document["tracking_url"] = _text(command.tracking_url, "tracking_url", most=2000)
    return document


def _sent(earlier: Iterable[dict[str, Any]]) -> Counter[str]:
    gone: Counter[str] = Counter()
    for one in earlier:
        for line in one.get("lines") or ():
            gone[line["line_id"]] += line["quantity"]
    return gone


def _refund(command: Refund, target: Target) -> dict[str, Any]:
    order = target.order
    # a shop's decimals are its own setting: yen with two are seen
    scale = order.total.as_tuple().exponent
    places = max(minor_units(order.currency), -scale if isinstance(scale, int) else 0)
    if command.amount is None and not command.lines:
        raise BadInput("a refund names an amount or lines", field="amount", remedy="send amount, lines or both")
    lines = None
    summed = Decimal(0)
    if command.lines:
        gone = Counter(target.refunded) + _sent(target.earlier)
        left = _less({line.id: int(line.quantity) for line in order.lines}, gone)
        lines = [_refund_line(line, order, places) for line in command.lines]
        _within(left, lines, "refunded", least=0)
        summed = sum((_line_total(line) for line in lines), Decimal(0))
    amount = summed if command.amount is None else command.amount
    _money(amount, "amount", places)
    if lines is not None and amount < summed:
        raise BadInput("the amount is less than its lines", field="amount", remedy=f"at least {summed}")
    pending = sum((Decimal(str(one["amount"])) for one in target.earlier if one.get("amount")), Decimal(0))
    open_amount = order.total - order.refunded_total - pending
    if amount > open_amount:
        raise Conflict(
            f"only {open_amount} {order.currency} are left to refund ({pending} under way)",
            remedy="refund what is left",
        )
    return {
        "order_id": target.external_id,
        "amount": f"{amount:.{places}f}",
        "lines": lines,
        "reason": _text(command.reason, "reason", least=0, most=1000),
        "restock": command.restock,
        "api_refund": command.api_refund,
    }


def _refund_line(line: RefundLine, order: Any, places: int) -> dict[str, Any]:
    total, taxes = line.total, {tax.rate_id: tax.total for tax in line.taxes}
    if total is None:
        known = next((one for one in order.lines if one.id == line.line_id and one.quantity), None)
        part = Decimal(line.quantity) / known.quantity if known else Decimal(0)
        least = Decimal(1).scaleb(-places)
        total = (known.total * part).quantize(least) if known else part
        if known and not taxes:
            taxes = {share.rate_id: (share.total * part).quantize(least) for share in known.taxes if share.total}
    for amount, field in ((total, "lines.total"), *((tax, "lines.taxes.total") for tax in taxes.values())):
        _money(amount, field, places, least=Decimal(0))
    document: dict[str, Any] = {"line_id": line.line_id, "quantity": line.quantity, "total": f"{total:.{places}f}"}
    if taxes:
        document["taxes"] = [{"rate_id": rate, "total": f"{tax:.{places}f}"} for rate, tax in taxes.items()]
    return document


def _line_total(line: dict[str, Any]) -> Decimal:
    return Decimal(line["total"]) + sum((Decimal(t["total"]) for t in line.get("taxes", ())), Decimal(0))


def _less(left: dict[str, int], gone: Counter[str]) -> dict[str, int]:
    return {name: quantity - gone[name] for name, quantity in left.items()}


def _within(left: dict[str, int], lines: list[dict[str, Any]], done: str, *, least: int = 1) -> None:
    if not lines:
        raise BadInput("the list of lines is empty", field="lines", remedy="name lines, or leave it out")
    wanted: Counter[str] = Counter()
    for index, line in enumerate(lines):
        name, quantity = line["line_id"], line["quantity"]
        if name not in left:
            raise BadInput(
                "the order has no such line", field=f"lines[{index}].line_id", remedy=f"it has {', '.join(left)}"
            )
        wanted[name] += quantity
        if quantity < least or wanted[name] > left[name]:
            raise BadInput(
                f"{left[name]} of this line are left to be {done}",
                field=f"lines[{index}].quantity",
                remedy=f"{least} to {left[name]}",
            )


def _money(amount: Decimal, field: str, places: int, *, least: Decimal | None = None) -> None:
    exponent = amount.as_tuple().exponent
    if not amount.is_finite() or (isinstance(exponent, int) and -exponent > places):
        raise BadInput(f"expected an amount with at most {places} decimals", field=field, remedy="write 12.50")
    if amount < least if least is not None else amount <= 0:
        raise BadInput("an amount given back is above zero", field=field, remedy="write 12.50")


def _text(value: str, field: str, *, least: int = 1, most: int = _LONGEST) -> str:
    if not least <= len(value) <= most or "\x00" in value:
        raise BadInput(f"expected {least} to {most} characters without NUL", field=field, remedy="shorten it")
    return value
