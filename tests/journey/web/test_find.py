"""Find: what a person types leads to its page; an address leaves no trace."""

from __future__ import annotations

import pytest

from crossdock.govern.access import Role
from crossdock.wiring import Hub
from tests.support.browsing import Seen, Visitor, visiting
from tests.support.traffic import Street

pytestmark = pytest.mark.asyncio


async def search(visitor: Visitor, words: str) -> Seen:
    """Search as the field in the head of every page does, and stay at the answer."""
    front = await visitor.get("/t/default")
    return await visitor.submit(front, "/t/default/find", follow=False, q=words)


async def test_a_number_leads_to_its_order(hub: Hub, street: Street) -> None:
    await street.tell(17, number="W-17")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        for words in ("W-17", "#W-17", " 17 "):
            found = await search(visitor, words)
            assert found.status == 303, words
            assert found.headers["Location"].startswith("/t/default/orders/ord_"), words


async def test_ids_lead_to_their_pages(hub: Hub, street: Street) -> None:
    await street.tell(1)
    (event,) = await street.events()
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        found = await search(visitor, event)
        assert found.headers["Location"] == f"/t/default/events/{event}"
        delivery = "dlv_00000000000000000000000000"
        assert (await search(visitor, delivery)).headers["Location"] == f"/t/default/deliveries/{delivery}"


async def test_an_address_is_found_and_stands_in_no_address(hub: Hub, street: Street) -> None:
    person = {"first_name": "A", "last_name": "B", "email": "Guest@Example.com"}
    await street.tell(1, billing=person)
    await street.tell(2, billing=person)
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        found = await search(visitor, "guest@example.com")
        assert found.status == 200
        assert len(found.rows()) == 2
        assert "guest@example.com" not in found.text
        assert "gu…@example.com" in found.words
        none = await search(visitor, "nobody@example.com")
        assert none.status == 200
        assert "Location" not in none.headers


async def test_several_hits_are_listed_under_an_address_of_their_own(hub: Hub, street: Street) -> None:
    await street.tell(1, number="7")
    await street.tell(7, number="8")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        found = await search(visitor, "7")
        assert found.headers["Location"] == "/t/default/find?q=7"
        seen = await visitor.get("/t/default/find?q=7")
        assert len(seen.rows()) == 2


async def test_a_connection_is_found_by_a_part_of_its_name_and_nothing_is_said_to_be_nothing(
    hub: Hub, street: Street
) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        assert "/connections/con_" in (await search(visitor, "sink")).headers["Location"]
        none = await visitor.get("/t/default/find?q=elephant")
        assert "Nothing is called “elephant”" in none.words
        assert (await visitor.get("/t/default/find")).status == 200


async def test_other_tenants_are_not_found(hub: Hub, street: Street) -> None:
    await street.tell(17)
    await hub.tenants.add("other")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER, "other")
        assert "Nothing is called" in (await visitor.get("/t/other/find?q=17")).words
