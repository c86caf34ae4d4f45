"""The independent judge sees what is wrong: each kind of damage moves its own column."""

from __future__ import annotations

from typing import Any

from crossdock.cli.judge.portal import Judge, agree
from crossdock.cli.judge.wanted import account, deal, line, product, same

UID, NAME = "shop-1", "Shop"
ADDRESS = {"first_name": "Zoë", "last_name": "Ø", "company": "", "address_1": "1 Rd", "address_2": "", "city": "Köln"}
ADDRESS |= {"state": "", "postcode": "50667", "country": "DE", "phone": "", "email": "Zoe@Example.org"}
LINE = {"id": 5, "name": "Tea &amp; <b>Cup</b>", "product_id": 7, "variation_id": 0, "quantity": 2, "price": 1.5}
LINE |= {"sku": "T", "subtotal": "3.00", "total": "3.00", "total_tax": "0.00"}
ORDER: dict[str, Any] = {"id": 1, "number": "1", "status": "processing", "currency": "EUR", "total": "3.00"}
ORDER |= {"customer_id": 3, "billing": ADDRESS, "line_items": [LINE], "refunds": [], "coupon_lines": []}
ORDER |= {"date_paid_gmt": "2026-11-20T10:00:00", "date_completed_gmt": None, "total_tax": "0.00"}
ORDER |= {"date_created_gmt": "2026-11-20T09:00:00", "shipping_total": "0", "discount_total": "0"}
ORDER |= {"payment_method": "cod"}
CUSTOMER = {"id": 3, "email": "zoe@example.org", "first_name": "Zoë", "last_name": "Ø", "billing": ADDRESS}
CUSTOMER |= {"is_paying_customer": True}
PRODUCT = {"id": 7, "name": "Tea", "sku": "T", "price": "1.5", "description": "", "status": "publish", "images": []}


def _shop() -> dict[str, Any]:
    rows = {"orders": [ORDER], "customers": [CUSTOMER], "products": [PRODUCT], "variations": []}
    return {**rows, "deleted": {"products": [], "variations": []}}


def _portal() -> dict[str, Any]:
    def record(number: str, **fields: Any) -> dict[str, Any]:
        return {"id": number, "archived": False, "properties": fields}

    fields = line(LINE) | {"hs_product_id": "30", "crossdock_key": f"{UID}:line:1:5"}
    objects = {
        "deals": [record("10", crossdock_key=f"{UID}:order:1", **deal(ORDER, NAME))],
        "line_items": [record("20", **fields)],
        "products": [record("30", crossdock_key=f"{UID}:product:7", **product(PRODUCT, NAME))],
        "contacts": [record("40", email="zoe@example.org", **account(CUSTOMER, UID, NAME))],
    }
    links = [("deals", "10", "line_items", "20"), ("deals", "10", "contacts", "40")]
    return {
        "objects": objects,
        "associations": [{"from": a, "from_id": b, "to": c, "to_id": d} for a, b, c, d in links],
    }


def _numbers(portal: dict[str, Any]) -> list[tuple[int, int, int, int]]:
    rows = Judge(_shop(), portal, UID, NAME).rows()
    return [(row.missing, row.duplicates, row.drifted, row.unexpected) for row in rows]


CLEAN = (0, 0, 0, 0)


def test_what_is_right_is_green() -> None:
    """The base of all that follows."""
    assert _numbers(_portal()) == [CLEAN, CLEAN, CLEAN]


def test_every_field_of_every_object_counts() -> None:
    """Changing any one value is drift of its own kind."""
    columns = {"deals": 0, "line_items": 0, "contacts": 1, "products": 2}
    for kind, at in columns.items():
        for name in _portal()["objects"][kind][0]["properties"]:
            portal = _portal()
            if name in ("crossdock_key", "email"):
                continue
            portal["objects"][kind][0]["properties"][name] = "99999.125"
            found = _numbers(portal)
            assert found[at] == (0, 0, 1, 0), (kind, name, found)


def test_absent_doubled_strange_and_unlinked_records() -> None:
    """A record that is not there, there twice, nobody's, or not associated."""
    portal = _portal()
    portal["objects"]["deals"][0]["archived"] = True
    portal["objects"]["contacts"].append({**portal["objects"]["contacts"][0], "id": "41"})
    stranger = {"id": "31", "archived": False, "properties": {"crossdock_key": f"{UID}:product:8"}}
    portal["objects"]["products"].append(stranger)
    found = _numbers(portal)
    assert found[0][0] == 1
    assert found[1] == (0, 1, 0, 0)
    assert found[2] == (0, 0, 0, 1)
    for gone in (0, 1):
        portal = _portal()
        del portal["associations"][gone]
        assert _numbers(portal)[0] == (0, 0, 1, 0)


def test_a_contact_of_nobody_is_unexpected_unless_a_person_left() -> None:
    """Only as many may be left behind as have left."""
    portal = _portal()
    other = {"id": "42", "archived": False, "properties": {"email": "nobody@example.org"}}
    portal["objects"]["contacts"].append(other)
    assert _numbers(portal)[1] == (0, 0, 0, 1)
    assert Judge(_shop(), portal, UID, NAME, left=1).people().green


def test_the_judge_and_the_proof_have_to_agree() -> None:
    """A number that differs is told by its name."""
    rows = Judge(_shop(), _portal(), UID, NAME).rows()
    proof = [{"entity": r.entity, "in_store": 1, "delivered": 1, "missing": 0} for r in rows]
    full = [{**row, "duplicates": 0, "drifted": 0, "unexpected": 0} for row in proof]
    assert agree(rows, full) == []
    assert agree(rows, [{**full[0], "delivered": 2}, *full[1:]]) == ["order.delivered: 1 seen, 2 proven"]
    assert agree(rows, full[:2]) == ["product: no proof"]


def test_values_are_the_same_by_meaning() -> None:
    """Numbers by value, times by moment, stages of life only forward, texts as they are."""
    assert same("amount", "3.00", "3")
    assert not same("amount", "3.00", None)
    assert same("closedate", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00.000Z")
    assert same("lifecyclestage", "customer", "evangelist")
    assert not same("lifecyclestage", "customer", "lead")
    assert not same("zip", "00123", "123")
