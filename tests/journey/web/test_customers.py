"""Customers: one person across stores and destinations; masked for who only looks; guests known by their orders."""

from __future__ import annotations

import csv
import io

import pytest

from crossdock.govern.access import Role
from crossdock.wiring import Hub
from tests.journey.web.records import Scene, rows, scene

pytestmark = pytest.mark.asyncio


async def test_a_person_is_shown_with_all_that_is_theirs_and_a_guest_is_known_by_an_order(hub: Hub) -> None:
    async with scene(hub, orders=24) as at:
        orders = [one for one in (await at.store.orders()).values() if one["customer_id"] and one["billing"]["email"]]
        order = orders[-1]
        mine = [one for one in orders if one["billing"]["email"].lower() == order["billing"]["email"].lower()]
        await at.visitor.enter(Role.OPERATOR)
        await _guests_are_known(at)
        seen = await at.visitor.get(f"/t/default/customers?of={(await at.order(order['id'])).rpartition('/')[2]}")
        assert "/customers/cus_" in seen.url
        assert order["billing"]["email"].lower() in seen.words.lower()
        listed = {row[0] for row in rows(seen)}
        assert {f"#{one['number']}" for one in mine} <= listed
        assert "contacts" in seen.words, "the copy at the CRM"
        assert any("/record/0-1/" in href for href in seen.doc.xpath("//main//a/@href"))
        assert any("user-edit.php" in href for href in seen.doc.xpath("//main//a/@href"))
        table = list(csv.DictReader(io.StringIO((await at.visitor.get(f"{seen.url}?format=csv")).text)))
        assert {f"#{row['number']}" for row in table} >= {f"#{one['number']}" for one in mine}
        by_mail = await at.visitor.get(f"/t/default/customers?email={order['billing']['email'].upper()}")
        assert len(rows(by_mail)) == 1
        await at.visitor.enter(Role.VIEWER)
        for address in (seen.url, by_mail.url, "/t/default/customers?format=csv", "/t/default/customers?kind=guest"):
            text = (await at.visitor.get(address)).text.lower()
            for one in orders:
                main = text.partition("<main")[2].partition('class="filters"')[0] or text
                assert one["billing"]["email"].lower() not in main, address


async def _guests_are_known(at: Scene) -> None:
    guests = await at.visitor.get("/t/default/customers?kind=guest")
    assert rows(guests)
    path = guests.doc.xpath("//main//tbody//th/a/@href")[0]
    one = await at.visitor.get(path)
    assert one.status == 200
    assert "Nothing of this person was ever kept back" in one.words
    nobody = await at.visitor.get("/t/default/customers?email=nobody@nowhere.example")
    assert "Nobody fits" in nobody.words
    assert (await at.visitor.get("/t/default/customers/cus_01m80brvrte1290gfd3nxqarh4")).status == 404
