"""An account takes its contact along to another address, and somebody else signs up with the old one."""

from __future__ import annotations

import asyncio
from typing import Any

from crossdock.cli.demo.doors import Door
from crossdock.cli.judge.portal import Judge
from tests.journey.cli.conftest import Terminal, answer, options, sandbox


def test_a_guests_order_follows_the_address_and_not_the_contact_that_had_it(terminal: Terminal) -> None:
    """The prover sees it, the delivery repairs it, and the independent judge agrees."""
    with sandbox("woocommerce", "--orders", "12") as ready, sandbox("hubspot") as portal:
        shop = Door(ready["url"])

        def act(**what: Any) -> None:
            asyncio.run(shop.post("act", **what))

        def backfill() -> None:
            assert answer(terminal("backfill", "--json"))[0]["state"] == "done"

        answer(terminal("connect", "hubspot", *options(portal), "--json"))
        answer(terminal("connect", "woocommerce", *options(ready), "--name", "shop", "--json"))
        customer = asyncio.run(shop.get("state"))["customers"][3]
        act(do="place_order", status="processing", billing={**customer["billing"], "email": customer["email"]})
        backfill()
        act(do="change_email", id=customer["id"])
        backfill()
        act(do="new_customer", email=customer["email"])
        backfill()
        proof = answer(terminal("prove", "shop", "--json"))
        assert proof["ok"] is True, proof["differences"]
        rows = answer(terminal("connections", "--json"))
        uid = next(row["account_uid"] for row in rows if row["connector"] == "woocommerce")
        held = asyncio.run(Door(portal["url"]).get("state?history=false"))
        judged = Judge(asyncio.run(shop.get("state")), held, uid, "shop", left=1).rows()
        assert [row.wrong for row in judged] == [[], [], []]
