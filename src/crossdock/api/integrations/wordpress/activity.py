"""``/activity`` and ``/entities``: what the site told, every destination's outcome, and the way to send it again."""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

import msgspec
from starlette.requests import Request

from crossdock.api.integrations.operation import Caller, Operation, Reply
from crossdock.api.integrations.wordpress.story import KINDS, RECORDS, SQL, STATES, Stories, named
from crossdock.errors import BadInput, NotFound
from crossdock.flow.deliver import Ask
from crossdock.kit.ids import Prefix, parse, show
from crossdock.wiring import Hub

LAST: Final = uuid.UUID(int=(1 << 128) - 1)
OUTCOMES: Final = ("waiting", "in_doubt", "delivered", "skipped", "dead")
_LIVE: Final = {"waiting": ["waiting", "claimed"], "in_doubt": ["in_doubt"]}
_WINDOWS: Final = (2_000, 8_000, 20_000)
"""Events that are looked at for one page, window after window: a bound on what a small site costs in a busy hub."""
_MOST: Final = 200
_OF_AN_ENTITY: Final = 20
_LONGEST: Final = 200
_TYPE: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


class Asked(msgspec.Struct, frozen=True):
    """A page of the list."""

    limit: int
    below: uuid.UUID
    kind: str
    state: str
    entity: str
    q: str

    @property
    def type(self) -> str | None:
        """The type of event that is searched for; None: the search is for something else."""
        return self.q if _TYPE.fullmatch(self.q) else None

    @property
    def streams(self) -> list[str]:
        """The streams to look at."""
        return [self.kind] if self.kind else list(KINDS)


def asked_of(request: Request) -> Asked:
    """Read the query. Raises ``BadInput`` that names the parameter."""
    given = request.query_params
    limit = given.get("limit", "50")
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= _MOST:
        raise BadInput(f"expected 1 to {_MOST}", field="limit", remedy="leave it out for 50")
    for name, known in (("kind", KINDS), ("state", OUTCOMES)):
        if given.get(name, "") not in ("", *known):
            raise BadInput("there is none of this name", field=name, remedy=f"one of {', '.join(known)}")
    for name in ("entity", "q"):
        if len(given.get(name, "")) > _LONGEST:
            raise BadInput(f"at most {_LONGEST} characters", field=name, remedy="shorten it")
    return Asked(
        limit=int(limit),
        below=_cursor(given.get("cursor", "")),
        kind=given.get("kind", ""),
        state=given.get("state", ""),
        entity=given.get("entity", ""),
        q=given.get("q", "").strip().removeprefix("#"),
    )


def _cursor(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(hex=text) if text else LAST
    except ValueError:
        raise BadInput("this is no cursor", field="cursor", remedy="send the next of the page before") from None


class Activity:
    """Reads pages of one hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def page(self, caller: Caller, asked: Asked) -> dict[str, Any]:
        """Return a page, the newest first; ``next`` may follow a page that is short."""
        home = caller.connection
        async with self._hub.database.engine() as conn:
            if asked.entity or (asked.q and not asked.type):
                ids, after = await self._of_records(conn, caller, asked)
            elif asked.state and not asked.type:
                ids, after = await self._by_state(conn, caller, asked)
            else:
                ids, after = await self._newest(conn, caller, asked)
            items = await Stories(self._hub, home.tenant_id, home).told(conn, ids)
        if asked.kind or asked.state:
            items = [one for one in items if _fits(one, asked)]
        return {"items": items, "next": after.hex if after else None}

    async def _newest(self, conn: Any, caller: Caller, asked: Asked) -> tuple[list[uuid.UUID], uuid.UUID | None]:
        home, below, ids = caller.connection, asked.below, list[uuid.UUID]()
        for size in _WINDOWS:
            left = asked.limit - len(ids)
            row = await conn.fetchrow(
                SQL["window"], home.tenant_id, home.id, below, asked.streams, left, size, asked.type
            )
            ids += row["ids"]
            if len(ids) >= asked.limit:
                return ids, ids[-1]
            if row["looked"] < size:
                return ids, None
            below = row["low"]
        return ids, below

    async def _of_records(self, conn: Any, caller: Caller, asked: Asked) -> tuple[list[uuid.UUID], uuid.UUID | None]:
        home = caller.connection
        records = [row["id"] for row in await self._records(conn, caller, asked)]
        rows = await conn.fetch(SQL["of_records"], home.tenant_id, records, home.id, asked.below, asked.limit)
        ids = [row["id"] for row in rows]
        return ids, ids[-1] if len(ids) == asked.limit else None

    async def _records(self, conn: Any, caller: Caller, asked: Asked) -> Any:
        home = caller.connection
        if asked.entity:
            kind, _, number = asked.entity.partition(":")
            name = (kind, number) if kind in STATES else ("event", asked.entity)
            return await conn.fetch(SQL["by_entity"], home.tenant_id, home.id, *name)
        subject = self._hub.vault.subject(asked.q) if "@" in asked.q else None
        return await conn.fetch(SQL["by_words"], home.tenant_id, home.id, asked.streams, asked.q, subject)

    async def _by_state(self, conn: Any, caller: Caller, asked: Asked) -> tuple[list[uuid.UUID], uuid.UUID | None]:
        home = caller.connection
        rows = await conn.fetch(SQL["routes"], home.tenant_id, home.id)
        routes = [row["id"] for row in rows if not asked.kind or row["stream"] in (asked.kind, "*")]
        values = (home.tenant_id, routes, asked.below, asked.limit)
        if asked.state in _LIVE:
            found = await conn.fetch(SQL["live"], *values, _LIVE[asked.state])
        else:
            found = await conn.fetch(SQL["ended"], *values, asked.state)
        ids = list(dict.fromkeys(row["event_id"] for row in found))
        return ids, found[-1]["id"] if len(found) == asked.limit else None

    async def one(self, caller: Caller, event_id: uuid.UUID) -> dict[str, Any]:
        """Return one event with the attempts of each delivery. Raises ``NotFound``."""
        home = caller.connection
        async with self._hub.database.engine() as conn:
            found = await Stories(self._hub, home.tenant_id, home).told(conn, [event_id])
            if not found:
                raise no_event()
            wanted = [parse(Prefix.DELIVERY, one["delivery"]) for one in found[0]["deliveries"]]
            rows = await conn.fetch(SQL["attempts"], home.tenant_id, wanted)
        tries: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            shown = {name: row[name] for name in ("number", "step", "outcome", "code", "reason", "took_ms", "ended_at")}
            tries.setdefault(show(Prefix.DELIVERY, row["delivery_id"]), []).append(shown)
        item = found[0]
        return {**item, "deliveries": [{**d, "tries": tries.get(d["delivery"], [])} for d in item["deliveries"]]}

    async def resend(self, caller: Caller, event_id: uuid.UUID) -> str:
        """Deliver an event again, as a replay; return its id. Raises ``NotFound`` and ``Conflict``."""
        home = caller.connection
        async with self._hub.database.engine() as conn:
            if not await conn.fetch(SQL["show"], home.tenant_id, home.id, [event_id]):
                raise no_event()
        ask = Ask(events=(event_id,))
        made = await self._hub.replays.ask(home.tenant_id, ask, actor=show(Prefix.SITE, caller.key.id))
        return show(Prefix.RUN, made)

    async def entity(self, caller: Caller, kind: str, number: str) -> dict[str, Any]:
        """Return an entity's record, what it became elsewhere, and its newest events. Raises ``NotFound``."""
        home = caller.connection
        stories = Stories(self._hub, home.tenant_id, home)
        async with self._hub.database.engine() as conn:
            found = await conn.fetchrow(SQL["by_entity"], home.tenant_id, home.id, kind, number)
            if found is None:
                raise NotFound(
                    f"the hub has no {kind} of this id", field="id", remedy="send it: it may not have come yet"
                )
            values = (home.tenant_id, [found["id"]], home.id, LAST, _OF_AN_ENTITY)
            ids = [row["id"] for row in await conn.fetch(SQL["of_records"], *values)]
            items = await stories.told(conn, ids)
            routes = await conn.fetch(SQL["routes"], home.tenant_id, home.id)
            places = await stories.places(conn, {row["destination_id"] for row in routes} - {home.id})
            objects = sorted({name for place in places.values() for name in self._written(place.connector)})
            key = f"{home.account_uid}:{kind}:{number}"
            rows = await conn.fetch(SQL["links"], home.tenant_id, sorted(places), objects, [key])
        links = [
            {
                "destination": named(row["connection_id"], places[row["connection_id"]]),
                "object": row["object"],
                "record_id": row["external_id"],
                "record_url": stories.url(places[row["connection_id"]], row["object"], row["external_id"]),
            }
            for row in rows
        ]
        return {"record": show(RECORDS.get(kind, Prefix.RECORD), found["id"]), "links": links, "items": items}

    def _written(self, name: str) -> set[str]:
        connector = self._hub.directory.connector(name)
        actions = connector.manifest.actions if connector else ()
        return {one for action in actions for one in action.objects}


def _fits(item: dict[str, Any], asked: Asked) -> bool:
    if asked.kind and item["kind"] != asked.kind:
        return False
    wanted = _LIVE.get(asked.state, [asked.state])
    return not asked.state or any(d["state"] in wanted for d in item["deliveries"])


def no_event() -> NotFound:
    """Return the refusal of an event that is not this site's."""
    return NotFound("there is no such event of this site", field="event", remedy="list them with GET /activity")


def event_of(request: Request) -> uuid.UUID:
    """Read the event of the path. Raises ``NotFound``."""
    try:
        return parse(Prefix.EVENT, request.path_params["event"])
    except ValueError:
        raise no_event() from None


_DELIVERY: Final = {
    "delivery": "dlv_…",
    "destination": {"connection": "con_…", "name": "Sales", "connector": "hubspot", "title": "HubSpot"},
    "state": "delivered",
    "outcome": "delivered",
    "reason": "",
    "record_id": "501",
    "record_url": "https://app.hubspot.com/contacts/9/record/0-3/501",
    "attempts": 1,
    "at": "2026-11-21T10:00:01.000Z",
}
_ITEM: Final = {
    "event": "evt_…",
    "type": "order.updated",
    "kind": "order",
    "entity": "order:123",
    "label": "#123",
    "origin": "plugin",
    "occurred_at": "2026-11-21T10:00:00.000Z",
    "recorded_at": "2026-11-21T10:00:00.400Z",
    "deliveries": [_DELIVERY],
}
_QUERY: Final = {
    "cursor": "``next`` of the page before",
    "limit": f"1 to {_MOST}; 50 where it is left out",
    "kind": f"one of {', '.join(KINDS)}",
    "state": f"events with a delivery that is one of {', '.join(OUTCOMES)}",
    "q": "the site's id, an order's number, a SKU, an e-mail address, or a type of event",
    "entity": "``order:123``",
}


def operations(hub: Hub) -> tuple[Operation, ...]:
    """Return the operations."""
    activity = Activity(hub)
    return (*_events(activity), _entities(activity))


def _events(activity: Activity) -> tuple[Operation, ...]:
    async def page(caller: Caller, request: Request) -> Reply:
        return Reply(await activity.page(caller, asked_of(request)))

    async def one(caller: Caller, request: Request) -> Reply:
        return Reply(await activity.one(caller, event_of(request)))

    async def resend(caller: Caller, request: Request) -> Reply:
        return Reply({"replay": await activity.resend(caller, event_of(request))}, 202)

    tried = {**_DELIVERY, "tries": [{"number": 1, "step": "deal", "outcome": "delivered", "took_ms": 210}]}
    return (
        Operation(
            method="GET",
            path="/activity",
            summary="What the site told, the newest first, with every destination's outcome.",
            does=page,
            query=_QUERY,
            example={"items": [_ITEM], "next": None},
        ),
        Operation(
            method="GET",
            path="/activity/{event}",
            summary="One event with the attempts of each delivery.",
            does=one,
            example={**_ITEM, "deliveries": [tried]},
            refusals=(no_event(),),
        ),
        Operation(
            method="POST",
            path="/activity/{event}/resend",
            summary="Deliver an event again to all its destinations.",
            does=resend,
            answers={202: "queued"},
            example={"replay": "run_…"},
            refusals=(no_event(),),
        ),
    )


def _entities(activity: Activity) -> Operation:
    async def entity(caller: Caller, request: Request) -> Reply:
        kind = request.path_params["kind"]
        if kind not in STATES:
            raise NotFound("there is no such kind", field="kind", remedy=f"one of {', '.join(STATES)}")
        return Reply(await activity.entity(caller, kind, request.path_params["id"]))

    link = {
        "destination": _DELIVERY["destination"],
        "object": "deals",
        "record_id": "501",
        "record_url": _DELIVERY["record_url"],
    }
    return Operation(
        method="GET",
        path="/entities/{kind}/{id}",
        summary="An order, customer, product or refund by the site's id: what it became elsewhere, and its story.",
        does=entity,
        example={"record": "ord_…", "links": [link], "items": [_ITEM]},
        refusals=(NotFound("the hub has no order of this id", field="id", remedy="send it"),),
    )
