"""A proof on a terminal: the numbers, what differs and why, what was put right, what it cost. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.text import Text

from crossdock.cli.answers import table

PROOF = (
    *("entity", "in_store", "recorded", "delivered", "skipped", "dead", "missing", "duplicates", "drifted"),
    *("unexpected", "fallback"),
)
"""The columns of a proof, everywhere."""
_SHOWN = 20


def shown(proofs: Sequence[Mapping[str, Any]]) -> Any:
    """Return proofs as people read them."""
    parts: list[Any] = []
    for proof in proofs:
        parts += _one(proof)
    return Group(*parts)


def _one(proof: Mapping[str, Any]) -> list[Any]:
    columns: tuple[str, ...] = (*PROOF[:1], "destination", *PROOF[1:-1])
    if proof["taken_by"]:
        columns = (*columns, PROOF[-1])
    read = {"light": "read lightly, in full what differed", "full": "read in full"}[proof["depth"]]
    parts: list[Any] = [Text(f"{proof['shop']} ({read}):")]
    parts.append(table(proof["proof"], columns, empty="Nothing is routed from this shop: connect a destination."))
    for one in [one for one in proof["explained"] if one["state"] == "open"][:_SHOWN]:
        parts += _exception(one)
    open_ones = proof["exceptions"]["open"]
    if open_ones > _SHOWN:
        parts.append(Text(f"… and {open_ones - _SHOWN} more: --csv or --report write all of them."))
    if skipped := _counted(proof["skipped_by"], "by the rule"):
        parts.append(Text(f"Left out: {skipped}."))
    if taken := _counted(proof["taken_by"], "by"):
        parts.append(Text(f"Taken by a second destination while the first stood: {taken}."))
    if proof["repairs"]:
        parts.append(Text("Put right: " + ", ".join(_repaired(proof["repairs"])) + "."))
    parts.append(Text(_cost(proof)))
    parts.append(Text(_verdict(proof)))
    return parts


def _counted(told: Mapping[str, Mapping[str, int]], word: str) -> str:
    return ", ".join(f"{count} {entity} {word} {name}" for entity, by in told.items() for name, count in by.items())


def _exception(one: Mapping[str, Any]) -> list[Text]:
    about = f"{one['entity']} {one['external_id']}: {one['kind']} {one['what']} at {one['destination']}"
    lines = [Text(f"• {about}"), Text(f"  Cause: {one['cause']}."), Text(f"  Done: {one['done']}.")]
    lines.append(Text(f"  Remedy: {one['remedy']}."))
    if links := " ".join(one["links"].values()):
        lines.append(Text(f"  Look: {links}"))
    return lines


def _repaired(repairs: Mapping[str, int]) -> list[str]:
    words = {
        "missed": "recorded that the shop had never told of",
        "changed": "whose silent change was found",
        "gone": "found deleted",
        "delivered": "delivered again",
    }
    return [f"{count} {words.get(name, name)}" for name, count in repairs.items()]


def _cost(proof: Mapping[str, Any]) -> str:
    costs = proof["costs"]
    there = "".join(f", {count} to {name}" for name, count in costs["destinations"].items())
    repairs = ", ".join(f"{count} {name}" for name, count in costs["repairs"].items())
    return f"Cost: {costs['store']} requests to the shop{there}, {proof['seconds']:.1f} s" + (
        f"; repairs: {repairs}." if repairs else "."
    )


def _verdict(proof: Mapping[str, Any]) -> str:
    said = "Proven: nothing is missing, doubled or different." if proof["ok"] else "Not proven."
    if proof["pending"]:
        said += f" {proof['pending']} deliveries are still under way."
    if proof["moving"]:
        said += f" {proof['moving']} records changed meanwhile and are on their way."
    return said
