"""What the site told, and what became of it: its own, page by page, at the same cost however much there is."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from crossdock.api.integrations.wordpress.activity import LAST, Activity, Asked
from crossdock.kit.ids import Prefix, new_id, parse, show
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, is_problem
from tests.journey.plugin.reading import Town, town, working
from tests.journey.plugin.stage import customer, item
from tests.support.hub import until


async def test_every_destination_says_what_became_of_an_event(hub: Hub, doors: Street) -> None:
    async with town(hub, doors) as here, working(hub):
        (event,) = await here.tell(1, first=7)
        await here.settled()
        (found,) = (await here.get("/activity"))["items"]
        assert (found["event"], found["kind"], found["entity"], found["label"]) == (
            event,
            "customer",
            "customer:7",
            "#7",
        )
        (delivery,) = found["deliveries"]
        assert delivery["destination"]["connector"] == "hubspot"
        assert delivery["destination"]["title"] == "HubSpot"
        assert (delivery["state"], delivery["outcome"], delivery["attempts"]) == ("delivered", "delivered", 1)
        portal = (
            await hub.directory.connection(parse(Prefix.CONNECTION, delivery["destination"]["connection"]))
        ).account
        assert delivery["record_id"].isdigit()
        assert delivery["record_url"].endswith(f"/contacts/{portal['portal_id']}/record/0-1/{delivery['record_id']}")
        one = await here.get(f"/activity/{event}")
        (tried,) = one["deliveries"][0]["tries"]
        assert tried["outcome"] == "delivered"
        entity = await here.get("/entities/customer/7")
        assert entity["record"].startswith("cus_")
        assert [link["record_id"] for link in entity["links"]] == [delivery["record_id"]]
        assert entity["links"][0]["record_url"] == delivery["record_url"]
        assert [one["event"] for one in entity["items"]] == [event]


async def test_an_event_is_sent_again(hub: Hub, doors: Street) -> None:
    async with town(hub, doors) as here, working(hub):
        (event,) = await here.tell(1)
        await here.settled()
        answer = await here.site.call("POST", f"/activity/{event}/resend")
        assert answer.status == 202, answer.body
        assert answer.json["data"]["replay"].startswith("run_")

        async def twice() -> Any:
            (found,) = (await here.get("/activity"))["items"]
            return found if len(found["deliveries"]) == 2 else None

        again = await until(twice)
        await here.settled()
        assert {one["destination"]["connector"] for one in again["deliveries"]} == {"hubspot"}


async def test_pages_filters_and_searches(hub: Hub, doors: Street) -> None:
    async with town(hub, doors, crm=False) as here:
        events = await here.tell(5)
        login = item("event", {"ip": "x"}, type="user.login", entity="user:3", subject="user3@example.com")
        (told,) = await here.site.tell(login)
        newest = [told["event"], *reversed(events)]
        assert [one["event"] for one in (await here.get("/activity"))["items"]] == newest
        seen, cursor = [], ""
        for _ in range(10):
            page = await here.get(f"/activity?limit=2{cursor}")
            seen += [one["event"] for one in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert seen == newest
        cases = {
            "kind=event": [told["event"]],
            "kind=customer": list(reversed(events)),
            "entity=customer:2": [events[1]],
            "entity=user:3": [told["event"]],
            "q=4": [events[3]],
            "q=%235": [events[4]],
            "q=user2@example.com": [events[1]],
            "q=user.login": [told["event"]],
            "q=nobody@example.com": [],
            "state=waiting": newest,
            "state=delivered": [],
            "state=waiting&limit=2": newest[:2],
            "state=waiting&kind=event": newest[:1],
            "entity=customer:2&state=dead": [],
        }
        for asked, expected in cases.items():
            found = [one["event"] for one in (await here.get(f"/activity?{asked}"))["items"]]
            assert found == expected, asked


@pytest.mark.parametrize("asked", ["limit=0", "limit=x", "kind=post", "state=lost", "cursor=zz", f"q={'x' * 201}"])
async def test_what_cannot_be_asked_is_named(hub: Hub, doors: Street, asked: str) -> None:
    async with town(hub, doors, crm=False) as here:
        answer = await here.site.call("GET", f"/activity?{asked}")
        is_problem(answer, 400, "bad-input", asked.partition("=")[0])


async def test_another_store_of_the_tenant_is_not_shown(hub: Hub, doors: Street) -> None:
    async with town(hub, doors) as here:
        own = await here.tell(1)
        theirs = await here.foreign()
        assert [one["event"] for one in (await here.get("/activity"))["items"]] == own
        for asked in ("q=77", "entity=order:77", "state=waiting", "kind=order"):
            assert theirs["event"] not in str(await here.get(f"/activity?{asked}")), asked
        unknown = show(Prefix.EVENT, new_id())
        for event in (theirs["event"], unknown):
            for method, path in (("GET", ""), ("POST", "/resend")):
                answer = await here.site.call(method, f"/activity/{event}{path}")
                is_problem(answer, 404, "not-found", "event")
        is_problem(await here.site.call("GET", "/entities/order/77"), 404, "not-found")
        is_problem(await here.site.call("GET", "/entities/post/1"), 404, "not-found", "kind")


class Counting:
    """A database that counts the statements of what it is asked."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.statements = 0

    @contextlib.asynccontextmanager
    async def engine(self) -> AsyncIterator[Any]:
        async with self._database.engine() as conn:
            yield _Counted(conn, self)


class _Counted:
    def __init__(self, conn: Any, counting: Counting) -> None:
        self._conn, self._counting = conn, counting

    def __getattr__(self, name: str) -> Any:
        if name in ("fetch", "fetchrow", "fetchval", "execute"):
            self._counting.statements += 1
        return getattr(self._conn, name)


async def cost(here: Town, asked: Asked) -> tuple[int, int]:
    """Return (items, statements) of one page."""
    counting = Counting(here.hub.database)
    activity = Activity(msgspec.structs.replace(here.hub, database=counting))  # type: ignore[arg-type]
    found = await activity.page(Caller(here), asked)  # type: ignore[arg-type]
    return len(found["items"]), counting.statements


class Caller:
    """Who asks: the site of a town."""

    def __init__(self, here: Town) -> None:
        self.connection = here.home


async def test_a_page_costs_the_same_statements_however_much_it_shows(hub: Hub, doors: Street) -> None:
    async with town(hub, doors) as here, working(hub):
        await here.tell(1)
        await here.settled()
        asked = Asked(50, LAST, "", "", "", "")
        small = await cost(here, asked)
        await here.tell(30, first=2)
        await here.settled()
        large = await cost(here, asked)
        assert (small[0], large[0]) == (1, 31)
        assert small[1] == large[1] <= 5


async def test_personal_values_are_in_no_answer(hub: Hub, doors: Street) -> None:
    async with town(hub, doors) as here, working(hub):
        await here.site.tell(item("customer", customer(7, "person.canary@example.com")))
        await here.settled()
        for path in ("/activity", "/entities/customer/7", "/mappings"):
            shown = str(await here.get(path)).lower()
            assert "canary" not in shown, path
