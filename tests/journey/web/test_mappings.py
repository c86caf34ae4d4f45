"""The mapping editor without scripts: looking, editing step by step, dry run, versions, publishing and the way back."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, parse, show
from crossdock.wiring import Hub
from tests.journey.mapping.stage import Desk, desk
from tests.support.browsing import Seen, Visitor, visiting
from tests.support.hub import until

pytestmark = pytest.mark.asyncio


class Bench:
    """Somebody at the editor of the route of orders to the CRM."""

    def __init__(self, work: Desk, visitor: Visitor) -> None:
        self.work, self.visitor = work, visitor
        self.base = f"/t/default/routes/{work.routes['order']}/mapping"
        self.route = parse(Prefix.ROUTE, work.routes["order"])

    async def step(self, seen: Seen, do: str, **fields: str) -> Seen:
        """Press a button of the editor."""
        return await self.send(seen, "/draft", do=do, **fields)

    async def send(self, seen: Seen, path: str, **fields: str) -> Seen:
        """Send the editor's form with what stands in it."""
        values = {**dict(seen.form("/mapping/draft").form_values()), **fields}
        return await self.visitor.post(f"{self.base}{path}", values)

    async def acting(self) -> int:
        chosen = await self.work.hub.mappings.desk.chosen(await self.work.hub.tenants.find(), self.route)
        return chosen.route.mapping_version

    async def tried(self, seen: Seen) -> Seen:
        """Wait until a dry run has ended and open it anew."""

        async def over() -> Any:
            found = await self.visitor.get(seen.url)
            return found if "under way" not in found.words and "waits for a worker" not in found.words else None

        found: Seen = await until(over)
        return found


@contextlib.asynccontextmanager
async def opened(hub: Hub, role: Role = Role.ADMIN, *, orders: int = 4) -> AsyncIterator[Bench]:
    async with desk(hub, orders=orders) as work, visiting(hub) as visitor:
        await visitor.enter(role)
        yield Bench(work, visitor)


def draft(seen: Seen) -> dict[str, dict[str, Any]]:
    """Return the rules that the form carries, by place."""
    (text,) = seen.doc.xpath("//input[@name='draft']/@value")
    return {f"{part['object']}.{rule['target']}": rule for part in orjson.loads(str(text)) for rule in part["rules"]}


def rule(seen: Seen, target: str) -> str:
    """Return what the list says of a rule."""
    rows = seen.doc.xpath(f"//li[contains(@class, 'rule')][.//button[normalize-space()='{target}']]")
    return " ".join(rows[0].text_content().split())


async def test_a_viewer_sees_rules_with_values_of_a_real_order_and_no_people(hub: Hub) -> None:
    async with opened(hub, Role.VIEWER) as bench:
        listed = await bench.visitor.get("/t/default/mappings")
        assert any("order → order" in row and "the usual one" in row for row in listed.rows())
        seen = await bench.visitor.get(bench.base)
        assert seen.status == 200
        assert "the usual mapping acts" in seen.words
        assert "total money" in seen.words
        assert not seen.doc.xpath("//main//form[@method='post']")
        contacts = await bench.visitor.get(f"{bench.base}?object=contacts&people=on")
        orders = await bench.work.store.orders()
        emails = {order["billing"]["email"].lower() for order in orders.values()}
        assert not any(email in contacts.text.lower() for email in emails if email)
        missing = await bench.visitor.get(f"{bench.base}?record=nothing-like-it")
        assert "there is no such record" in missing.words


async def test_a_rule_is_edited_tried_published_and_taken_back_without_scripts(hub: Hub) -> None:
    async with opened(hub) as bench:
        seen = await bench.visitor.get(bench.base)
        seen = await bench.step(seen, "open:deals.dealname")
        assert seen.doc.xpath("//input[@name='source']/@value") == [
            "#{number} {billing.first_name} {billing.last_name}"
        ]
        seen = await bench.step(seen, "look", source="Order {number}", **{"t1.name": "upper"})
        seen = await bench.step(seen, "close", people="on")
        assert draft(seen)["deals.dealname"]["transforms"] == ["squeeze", "upper"]
        assert "changed" in rule(seen, "dealname")
        assert "ORDER " in rule(seen, "dealname")
        assert "1 rule differs from what acts" in seen.words
        compared = await bench.step(seen, "compare")
        assert "+ ORDER " in compared.words
        tried = await bench.tried(await bench.send(seen, "/keep", do="try", last="4", note="Shorter names"))
        assert "0 stay the same, 4 would change, 0 would fail" in tried.words
        assert "deals.dealname" in tried.words
        assert (await bench.visitor.get(f"{tried.url}?format=csv")).text.startswith("external_id,object")
        assert await bench.acting() == 0
        done = await bench.visitor.submit(tried, "/publish")
        assert "Version 1 acts from now on" in done.text
        assert await bench.acting() == 1
        assert "Shorter names" in done.words
        asked = await bench.visitor.get(f"{bench.base}/rollback")
        back = await bench.visitor.submit(asked, "/rollback", reason="too short")
        assert "The usual mapping acts again" in back.text
        assert "too short" in back.words
        assert await bench.acting() == 0


async def test_fields_are_joined_by_picking_one_on_each_side_or_by_dragging(hub: Hub) -> None:
    async with opened(hub) as bench:
        seen = await bench.visitor.get(bench.base)
        seen = await bench.step(seen, "from:customer_note")
        assert "customer_note goes to the field you pick on the right" in seen.words
        seen = await bench.step(seen, "onto:deals.description")
        assert draft(seen)["deals.description"] == {"target": "description", "path": "customer_note"}
        seen = await bench.step(seen, "from:payment_title")
        assert draft(seen)["deals.description"]["path"] == "payment_title"
        seen = await bench.step(seen, "drag", dragged="lines[].sku", dropped_on="line_items.name")
        assert draft(seen)["line_items.name"]["path"] == "sku"
        assert draft(seen)["line_items.name"]["transforms"]
        seen = await bench.step(seen, "drag", dragged="number", dropped_on="line_items.name")
        assert draft(seen)["line_items.name"]["path"] == "$.number"
        seen = await bench.step(seen, "drop:deals.description")
        assert "deals.description" not in draft(seen)
        seen = await bench.step(seen, "new", at="deals")
        seen = await bench.step(seen, "look", target="description", kind="constant", source="from the shop")
        assert draft(seen)["deals.description"]["constant"] == "from the shop"


async def test_a_table_is_written_line_by_line_and_what_is_wrong_stays_at_its_field(hub: Hub) -> None:
    async with opened(hub) as bench:
        seen = await bench.step(await bench.visitor.get(bench.base), "open:deals.crossdock_order_status")
        seen = await bench.step(seen, "look", **{"t0.name": "lookup", "t0.argument": "completed"})
        assert seen.status == 422
        assert "A line of the table has no =" in seen.text
        table = "completed = Done\nprocessing = Under way\n* = Other"
        seen = await bench.step(seen, "close", **{"t0.name": "lookup", "t0.argument": table})
        (made,) = draft(seen)["deals.crossdock_order_status"]["transforms"]
        assert made == {"lookup": {"table": {"completed": "Done", "processing": "Under way"}, "else": "Other"}}
        seen = await bench.step(seen, "open:deals.crossdock_order_status")
        assert table in seen.text.replace("\r", "")
        seen = await bench.step(seen, "look", target="no_such_field")
        assert "has no such field" in seen.words
        refused = await bench.send(seen, "/keep", do="keep")
        assert refused.status == 422
        assert "no_such_field" in refused.words
        assert draft(refused)["deals.no_such_field"]


async def test_a_rule_gets_a_condition_and_keeps_it(hub: Hub) -> None:
    async with opened(hub) as bench:
        seen = await bench.step(await bench.visitor.get(bench.base), "from:customer_note")
        seen = await bench.step(seen, "onto:deals.description")
        seen = await bench.step(seen, "open:deals.description")
        seen = await bench.step(seen, "look", when="status == 'no such status'")
        assert draft(seen)["deals.description"]["when"] == "status == 'no such status'"
        seen = await bench.step(seen, "close")
        assert "when status == 'no such status'" in rule(seen, "description")
        seen = await bench.step(seen, "drag", dragged="number", dropped_on="deals.description")
        assert draft(seen)["deals.description"]["path"] == "number"
        assert draft(seen)["deals.description"]["when"] == "status == 'no such status'"
        seen = await bench.step(seen, "open:deals.description")
        seen = await bench.step(seen, "look", when="status ==")
        assert "when: the expression is no JMESPath" in seen.words
        seen = await bench.step(seen, "close", when="")
        assert "when" not in draft(seen)["deals.description"]


async def test_versions_are_compared_carried_out_and_in(hub: Hub) -> None:
    async with opened(hub) as bench:
        seen = await bench.step(await bench.visitor.get(bench.base), "open:deals.dealname")
        kept = await bench.send(seen, "/keep", do="keep", source="Order {number}", note="First")
        assert "Version 1 is kept; the usual mapping still acts." in kept.text
        versions = await bench.visitor.get(f"{bench.base}/versions?before=0&after=1")
        assert "deals.dealname" in versions.words
        file = await bench.visitor.get(f"{bench.base}/export?version=1")
        assert "Order {number}" in file.text
        again = await bench.visitor.submit(
            versions, "/import", yaml=file.text.replace("Order {number}", "No. {number}").replace("First", "Second")
        )
        assert "Version 2 is kept" in again.text
        assert draft(again)["deals.dealname"]["template"] == "No. {number}"
        wrong = await bench.visitor.submit(versions, "/import", yaml="objects: [")
        assert wrong.status == 422
        assert "objects: [" in wrong.text
        stale = await bench.visitor.post(
            f"{bench.base}/publish",
            {"csrf": seen.doc.xpath("//input[@name='csrf']/@value")[0], "version": "2", "expected": "7"},
        )
        assert stale.status == 409
        assert await bench.acting() == 0


async def test_editing_is_for_admins_and_only_what_maps_has_a_mapping(hub: Hub) -> None:
    async with opened(hub, Role.OPERATOR, orders=2) as bench:
        seen = await bench.visitor.get(bench.base)
        csrf = seen.doc.xpath("//input[@name='csrf']/@value")[0]
        for path in ("/draft", "/keep", "/publish", "/rollback", "/import", "/try"):
            assert (await bench.visitor.post(bench.base + path, {"csrf": csrf})).status == 403, path
        assert (await bench.visitor.get(f"{bench.base}/rollback")).status == 403
        async with hub.database.engine() as conn:
            wish = await conn.fetchval("SELECT id FROM route WHERE source_id = destination_id LIMIT 1")
        other = await bench.visitor.get(f"/t/default/routes/{show(Prefix.ROUTE, wish)}/mapping")
        assert (other.status, "This route has no mapping" in other.words) == (200, True)
