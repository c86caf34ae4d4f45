"""The places that no round of the campaign passes, each with the reason why it is no step of what happens there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.crash.campaign.points import places

APART: Final = {
    "command/command.named": "people name an order by its number on the command line alone",
    "deliver/queue.give_back": "no route here has a second destination: tests/journey/alerts",
    "deliver/queue.gone_before": "a record that is gone at a delivery's fifth try or later: tests/journey/deliver",
    "deliver/queue.hold_lane": "the part of a day's quota kept for live traffic is free at its end: tests/unit/connect",
    "deliver/replay.done_for_replay": "a call for tests and embedders: doors and command line replay as a run",
    "pull/pull.wait_until": "a shop's quiet hours are hours of a day, a round lasts minutes: tests/journey/pull",
    "reconcile/held.stored_by_id": "a record there that nothing but a link leads to: nobody takes keys away here",
    "reconcile/reconcile.drop": "what was too much and is gone at the second look: nobody doubles records here",
    "reconcile/reconcile.forget_exceptions": "a proof outside of a run: the command line's, and the demonstration's",
    "record/written.delivered_since": "no route here leads back to where a change came from: tests/journey/hubspot",
    "record/written.found": "the finding of a ping-pong, which no route here makes: tests/journey/hubspot",
    "run/run.add_daily_proof": "a day's own proof is of stores connected half a day ago: tests/journey/reconcile",
    "stock/push.no_way": "a shop whose keys may only read takes no stock; this one is written to",
    "watch/watch.begin_anew": "a shop put back from a backup has lost what is judged: tests/journey/watch",
    "watch/watch.ring": "orders vanish behind the hub's back, and so would what is judged: tests/journey/watch",
    "watch/watch.standing": "orders vanish behind the hub's back, and so would what is judged: tests/journey/watch",
    "watch/watch.take_this": "a look that is asked for by hand is the command line's",
}


def unpassed(hits: Mapping[str, int]) -> list[str]:
    """Return the places that should have been passed and were not."""
    return [place for place in places() if not hits.get(place) and place not in APART]
