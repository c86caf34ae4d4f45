"""What needs a person, the worst first: each with its cause, what it means, and the button that helps. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from crossdock.govern.alerts import Kind
from crossdock.web.words import sentence

_MOST_CAUSES: Final = 5
_NUMBERS: Final = (
    *("Nothing", "One thing", "Two things", "Three things", "Four things", "Five things", "Six things", "Seven things"),
    *("Eight things", "Nine things", "Ten things", "Eleven things", "Twelve things"),
)
_TOLD: Final = frozenset({Kind.CONNECTION_BROKEN, Kind.DEAD_LETTERS})
"""Alerts that are told by what they are about."""


class Need(msgspec.Struct, frozen=True):
    """One line: what, why, and where to go."""

    tone: str
    icon: str
    title: str
    said: str
    href: str
    label: str


def needs_of(
    connections: Sequence[Mapping[str, Any]],
    causes: Sequence[Mapping[str, Any]],
    alerts: Sequence[Mapping[str, Any]],
    to: Callable[..., str],
) -> list[Need]:
    """Return what needs somebody."""
    found = [_broken(one, to) for one in connections if one["state"] == "broken"]
    found += [_cause(one, to) for one in causes[:_MOST_CAUSES]]
    if rest := causes[_MOST_CAUSES:]:
        letters = sum(one["standing"] for one in rest)
        said = f"{len(rest)} further causes. Each is opened, mended and replayed by itself."
        title = f"{letters:,} more dead letters"
        found.append(Need("bad", "dead", title, said, to("/dead-letters"), "Open the dead letters"))
    broken = {one["id"] for one in connections if one["state"] == "broken"}
    for alert in alerts:
        if alert["kind"] in _TOLD or alert["connection_id"] in broken:
            continue
        found.append(_alert(alert, to))
    return sorted(found, key=lambda need: need.tone != "bad")


def _broken(one: Mapping[str, Any], to: Callable[..., str]) -> Need:
    count = one["waiting"]
    waiting = f" {count:,} {'delivery waits' if count == 1 else 'deliveries wait'}, none is lost." if count else ""
    return Need(
        tone="bad",
        icon="dead",
        title=f"{one['name']} is broken",
        said=f"{sentence(one['problem'] or 'its access is refused')}{waiting}",
        href=to(f"/connections/{one['id']}"),
        label="See the check",
    )


def _cause(one: Mapping[str, Any], to: Callable[..., str]) -> Need:
    count = one["standing"]
    where = f" at {one['connection']}"
    return Need(
        tone="bad",
        icon="dead",
        title=f"{count:,} dead {'letter' if count == 1 else 'letters'}{where}",
        said=f"{sentence(one['reason'])} Newer states of the same records go on.",
        href=to("/dead-letters", cause=one["cause_id"], connection=one["connection_id"]),
        label="Open the letter" if count == 1 else f"Open {count:,} letters",
    )


_WHERE: Final[dict[str, tuple[str, str]]] = {
    Kind.PROOF_GAP: ("/proof", "Open the proof"),
    Kind.SILENCE: ("/connections/{connection_id}", "Open the connection"),
    Kind.QUOTA: ("/connections/{connection_id}", "See the limits"),
    Kind.FINDING: ("/connections/{connection_id}", "See the check"),
    Kind.BREAKER_OPEN: ("/connections/{connection_id}", "Open the connection"),
    Kind.STOCK_LINKS: ("/sku-links", "Open the SKU links"),
    Kind.STOCK_LOW: ("/stock", "Open the stock"),
    Kind.LAG: ("/deliveries?state=waiting&connection={connection_id}", "See what waits"),
    Kind.QUEUE_AGE: ("/deliveries?state=waiting&connection={connection_id}", "See what waits"),
}
"""Where each kind of alert is mended; the others are opened."""


def _alert(alert: Mapping[str, Any], to: Callable[..., str]) -> Need:
    path, label = _WHERE.get(alert["kind"], ("/alerts/{id}", "Open the alert"))
    if "{connection_id}" in path and not alert["connection_id"]:
        path, label = "/alerts/{id}", "Open the alert"
    error = alert["severity"] == "error"
    said = f"{sentence(alert['cause'])} {sentence(alert['remedy'])}"
    if alert["acknowledged_at"]:
        said += " Somebody has taken it over."
    return Need(
        tone="bad" if error else "warn",
        icon="dead" if error else "alert",
        title=alert["title"],
        said=said,
        href=to(path.format(id=alert["id"], connection_id=alert["connection_id"])),
        label=label,
    )


def answer_of(needs: Sequence[Need], connections: Sequence[Mapping[str, Any]], *, ran: bool) -> str:
    """Return the page's answer. ``ran``: whether anything was ever recorded."""
    if not connections:
        return "Nothing is connected yet. Begin with a store."
    if not needs:
        return "Nothing needs you. Everything is moving." if ran else "Nothing needs you. Nothing has arrived yet."
    count = _NUMBERS[len(needs)] if len(needs) < len(_NUMBERS) else f"{len(needs)} things"
    rest = "Everything else is moving." if any(one["state"] == "active" for one in connections) else ""
    return f"{count} need{'s' if len(needs) == 1 else ''} you. {rest}".strip()
