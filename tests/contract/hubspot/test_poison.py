"""A batch that HubSpot refuses as a whole because of one row: the others go through, that one is named."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.model.outcome import Delivered, Rejected
from crossdock.model.plan import Resolved
from tests.contract.hubspot.scripted import Answer, Asked, portal
from tests.contract.hubspot.test_perform import deal, done, person

REFUSED: dict[str, Any] = {"status": "error", "category": "VALIDATION_ERROR", "message": "Invalid input JSON"}


def _refusing(*keys: str) -> Any:
    def script(asked: Asked) -> Answer:
        if any(row["id"] in keys for row in asked.body["inputs"]):
            return Answer(400, REFUSED)
        return Answer(200, {"status": "COMPLETE", "results": done(asked)})

    return script


@pytest.mark.parametrize("bad", [0, 77, 255])
async def test_255_of_256_are_delivered_and_the_culprit_is_told_with_its_call(bad: int) -> None:
    async with portal(_refusing(f"shop:order:{bad}")) as (app, to):
        writes: list[Resolved] = [deal(number) for number in range(256)]
        outcomes = await to.perform("deal", writes)
    refused = [number for number, outcome in enumerate(outcomes) if not isinstance(outcome, Delivered)]
    assert refused == [bad]
    culprit = outcomes[bad]
    assert isinstance(culprit, Rejected)
    assert culprit.code == "VALIDATION_ERROR"
    assert culprit.exchange is not None
    assert (culprit.exchange.method, culprit.exchange.status) == ("POST", 400)
    assert culprit.exchange.path.endswith("/deals/batch/upsert")
    assert len(app.paths()) < 25, "halves, not one by one"


async def test_a_look_up_that_is_refused_for_one_leaves_nobody_else_in_doubt() -> None:
    def script(asked: Asked) -> Answer:
        if asked.path.endswith("batch/read"):
            if any(row["id"] == "not an address" for row in asked.body["inputs"]):
                return Answer(400, REFUSED)
            return Answer(200, {"status": "COMPLETE", "results": []})
        return Answer(200, {"status": "COMPLETE", "results": done(asked)})

    async with portal(script) as (_, to):
        people = [person(f"guest:{n}", f"p{n}@example.test", ensure=True, firstname="P") for n in range(5)]
        people.insert(2, person("guest:bad", "not an address", ensure=True, firstname="P"))
        outcomes = await to.perform("contact", people)
    assert [isinstance(one, Delivered) for one in outcomes] == [True, True, False, True, True, True]
    assert isinstance(outcomes[2], Rejected)
