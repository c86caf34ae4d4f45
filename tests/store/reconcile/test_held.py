"""What a destination holds while it is compared: listed, asked for, sealed, forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from crossdock.flow.reconcile.held import Held
from crossdock.model.connection import Connection
from crossdock.model.plan import Found, Verb, Write
from crossdock.wiring import Hub
from tests.support.hub import add_connection, add_shop

DEALS = [Found("deals", str(n), f"shop:order:{n}", {"amount": f"{n}.00"}) for n in range(1, 8)]
PEOPLE = [Found("contacts", f"c{n}", None, {"email": f"P{n}@example.org"}) for n in range(1, 4)]


class Listing:
    """A destination that can only be listed, as a connector of somebody else's may be."""

    def __init__(self) -> None:
        self.listed: list[str] = []

    async def found(self, object_name: str, store_uid: str) -> AsyncIterator[Found]:
        """Yield all records of an object."""
        assert store_uid == "shop"
        self.listed.append(object_name)
        for one in (*DEALS, *PEOPLE):
            if one.object == object_name:
                yield one


class Asking(Listing):
    """One that can be asked for certain records."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str | None, list[str]]] = []

    async def sought(self, object_name: str, name: str | None, values: Sequence[str]) -> list[Found]:
        """Return records by key, address or id."""
        self.asked.append((object_name, name, sorted(values)))
        wanted = {value.lower() for value in values}
        known = {
            "key": lambda f: f.key,
            "email": lambda f: f.properties["email"].lower(),
            None: lambda f: f.external_id,
        }
        return [one for one in (*DEALS, *PEOPLE) if one.object == object_name and known[name](one) in wanted]


def writes(*numbers: int) -> list[Write]:
    """The writes of some orders and their buyers."""
    made = []
    for n in numbers:
        made.append(Write(Verb.UPSERT, "deals", f"shop:order:{n}", match=("key", f"shop:order:{n}")))
        made.append(Write(Verb.UPSERT, "contacts", f"guest:{n}", match=("email", f"p{n}@example.org"), ensure=True))
    return made


async def held_of(hub: Hub, destination: Any) -> tuple[Held, Connection]:
    shop = await add_shop(hub)
    sink = await add_connection(hub, "webhook", "sink", destination=True)
    return Held(hub.database, hub.vault, shop, sink, destination, lambda _: None), shop


async def test_a_destination_that_can_only_be_listed_is_listed_once(hub: Hub) -> None:
    destination = Listing()
    held, _ = await held_of(hub, destination)
    for numbers in ((1, 2), (3, 9)):
        snapshot, links = await held.window(writes(*numbers), seek=True)
        assert links == {}
        assert [f.external_id for f in snapshot.by_key.get(("deals", "shop:order:3"), [])] == (
            ["3"] if 3 in numbers else []
        )
        assert ("contacts", f"c{numbers[0]}") in snapshot.by_id
    assert destination.listed == ["deals", "contacts"]
    await held.met([("deals", "1"), ("deals", "2")])
    assert [found_id async for _, _, found_id in held.strays()] == ["3", "4", "5", "6", "7"]
    assert await held.standing("deals", ["1", "99"]) == {"1"}


async def test_people_are_asked_for_once_and_those_who_are_not_there_too(hub: Hub) -> None:
    destination = Asking()
    held, _ = await held_of(hub, destination)
    snapshot, _ = await held.window(writes(1, 9), seek=False)
    assert ("contacts", "email", "p1@example.org") in snapshot.by_match
    assert ("contacts", "email", "p9@example.org") not in snapshot.by_match
    await held.window(writes(1, 2, 9), seek=False)
    assert destination.listed == ["deals"]
    addresses = [asked for asked in destination.asked if asked[1] == "email"]
    assert addresses == [
        ("contacts", "email", ["p1@example.org", "p9@example.org"]),
        ("contacts", "email", ["p2@example.org"]),
    ]


async def test_asked_by_name_nothing_is_listed(hub: Hub) -> None:
    destination = Asking()
    held, _ = await held_of(hub, destination)
    snapshot, _ = await held.window(writes(1, 2), seek=True)
    assert set(snapshot.by_key) == {("deals", "shop:order:1"), ("deals", "shop:order:2")}
    assert destination.listed == []


async def test_what_stands_there_meanwhile_is_sealed_and_goes(hub: Hub) -> None:
    held, _ = await held_of(hub, Asking())
    await held.window(writes(1, 2), seek=False)
    async with hub.database.engine() as conn:
        rows = await conn.fetch("SELECT * FROM proof_found")
        assert len(rows) == len(DEALS) + 2
        assert not [row for row in rows if b"example.org" in b"".join(v for v in row.values() if isinstance(v, bytes))]
        await held.forget()
        assert await conn.fetchval("SELECT count(*) FROM proof_found") == 0
