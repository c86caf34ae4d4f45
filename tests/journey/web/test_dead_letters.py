"""Dead letters on pages: by cause, tried dry, replayed, discarded with a reason, exported."""

from __future__ import annotations

import csv
import io

import pytest

from crossdock.govern.access import Role
from crossdock.wiring import Hub
from tests.support.browsing import Seen, visiting
from tests.support.hub import until, working
from tests.support.traffic import Street

pytestmark = pytest.mark.asyncio


def letters(seen: Seen) -> list[str]:
    return [str(one) for one in seen.doc.xpath("//td[@class='pick']/input/@value")]


async def test_without_any_the_page_says_so(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        assert "No dead letters" in (await visitor.get("/t/default/dead-letters")).words


async def test_letters_stand_by_cause_with_what_helps_and_a_viewer_changes_nothing(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        await street.dies(3)
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get("/t/default/dead-letters")
        assert "3 deliveries stopped for a reason a person can act on." in seen.words
        assert "1 cause, 3 letters" in seen.words
        assert "The destination refuses it as it is." in seen.words
        assert len(seen.rows()) == 3
        assert letters(seen) == []
        assert not seen.doc.xpath("//button[@name='do']")
        refused = await visitor.post("/t/default/dead-letters/replay", {"do": "send-all"})
        assert refused.status == 403


async def test_some_are_chosen_tried_dry_and_replayed(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        await street.dies(3)
        await visitor.enter(Role.OPERATOR)
        seen = await visitor.get("/t/default/dead-letters")
        first, second, _ = letters(seen)
        dry = await visitor.submit(seen, "/t/default/dead-letters/replay", id=[first, second], do="dry")
        assert "/t/default/runs/run_" in dry.url
        await _over(street)
        told = await visitor.get(dry.url)
        assert "What would be sent" in told.words
        assert "2looked at" in told.words.replace(" ", "").replace("lookedat", "looked at")
        assert (await street.received())["requests"] == 0
        sent = await visitor.submit(seen, "/t/default/dead-letters/replay", id=[first, second], do="send")
        await street.ended(2)
        assert "Replay of dead letters" in sent.words
        assert len((await visitor.get("/t/default/dead-letters")).rows()) == 1


async def test_all_of_the_filter_go_out_again(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        await street.dies(3)
        await visitor.enter(Role.OPERATOR)
        seen = await visitor.get("/t/default/dead-letters")
        await visitor.submit(seen, "/t/default/dead-letters/replay", do="send-all")
        await street.ended(3)
        assert "No dead letters" in (await visitor.get("/t/default/dead-letters")).words


async def test_choosing_none_is_told(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        await street.dies(1)
        await visitor.enter(Role.OPERATOR)
        seen = await visitor.get("/t/default/dead-letters")
        refused = await visitor.submit(seen, "/t/default/dead-letters/replay", do="send")
        assert refused.status in (400, 422)
        assert "hoose the letters first" in refused.words


async def test_discarding_asks_for_a_reason_and_the_name(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        await street.dies(2)
        await visitor.enter(Role.OPERATOR)
        seen = await visitor.get("/t/default/dead-letters")
        fields = dict(seen.form("/dead-letters/replay").form_values())
        asked = await visitor.post("/t/default/dead-letters/discard/ask", {**fields, "do": "discard-all"})
        assert "Discard 2 letters for good?" in asked.words
        wrong = await visitor.submit(asked, "/dead-letters/discard", reason="a test", confirm="sunk")
        assert wrong.status == 422
        assert await street.rows("SELECT 1 FROM delivery_done WHERE rule = 'discarded'") == []
        silent = await visitor.submit(asked, "/dead-letters/discard", reason="", confirm="sink")
        assert silent.status == 422
        neither = await visitor.post(
            "/t/default/dead-letters/discard", {**fields, "reason": "neither some nor all", "confirm": "sink"}
        )
        assert neither.status == 400
        assert "hoose the letters first" in neither.words
        await visitor.submit(asked, "/dead-letters/discard", reason="a test shop", confirm="sink")
        await _over(street)
        rows = await street.rows("SELECT reason FROM delivery_done WHERE rule = 'discarded'")
        assert len(rows) == 2
        assert rows[0]["reason"].startswith("discarded by usr_")
        assert "a test shop" in rows[0]["reason"]


async def test_one_chosen_letter_is_discarded_at_once(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        await street.dies(2)
        await visitor.enter(Role.OPERATOR)
        seen = await visitor.get("/t/default/dead-letters")
        fields = {**dict(seen.form("/dead-letters/replay").form_values()), "do": "chosen", "id": letters(seen)[0]}
        asked = await visitor.post("/t/default/dead-letters/discard/ask", fields)
        assert "Discard 1 letter for good?" in asked.words
        done = await visitor.submit(asked, "/dead-letters/discard", reason="a test", confirm="sink")
        assert "1 letter is discarded." in done.words
        assert len(done.rows()) == 1


async def test_words_narrow_and_the_table_is_a_file(hub: Hub, street: Street) -> None:
    async with working(hub), visiting(hub) as visitor:
        await street.dies(2)
        await visitor.enter(Role.VIEWER)
        assert "Nothing fits" in (await visitor.get("/t/default/dead-letters?words=elephant")).words
        seen = await visitor.get("/t/default/dead-letters?format=csv")
        rows = list(csv.DictReader(io.StringIO(seen.text)))
        assert [row["external_id"] for row in rows] == ["101", "102"]
        assert {row["destination"] for row in rows} == {"sink"}


async def _over(street: Street) -> None:
    async def done() -> bool:
        rows = await street.rows("SELECT state FROM run WHERE kind = 'replay'")
        return bool(rows) and all(row["state"] == "done" for row in rows)

    await until(done)
