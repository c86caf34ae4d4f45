"""Orders, customers and products of a made-up shop, and the context a plan is made in."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from crossdock.connect.connector import Context
from crossdock.connectors.hubspot import CONNECTOR
from crossdock.connectors.hubspot import plan as plans
from crossdock.flow.map import compile_mapping
from crossdock.model.commerce.address import Address
from crossdock.model.commerce.customer import Customer
from crossdock.model.commerce.lines import OrderLine
from crossdock.model.commerce.order import Order
from crossdock.model.commerce.product import Product
from crossdock.model.mapping import Mapped
from crossdock.model.plan import Plan, Write

STORE = "shop-example"
ADDRESS = "zoe@example.test"
PIPELINES = {
    "deals": [
        {
            "id": "default",
            "label": "Sales",
            "stages": [
                {"id": "appointmentscheduled", "label": "Appointment", "closed": False, "probability": "0.2"},
                {"id": "contractsent", "label": "Contract Sent", "closed": False, "probability": "0.9"},
                {"id": "closedwon", "label": "Closed Won", "closed": True, "probability": "1.0"},
                {"id": "closedlost", "label": "Closed Lost", "closed": True, "probability": "0.0"},
            ],
        }
    ],
    "orders": [
        {
            "id": "order-pipeline",
            "label": "Orders",
            "stages": [
                {"id": "s1", "label": "Open", "closed": False, "probability": ""},
                {"id": "s2", "label": "Processed", "closed": False, "probability": ""},
                {"id": "s3", "label": "Cancelled", "closed": True, "probability": ""},
            ],
        }
    ],
}
ACCOUNT = {"portal_id": "1", "currencies": ["USD", "EUR"], "pipelines": PIPELINES, "objects": {"orders": True}}

ORDER = Order(
    id="17",
    number="1017",
    status="processing",
    currency="EUR",
    total=Decimal("32.40"),
    refunded_total=Decimal("0.00"),
    billing=Address(first_name="Zoë", last_name="Müller", email=" Zoe@Example.test ", phone="+49 30 1234567"),
    lines=(
        OrderLine(
            id="1",
            name="Cup <b>blue</b>",
            quantity=Decimal(2),
            sku="CUP",
            product_id="5",
            variation_id="51",
            unit_price=Decimal("10.123456789"),
            total=Decimal("20.25"),
        ),
        OrderLine(id="2", name="Voucher", quantity=Decimal(1), unit_price=Decimal(-5), total=Decimal(-5)),
        OrderLine(id="3", name="Cup blue", quantity=Decimal(1), product_id="5", variation_id="51"),
    ),
    created_at=datetime(2026, 1, 31, 12, 0, tzinfo=UTC),
    paid_at=datetime(2026, 1, 31, 12, 5, tzinfo=UTC),
)
CUSTOMER = Customer(id="7", email="Zoe@Example.test", first_name="Zoë", last_name="Müller", is_paying=True)
PRODUCT = Product(id="5", name="Cup", sku="CUP", price=Decimal("9.90"), description="<p>Blue</p>")

ACTIONS = {Order: "order", Customer: "contact", Product: "product"}
_RUNS = {mapping.action: compile_mapping(mapping) for mapping in CONNECTOR.mappings}


def mapped(entity: Any) -> Mapped:
    """Apply the default mapping."""
    return _RUNS[ACTIONS[type(entity)]](entity)


def context(entity: Any, **changes: Any) -> Context:
    """Return a context in which a guest's order speaks for its person."""
    values: dict[str, Any] = {
        "store_uid": STORE,
        "store_name": "Example Shop",
        "store_url": "https://shop.example.test",
        "config": {},
        "account": ACCOUNT,
        "event_type": "updated",
        "external_id": getattr(entity, "id", "17"),
        "presence": "live",
        "speakers": {ADDRESS: ("order", f"{STORE}:17")},
    }
    return Context(**{**values, **changes})


def planned(entity: Any, **changes: Any) -> Plan:
    """Plan an entity with the default mapping."""
    return plans.plan(ACTIONS[type(entity)], entity, mapped(entity), context(entity, **changes))


def gone(action: str, external_id: str, **changes: Any) -> Plan:
    """Plan what is deleted at the shop: there is no entity any more."""
    return plans.plan(action, None, Mapped({}), context(None, external_id=external_id, presence="deleted", **changes))


def writes(plan: Plan, step: str) -> tuple[Write, ...]:
    """Return the writes of a step ((), when the plan has no such step)."""
    return next((each.writes for each in plan.steps if each.name == step), ())


def like(entity: Any, **changes: Any) -> Any:
    """Return an entity with some fields changed."""
    return msgspec.structs.replace(entity, **changes)
