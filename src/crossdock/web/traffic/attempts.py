"""What became of one delivery, as stops: each try with what was asked and answered, the waits, the end, the proof.

Pure: rows and delivery documents in, stops out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crossdock.kit.ids import Prefix, show
from crossdock.model.delivery import DeliveryState, Evidence
from crossdock.web.traffic.stops import Stop
from crossdock.web.words import rule_word, spoken

_OUTCOMES: Final = {
    "delivered": ("good", "delivered", "Delivered"),
    "throttled": ("warn", "waiting", "Asked to wait"),
    "retry": ("warn", "retrying", "Failed, tried again"),
    "refresh": ("warn", "retrying", "Access refused"),
    "rejected": ("bad", "dead", "Refused"),
    "gone": ("warn", "retrying", "Record is gone there"),
    "unknown": ("doubt", "in_doubt", "No answer"),
    "skipped": ("quiet", "skipped", "Left out"),
}
"""Outcome of a try -> tone, state, word."""
_EVIDENCE: Final = {
    Evidence.ID: "the destination's own id is on record",
    Evidence.ACCEPTED: "the destination said yes; it gives no id",
    Evidence.UNPROVEN: "the destination gave no proof of it",
}


def again(one: Mapping[str, Any]) -> Stop:
    """Tell that a delivery was made later than its event: by a replay, or because another had to go first."""
    why = "by a replay" if one["replay_id"] else "the record's present state, asked for again"
    return Stop(tone="live", at=one["created_at"], title="Queued again", soft=why, kind="replay", data=one["replay_id"])


def tries(one: Mapping[str, Any]) -> list[Stop]:
    """Tell every try."""
    stops: list[Stop] = []
    for number, attempt in enumerate(one["tries"]):
        tone, state, word = _OUTCOMES.get(attempt["outcome"], ("quiet", "", attempt["outcome"]))
        answer = (attempt["detail"] or {}).get("answer", {})
        last = number == len(one["tries"]) - 1
        stops.append(
            Stop(
                tone=tone,
                at=attempt["ended_at"],
                title=f"Attempt {attempt['number']}",
                soft=f"{attempt['step']}, {attempt['took_ms']:,} ms"
                if attempt["step"]
                else f"{attempt['took_ms']:,} ms",
                state=state,
                word=f"{answer['status']} {word}" if answer.get("status") else word,
                kind="attempt",
                data={**attempt, "means": _means(attempt, answer)},
                hold=tone in ("warn", "doubt") and not (last and one["ended_at"]),
            )
        )
    return stops


def _means(attempt: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    """Say what a try's outcome means."""
    match attempt["outcome"]:
        case "throttled":
            wait = f" for {spoken(answer['retry_after_s'])}" if answer.get("retry_after_s") else ""
            return f"The destination asked the hub to wait{wait}. Nothing was written, and no attempt was used up."
        case "retry":
            return "It surely took no effect, so it is sent again, each time after a longer pause."
        case "refresh":
            return "The access was refused. No attempt was used up; the hub renews it, or the connection stops."
        case "unknown":
            return "The answer was lost: it may have taken effect. The hub looks before it sends again."
        case "rejected" if "method" not in (attempt["detail"] or {}).get("request", {}):
            return "The hub stopped it before anything was sent."
        case "rejected":
            return "The destination will never take it like this, so it was not tried again."
        case "gone":
            return "The record the hub had linked is no longer there."
        case _:
            return ""


def now_waiting(one: Mapping[str, Any], lane: Any, ahead: Any) -> Stop:
    """Tell what a delivery under way waits for."""
    state = "retrying" if one["state"] == DeliveryState.WAITING and one["attempts"] else one["state"]
    tone = {"in_doubt": "doubt", "claimed": "live"}.get(one["state"], "warn" if one["attempts"] else "live")
    return Stop(
        tone=tone,
        at=None,
        after="now",
        title={"claimed": "Being delivered", "in_doubt": "In doubt"}.get(one["state"], "Waiting"),
        state=state,
        kind="waiting",
        data={"why": _waits_for(one, lane, ahead), "due_at": one["due_at"], "reason": one["reason"]},
        hold=True,
    )


def _waits_for(one: Mapping[str, Any], lane: Any, ahead: Any) -> str:
    if one["state"] == DeliveryState.CLAIMED:
        return "A worker has it in hand."
    if one["state"] == DeliveryState.IN_DOUBT:
        return "No answer came to the last attempt. When the call can no longer take effect, the hub looks, then sends."
    if lane is not None and lane["state"] == "paused":
        return "The destination is paused: nothing is lost, and it goes on when somebody resumes it."
    if lane is not None and lane["state"] == "broken":
        return (
            f"The destination is broken: {lane['problem'] or 'its access is refused'}. It goes on when that is mended."
        )
    if ahead is not None:
        return "An earlier state of the same record goes first: effects keep the order of the store."
    if lane is not None and lane["breaker"] == "open":
        return "The destination fails too often, so the hub lets it rest; one probe decides when it goes on."
    if lane is not None and lane["held_until"] is not None:
        return "The destination asked the hub to wait; others of its deliveries wait as well, and none is lost."
    return "Its turn comes when its time does." if one["attempts"] else "It waits for its turn."


def ended(one: Mapping[str, Any]) -> Stop:
    """Tell how a delivery ended."""
    if one["state"] == DeliveryState.DELIVERED:
        soft = _EVIDENCE.get(Evidence(one["evidence"] or Evidence.UNPROVEN), "")
        return _end(one, "good", f"Delivered to {one['destination']}", soft)
    if one["state"] == DeliveryState.SKIPPED:
        return _end(one, "quiet", "Skipped", rule_word(one["rule"] or ""))
    return _end(one, "bad", "Dead", "it stopped for a reason a person can act on")


def _end(one: Mapping[str, Any], tone: str, title: str, soft: str) -> Stop:
    return Stop(
        tone=tone, at=one["ended_at"], title=title, soft=soft, state=one["state"], kind="end", data=one, end=True
    )


def proven(one: Mapping[str, Any], proof: Any) -> Stop:
    """Tell what the first proof after the delivery says of its record."""
    if proof is None:
        soft = "the next proof of the store reads both sides afresh and says whether they are equal"
        return Stop(tone="quiet", at=None, after="later", title="Proof", soft=soft, kind="proof", data=None, hold=True)
    told = {
        "id": show(Prefix.PROOF, proof["id"]),
        "kind": proof["kind"],
        "what": proof["what"],
        "state": proof["state"],
    }
    if proof["kind"] is None:
        return Stop(
            tone="good",
            at=proof["ended_at"],
            title="Proven",
            state="proven",
            kind="proof",
            data=told,
            end=True,
            soft=f"store and {one['destination']} were read afresh and say the same of this record",
        )
    mended = proof["state"] == "repaired"
    return Stop(
        tone="live" if mended else "bad",
        at=proof["ended_at"],
        title="Proof: repaired" if mended else f"Proof: {proof['kind']}",
        soft=proof["what"] or "",
        state="repaired" if mended else "missing" if proof["kind"] == "missing" else "drifted",
        kind="proof",
        data=told,
        end=True,
    )
