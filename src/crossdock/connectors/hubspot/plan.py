"""What one delivery writes, in which order. Pure; the reasons are in docs/why/hubspot-decisions.md.

Keys of links: ``<store uid>:order|line|product|customer:…`` and ``guest:<digest>``. Deals, orders, products and
contacts name themselves as their own parent, so that a plan can ask whether they were ever written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from crossdock.connect.connector import Context, Needs, PlanRefused
from crossdock.connectors.hubspot import figures, mapper, notes
from crossdock.connectors.hubspot.mapper import CONTACTS, DEALS, KEY, LINE_ITEMS, ORDERS, PRODUCTS
from crossdock.model.commerce.customer import Customer
from crossdock.model.commerce.lines import OrderLine
from crossdock.model.commerce.order import Order
from crossdock.model.commerce.product import Product
from crossdock.model.mapping import Mapped
from crossdock.model.plan import Plan, Ref, Step, Verb, Write

_NEVER_SHOWN = frozenset({"checkout-draft", "auto-draft"})
"""States of an order that its buyer has not placed yet."""


def needs(entity: Any, store_uid: str, config: Mapping[str, Any] = MappingProxyType({})) -> Needs:
    """Say what a plan must know. ``store_uid`` is the account uid of the source, part of every key."""
    found = _needs(entity, store_uid)
    return msgspec.structs.replace(found, buyers=found.subjects) if figures.wanted(config) else found


def _needs(entity: Any, store_uid: str) -> Needs:
    if isinstance(entity, Order):
        key = mapper.order_key(store_uid, entity.id)
        address = mapper.address_of(entity.billing.email)
        return Needs(
            related=(("customer", entity.customer_id),) if entity.customer_id else (),
            subjects=(address,) if address else (),
            children_of=((LINE_ITEMS, key), (DEALS, key), (ORDERS, key)),
        )
    if isinstance(entity, Customer):
        address = mapper.address_of(entity.email)
        key = mapper.customer_key(store_uid, entity.id)
        return Needs(subjects=(address,) if address else (), children_of=((CONTACTS, key),))
    if isinstance(entity, Product):
        return Needs(children_of=((PRODUCTS, mapper.product_key(store_uid, entity.id)),))
    return Needs()


def plan(action: str, entity: Any, mapped: Mapped, context: Context) -> Plan:
    """Make the plan of an order, customer or product. Raises ``PlanRefused``.

    What is deleted at the shop has no entity any more (None): its plan follows from the action and the id.
    """
    if context.presence == "deleted" and action in _GONE:
        return _GONE[action](context)
    if isinstance(entity, Order):
        return _order(entity, mapped, context)
    if isinstance(entity, Customer):
        return _customer(entity, mapped, context)
    if isinstance(entity, Product):
        return _product(entity, mapped, context)
    if action == "note" and isinstance(entity, dict):
        return notes.plan(entity, context)
    raise PlanRefused("stream", f"the action {action!r} does not take this kind of entity", "choose another route")


def _steps(*steps: tuple[str, list[Write]]) -> Plan:
    return Plan(tuple(Step(name, tuple(writes)) for name, writes in steps if writes))


# --- orders -----------------------------------------------------------------------------------------------------


def _order(order: Order, mapped: Mapped, context: Context) -> Plan:
    key = mapper.order_key(context.store_uid, order.id)
    known = context.children.get(key, ())
    sale = _sale_object(context)
    if order.status in _NEVER_SHOWN and not any(name == sale for name, _ in known):
        return Plan((), nothing="the order is a draft that its buyer has not placed")
    contact = _buyer(order, mapped, context)
    lines = _lines(order, mapped, context, key)
    firm = figures.company(order.billing, order.billing.email) if context.config.get("companies") is True else None
    joined = figures.at_company(key, contact, firm, sale) if firm else []
    planned = _steps(
        ("contact", [contact] if contact else []),
        ("company", [firm] if firm else []),
        ("products", _ensured_products(order, mapped, context)),
        (sale.removesuffix("s"), [_sale(order, mapped, context, key, sale)]),
        ("lines", lines),
        ("associations", _associations(key, sale, contact, lines) + joined),
        ("archive-lines", _archived(known, {write.key for write in lines}, key)),
    )
    return _with_figures(planned, contact, context)


def _with_figures(planned: Plan, contact: Write | None, context: Context) -> Plan:
    """Add what the person has bought, where it was asked for."""
    address = str(contact.properties.get("email") or "") if contact else ""
    told = context.bought.get(address)
    if contact is None or told is None:
        return planned
    return Plan((*planned.steps, figures.figures(contact.key, address, told)))


def _sale_object(context: Context) -> str:
    """Deals by default; the order object where the connection chose it. Raises when the portal has none."""
    if context.config.get("order_object", DEALS) != ORDERS:
        return DEALS
    if (context.account.get("objects") or {}).get(ORDERS) is False:
        raise PlanRefused(
            "order_object",
            "the portal has no order object (or the token lacks its scopes)",
            "set order_object to deals, or give the token crm.objects.orders.read and .write, and check again",
        )
    return ORDERS


def _deleted_order(context: Context) -> Plan:
    key = mapper.order_key(context.store_uid, context.external_id)
    known = context.children.get(key, ())
    held = [name for name, own in known if own == key and name in (DEALS, ORDERS)]
    if not held:
        return Plan((), nothing="the order was deleted before anything of it was delivered")
    if context.config.get("on_delete", "archive") == "leave":
        status: dict[str, str | Ref | None] = {"crossdock_order_status": "deleted"}
        return _steps(*((name.removesuffix("s"), [_record(name, key, status)]) for name in held))
    return _steps(
        ("archive-lines", _archived(known, set(), key)),
        *(("archive-" + name.removesuffix("s"), [_archive(name, key, key)]) for name in held),
    )


def _record(name: str, key: str, properties: dict[str, str | Ref | None], parent: str | None = None) -> Write:
    """An upsert by our own unique property."""
    return Write(
        Verb.UPSERT,
        name,
        key,
        properties={**properties, KEY: key},
        match=(KEY, key),
        parent_key=parent or key,
    )


def _archive(name: str, key: str, parent: str) -> Write:
    return Write(Verb.ARCHIVE, name, key, match=(KEY, key), parent_key=parent)


def _archived(known: tuple[tuple[str, str], ...], kept: set[str], parent: str) -> list[Write]:
    return [_archive(LINE_ITEMS, key, parent) for name, key in known if name == LINE_ITEMS and key not in kept]


def _buyer(order: Order, mapped: Mapped, context: Context) -> Write | None:
    """The person of an order: the customer's own contact, else the guest's, else nobody."""
    account = context.related.get(("customer", order.customer_id)) if order.customer_id else None
    if order.customer_id and isinstance(account, Customer):
        address = mapper.address_of(account.email)
        if address:
            key = mapper.customer_key(context.store_uid, order.customer_id)
            return _ensured_contact(key, address, account.first_name, account.last_name)
    address = mapper.address_of(order.billing.email)
    if address is None:
        return None
    key = mapper.guest_key(address)
    if order.customer_id:
        # no record of the account yet: its own link must not be tied to a billing address that may be somebody else's
        return _ensured_contact(key, address, order.billing.first_name, order.billing.last_name)
    if context.speakers.get(address) != ("order", f"{context.store_uid}:{order.id}"):
        return _ensured_contact(key, address)
    fields: dict[str, str | Ref | None] = {**mapped.one(CONTACTS), "email": address}
    return Write(Verb.UPSERT, CONTACTS, key, properties=fields, match=("email", address), parent_key=key)


def _ensured_contact(key: str, address: str, first_name: str = "", last_name: str = "") -> Write:
    fields: dict[str, str | Ref | None] = {"email": address}
    names = {"firstname": first_name.strip(), "lastname": last_name.strip()}
    fields.update({name: value for name, value in names.items() if value})
    return Write(Verb.UPSERT, CONTACTS, key, properties=fields, match=("email", address), parent_key=key, ensure=True)


def _line_product(line: OrderLine, context: Context) -> str | None:
    product = line.variation_id or line.product_id
    return mapper.product_key(context.store_uid, product) if product else None


def _ensured_products(order: Order, mapped: Mapped, context: Context) -> list[Write]:
    made: dict[str, Write] = {}
    for line, fields in zip(order.lines, _each(mapped, PRODUCTS, order), strict=True):
        key = _line_product(line, context)
        if key is not None and key not in made:
            properties: dict[str, str | Ref | None] = {"name": line.name or "(no name)", **fields, KEY: key}
            made[key] = Write(
                Verb.UPSERT, PRODUCTS, key, properties=properties, match=(KEY, key), parent_key=key, ensure=True
            )
    return list(made.values())


def _each(mapped: Mapped, name: str, order: Order) -> list[dict[str, str | None]]:
    """Return the mapping's fields per line; {} for each where the mapping leaves the object out."""
    found = mapped.objects.get(name, ())
    if found and len(found) != len(order.lines):
        raise PlanRefused(name, "the mapping does not make one for each line", 'give it each = "lines"')
    return [dict(fields) for fields in found] or [{} for _ in order.lines]


def _lines(order: Order, mapped: Mapped, context: Context, parent: str) -> list[Write]:
    made = []
    for line, fields in zip(order.lines, _each(mapped, LINE_ITEMS, order), strict=True):
        key = mapper.line_key(context.store_uid, order.id, line.id)
        properties: dict[str, str | Ref | None] = {**fields}
        price = fields.get("price")
        if price is not None and price.startswith("-"):
            properties["price"] = "0"  # HubSpot refuses a negative price; crossdock_line_total holds the true sum
        product = _line_product(line, context)
        if product is not None:
            properties["hs_product_id"] = Ref(PRODUCTS, product)
        made.append(_record(LINE_ITEMS, key, properties, parent))
    return made


def _sale(order: Order, mapped: Mapped, context: Context, key: str, sale: str) -> Write:
    status = "trash" if context.presence == "trashed" else order.status
    fields: dict[str, str | Ref | None] = {"crossdock_store": context.store_name, **mapped.one(sale)}
    status_fields = ("crossdock_order_status", "hs_external_order_status")
    fields.update({name: status for name in status_fields if name in fields})
    money = "deal_currency_code" if sale == DEALS else "hs_currency_code"
    if not mapper.currency_fits(order.currency, context.account):
        fields.pop(money, None)
    pipeline, stage = ("pipeline", "dealstage") if sale == DEALS else ("hs_pipeline", "hs_pipeline_stage")
    if stage not in fields:
        found = mapper.stage_for(status, sale, context.account, context.config)
        if found is not None:
            fields[pipeline], fields[stage] = found
    if sale == ORDERS:
        # reported to be unique in some portals: the bare order number of two shops would collide
        fields.setdefault("hs_external_order_id", key)
        fields.setdefault("hs_source_store", context.store_name)
    record = _record(sale, key, fields)
    # a person's rule for taking over what the portal holds already: by the value of one property
    rule = str(context.config.get("adopt_by") or "")
    value = fields.get(rule)
    alike = ((rule, value),) if isinstance(value, str) and value else ()
    return notes.owned(msgspec.structs.replace(record, alike=alike), context)


def _associations(key: str, sale: str, contact: Write | None, lines: list[Write]) -> list[Write]:
    ends = [Ref(CONTACTS, contact.key)] if contact else []
    ends += [Ref(LINE_ITEMS, line.key) for line in lines]
    return [Write(Verb.ASSOCIATE, sale, key, parent_key=key, to=end) for end in ends]


# --- people and things ------------------------------------------------------------------------------------------


def _customer(customer: Customer, mapped: Mapped, context: Context) -> Plan:
    key = mapper.customer_key(context.store_uid, customer.id)
    address = mapper.address_of(customer.email)
    if address is None:
        return Plan((), nothing="the customer has no usable e-mail address")
    me = ("customer", f"{context.store_uid}:{customer.id}")
    speaks = context.speakers.get(address, me) == me
    if not speaks:
        ensured = _ensured_contact(key, address)
        return _with_figures(_steps(("contact", [ensured])), ensured, context)
    fields: dict[str, str | Ref | None] = {
        **mapped.one(CONTACTS),
        "email": address,
        "crossdock_customer_id": key,
        "crossdock_customer_state": "live",
        "crossdock_store": context.store_name,
    }
    person = notes.owned(_person(key, address, fields), context)
    return _with_figures(_steps(("contact", [person])), person, context)


def _person(key: str, address: str, fields: dict[str, str | Ref | None]) -> Write:
    return Write(Verb.UPSERT, CONTACTS, key, properties=fields, match=("email", address), parent_key=key)


def _deleted_customer(context: Context) -> Plan:
    key = mapper.customer_key(context.store_uid, context.external_id)
    if not context.children.get(key):
        return Plan((), nothing="the customer was deleted before it was delivered")
    # by link alone: the address is not known any more, and a contact is not made for somebody who has left
    gone = Write(
        Verb.UPSERT, CONTACTS, key, properties={"crossdock_customer_state": "deleted"}, match=None, parent_key=key
    )
    return _steps(("contact", [gone]))


def _product(product: Product, mapped: Mapped, context: Context) -> Plan:
    key = mapper.product_key(context.store_uid, product.id)
    fields: dict[str, str | Ref | None] = {
        **mapped.one(PRODUCTS),
        "crossdock_state": context.presence,
        "crossdock_store": context.store_name,
    }
    return _steps(("product", [_record(PRODUCTS, key, fields)]))


def _deleted_product(context: Context) -> Plan:
    key = mapper.product_key(context.store_uid, context.external_id)
    if not context.children.get(key):
        return Plan((), nothing="the product was deleted before it was delivered")
    return _steps(("product", [_record(PRODUCTS, key, {"crossdock_state": "deleted"})]))


_GONE: dict[str, Callable[[Context], Plan]] = {
    "order": _deleted_order,
    "contact": _deleted_customer,
    "product": _deleted_product,
    "note": notes.deleted,
}
"""Plans of what is deleted at the shop, by action."""
