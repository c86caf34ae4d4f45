"""``orders status``, ``note``, ``fulfil`` and ``refund``: what the hub is to change in a shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Tenant, give, guarded
from crossdock.cli.asking import ask, only
from crossdock.cli.records import orders

if TYPE_CHECKING:
    import uuid

    from crossdock.flow.command.words import Command
    from crossdock.wiring import Hub

Order = Annotated[str, typer.Argument(help="Its number, or its id (ord_…).", metavar="ORDER")]
Shop = Annotated[str | None, typer.Option("--shop", help="Which shop, where several have the number.")]
Key = Annotated[str | None, typer.Option("--key", help="Idempotency key: the same command with it is done once.")]
Lines = Annotated[
    list[str] | None, typer.Option("--line", help="LINE=QUANTITY; may be given several times.", metavar="LINE=QUANTITY")
]


@orders.command("status")
@guarded
def status(
    order: Order,
    wanted: Annotated[str, typer.Argument(help="The status: completed, on-hold …", metavar="STATUS")],
    expected: Annotated[str | None, typer.Option("--expected", help="Only when it stands in this status.")] = None,
    text: Annotated[str | None, typer.Option("--note", help="A private note beside it.")] = None,
    shop: Shop = None,
    key: Key = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Move an order to a status in its shop."""
    from crossdock.flow.command import SetStatus

    _issue(order, SetStatus(wanted, expected, None, text), shop, key, tenant, as_json=as_json)


@orders.command("note")
@guarded
def note(
    order: Order,
    text: Annotated[str, typer.Argument(help="The note.", metavar="TEXT")],
    customer: Annotated[bool, typer.Option("--customer", help="The shop mails it to the buyer.")] = False,
    shop: Shop = None,
    key: Key = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Write a note at an order."""
    from crossdock.flow.command import AddNote

    _issue(order, AddNote(text, customer), shop, key, tenant, as_json=as_json)


@orders.command("fulfil")
@guarded
def fulfil(
    order: Order,
    line: Lines = None,
    tracking: Annotated[str, typer.Option("--tracking", help="Tracking number.")] = "",
    carrier: Annotated[str, typer.Option("--carrier", help="Who carries it.")] = "",
    url: Annotated[str | None, typer.Option("--url", help="Where it can be followed.")] = None,
    notify: Annotated[bool, typer.Option("--notify", help="The shop mails the buyer.")] = False,
    complete: Annotated[
        bool | None, typer.Option("--complete/--no-complete", help="Complete the order; by default when no --line.")
    ] = None,
    shop: Shop = None,
    key: Key = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Tell a shop that an order, or some of its lines, was sent."""
    from crossdock.flow.command import Fulfil, FulfilLine

    lines = None if not line else tuple(FulfilLine(*one) for one in _lines(line))
    _issue(order, Fulfil(lines, tracking, carrier, url, notify, complete), shop, key, tenant, as_json=as_json)


@orders.command("refund")
@guarded
def refund(
    order: Order,
    amount: Annotated[str | None, typer.Option("--amount", help="How much: 12.50")] = None,
    line: Lines = None,
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    restock: Annotated[bool, typer.Option("--restock/--no-restock", help="Put the goods back into stock.")] = True,
    gateway: Annotated[
        bool, typer.Option("--gateway", help="The shop's payment gateway moves the money (api_refund).")
    ] = False,
    shop: Shop = None,
    key: Key = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Give money back in a shop: an amount, or lines."""
    from decimal import Decimal, InvalidOperation

    from crossdock.errors import BadInput
    from crossdock.flow.command import Refund, RefundLine

    try:
        money = None if amount is None else Decimal(amount)
    except InvalidOperation:
        raise BadInput("that is no amount", field="amount", remedy="write it like 12.50") from None
    lines = None if not line else tuple(RefundLine(*one) for one in _lines(line))
    _issue(order, Refund(money, lines, reason, restock, gateway), shop, key, tenant, as_json=as_json)


def _lines(given: list[str]) -> list[tuple[str, int]]:
    from crossdock.errors import BadInput

    found = []
    for text in given:
        name, _, quantity = text.partition("=")
        if not name or not quantity.isascii() or not quantity.isdigit() or len(quantity) > 6:
            raise BadInput(f"{text!r} is no line and quantity", field="line", remedy="write it like 11=2")
        found.append((name, int(quantity)))
    return found


def _issue(order: str, asked: Command, shop: str | None, key: str | None, tenant: str, *, as_json: bool) -> None:
    from crossdock.cli.opening import ringing
    from crossdock.flow.command import Ask
    from crossdock.kit.ids import Prefix, parse, show

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        async with ringing(hub):
            source = await only(hub, tenant_id, shop)
            if order.startswith(f"{Prefix.ORDER}_"):
                from crossdock.cli.connecting import parse_id

                order_id = parse_id(parse, Prefix.ORDER, order)
            else:
                order_id = await hub.orders.find(tenant_id, order, source)
            named = None if key is None else f"wish:{key}"
            issued = await hub.orders.one(tenant_id, Ask(order_id, asked, named))
        return {
            "event_id": show(Prefix.EVENT, issued.event_id),
            "delivery_ids": [show(Prefix.DELIVERY, one) for one in issued.delivery_ids],
            "duplicate": issued.duplicate,
            "order": show(Prefix.ORDER, issued.order),
            "status": issued.status,
            "version": issued.version,
        }

    made = ask(tenant, work)
    told = "was taken before under this key" if made["duplicate"] else "is recorded; a running worker carries it out"
    followed = ", ".join(made["delivery_ids"])
    give(made, as_json=as_json, people=lambda: f"The command {told}. Follow it: crossdock deliveries show {followed}")


__all__ = ["orders"]
