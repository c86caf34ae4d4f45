"""A store that moves for good keeps its connection; a copy or another store never takes its place."""

from __future__ import annotations

from typing import Any

import orjson

from crossdock.connect.sandbox import Asgi, Receive, Scope, Send, serving
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.run import RunKind
from crossdock.kit.ids import Prefix, parse
from tests.journey.connect.test_managing import Office, office
from tests.journey.doors.street import is_problem
from tests.support.hub import until

__all__ = ["office"]


async def recorded(office: Office) -> Any:
    """Read the shop and return the connection's id."""
    made = parse(Prefix.CONNECTION, office.id)
    await office.hub.runs.add(await office.hub.tenants.find(), made, RunKind.BACKFILL, ("order",))
    assert await office.hub.runs.work_one("test", office.hub.works)
    return made


async def test_a_store_moves_and_keeps_everything_but_its_address(office: Office) -> None:
    """First its copy answers at both addresses: refused. Then the store itself calls itself by the new one."""
    made = await recorded(office)
    before = (await office.call("GET", f"/{office.id}")).json
    hooks = sorted(office.apps[0].hooks.rows)
    async with serving(office.apps[0]) as new:
        refused = is_problem(await office.call("PATCH", f"/{office.id}", {"url": new.url}), 409, "conflict", "url")
        assert "copy" in refused["detail"]
        assert (await office.call("GET", f"/{office.id}")).json == before
        office.apps[0].settings.host = new.url.removeprefix("http://")
        after = (await office.call("PATCH", f"/{office.id}", {"url": new.url, "name": "moved"})).json
        assert (after["config"]["url"], after["name"], after["state"]) == (new.url, "moved", "active")
        assert after["account_uid"] == before["account_uid"], "keys in other systems begin with it"
        assert after["account"]["site_url"] == new.url
        checked = (await office.call("POST", f"/{office.id}/check")).json
        assert checked["ok"], checked
        assert sorted(office.apps[0].hooks.rows) == hooks
        again = {"connector": "woocommerce", "form": {**office.form(), "url": new.url}, "name": "twice"}
        is_problem(await office.call("POST", "", again), 409, "conflict")
        rotated = await office.call("POST", f"/{office.id}/credentials", {"form": keys_of(office)})
        assert rotated.status == 200, rotated.body
        placed = str(office.apps[0].control.acts.do({"do": "place_order"})["id"])

        async def told_by_webhook() -> Any:
            async with office.hub.database.engine() as conn:
                return await conn.fetchval(
                    "SELECT 1 FROM event WHERE origin = 'webhook' AND stream = 'order' AND external_id = $1", placed
                )

        assert await until(told_by_webhook)
        async with office.hub.database.engine() as conn:
            told = await conn.fetchval("SELECT detail FROM audit_entry WHERE action = 'connection.move'")
            assert await conn.fetchval("SELECT count(*) FROM record WHERE connection_id = $1", made)
        assert new.url in told


def keys_of(office: Office) -> dict[str, Any]:
    return {name: office.form()[name] for name in ("key", "secret")}


async def test_another_store_is_refused_though_the_keys_fit(office: Office) -> None:
    await recorded(office)
    other = woocommerce.build(woocommerce.generate(4, 99))
    async with serving(other) as elsewhere:
        office.apps[0].settings.host = "gone.example"
        problem = is_problem(
            await office.call("PATCH", f"/{office.id}", {"url": elsewhere.url}), 400, "bad-input", "url"
        )
        assert "another store" in problem["detail"]


async def test_an_address_that_does_not_work_changes_nothing(office: Office) -> None:
    before = (await office.call("GET", f"/{office.id}")).json
    for url, status in (("shop.example", 400), ("http://127.0.0.1:9", 502), (17, 400)):
        answer = await office.call("PATCH", f"/{office.id}", {"url": url, "name": "never"})
        assert answer.status == status, answer.body
    assert (await office.call("GET", f"/{office.id}")).json == before


class Mask:
    """A shop whose index gives another address as its own: the keys work, and it is another account."""

    def __init__(self, app: Asgi) -> None:
        self.app = app
        self.home = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.home or scope.get("path") != "/wp-json/":
            await self.app(scope, receive, send)
            return
        sent: list[Any] = []

        async def keep(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, keep)
        document = orjson.loads(b"".join(part.get("body", b"") for part in sent[1:]))
        body = orjson.dumps({**document, "home": self.home, "url": self.home})
        headers = [(name, value) for name, value in sent[0]["headers"] if name.lower() != b"content-length"]
        await send({**sent[0], "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def test_keys_of_another_store_are_refused_and_the_old_ones_stay(office: Office) -> None:
    """Keys that work, but at what calls itself another store: 409; keys that do not work: 502; both change nothing."""
    mask = Mask(office.apps[1])
    async with serving(mask) as masked:
        form = {**office.form(), "url": masked.url}
        made = (await office.call("POST", "", {"connector": "woocommerce", "form": form, "name": "masked"})).json
        made_id = parse(Prefix.CONNECTION, made["id"])

        async def sealed() -> list[Any]:
            async with office.hub.database.engine() as conn:
                sql = "SELECT name, generation, sealed FROM credential WHERE connection_id = $1 ORDER BY name"
                return [tuple(row) for row in await conn.fetch(sql, made_id)]

        before = await sealed()
        path = f"/{made['id']}/credentials"
        wrong = {"form": {"key": "ck_" + "9" * 40, "secret": "cs_" + "9" * 40}}
        is_problem(await office.call("POST", path, wrong), 502, "vendor-trouble")
        mask.home = "https://another-shop.example"
        told = is_problem(await office.call("POST", path, {"form": keys_of(office)}), 409, "conflict")
        assert "another-shop" in told["detail"]
        assert await sealed() == before
        mask.home = ""
        assert (await office.call("POST", path, {"form": keys_of(office)})).status == 200
        assert await sealed() != before
