"""From what a look at a shop saw to what is wrong with it. Pure.

Recorded facts this rests on: a webhook is disabled at the seventh failed delivery in a row and its counter survives a
reactivation, so a disabled one is registered anew; a lost or late job queue tells nothing at all; the ids of orders
only ever grow, but for those that a restored database gives again; an order keeps its key as long as it lives; an HPOS
switch keeps both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from crossdock.connect.connector import Hook
from crossdock.connect.watching import Finding, Gap, Judgement, Known, KnownHook, Mend, Repair, Sight
from crossdock.connectors.woocommerce.ailments import AILMENTS, finding
from crossdock.kit import site_address

_NEAR_S: Final = 60.0
"""Clocks closer than this are taken as equal."""
_MANY_FAILURES: Final = 4
"""Of the seven that disable a webhook: what is answered until the next look must fit in between."""
_SOON_EXPIRED: Final = timedelta(days=14)
_PRECISE: Final = timedelta(seconds=2)
"""Dates are whole seconds, on both sides of a comparison."""
_HELD: Final = timedelta(minutes=30)
"""A stalled queue counts as stalled until it was quiet for so long: it moves only because the hub kicks it."""
_RESTORED_FOR: Final = timedelta(days=1)
"""The full read after a restore finds rewound orders itself; they are no second restore."""
_WAYS: Final = ("auth", "rest_base", "clock_ahead_s")
"""Facts of how a shop is reached: each look finds them afresh."""
_PROVOKED: Final = frozenset({"webhook-secret-changed", "webhook-failing"})
_TURNED_FOR: Final = timedelta(hours=1)
_BLOCKED: Final = frozenset({"wrong-url", "refused"})
"""Said by the check of a strange address; of a shop that had worked it means that somebody stands in between."""


class Memory(msgspec.Struct):
    """What one judgement tells the next."""

    calm_since: datetime | None = None
    """Since when nothing stood in the way of webhooks; only changes after it are expected to be told."""
    told: dict[str, int] = msgspec.field(default_factory=dict)
    suspect: bool = False
    """A pull was the first to see a change, and no webhook came: certain at the next look."""
    asked: bool = False
    """The last look asked for a pull, so pulls see things first."""
    stalled_at: datetime | None = None
    restored_at: datetime | None = None
    newest: list[int] = msgspec.field(default_factory=list)
    marks: dict[str, str] = msgspec.field(default_factory=dict)
    could_write: bool = False
    unknown: list[str] = msgspec.field(default_factory=list)
    """Webhooks that point to us and are not known, once seen: deleted when seen again."""
    strangers: int = 0
    ahead_s: float = 0.0
    turned: dict[str, datetime] = msgspec.field(default_factory=dict)
    """When webhooks got new secrets because deliveries were refused."""


def diagnose(sight: Sight, known: Known) -> Judgement:
    """Say what is wrong with a shop, what to do and what to remember."""
    memory = msgspec.convert(dict(known.memory), Memory)
    if (home := _other_home(sight, known)) is not None:
        clone = finding("staging-clone", their_address=home, connected=str(known.account.get("site_url", "")))
        return _judged([clone], dict(known.account), memory, known)
    account = _account(sight, known)
    found = [*_clock(sight, memory), *_certificate(sight, known), *_strangers(known, memory)]
    if not sight.check.ok:
        adapted = any(one.code == "clock-wrong" and one.mends for one in found)
        if not (sight.check.code == "clock-skew" and adapted):
            found.append(_of_check(sight))
        return _judged(found, account, memory, known, soon=adapted)
    found += [*_ways(account, known), *_rights(account, known, memory), *_storage(account, known)]
    hooks = _hooks(sight, known, memory, may_write=account.get("permissions") != "read")
    found += hooks
    found += _restored(sight, known, memory, hooks)
    if known.url and sight.hooks is not None and not any(not one.hooks_ok for one in found):
        found += _telling(sight, known, memory)
    memory.newest = list(sight.newest) or memory.newest
    memory.marks = dict(sight.marks) or memory.marks
    return _judged(found, account, memory, known)


def _judged(
    found: list[Finding], account: dict[str, Any], memory: Memory, known: Known, *, soon: bool = False
) -> Judgement:
    disturbed = any(not one.hooks_ok for one in found if one.code != "scheduler-stalled")
    if disturbed or memory.calm_since is None:
        memory.calm_since = known.now
        memory.suspect = False
    memory.asked = any(one.gap for one in found)
    memory.told = dict(known.told)
    return Judgement(tuple(found), account, msgspec.to_builtins(memory), soon=soon or memory.suspect)


def _other_home(sight: Sight, known: Known) -> str | None:
    """Return the address a site gives itself when it is not the connected shop's."""
    ours, theirs = str(known.account.get("site_url") or ""), str(sight.check.account.get("site_url") or "")
    if not ours or not theirs or site_address.account_uid(ours) == site_address.account_uid(theirs):
        return None
    return theirs


def _account(sight: Sight, known: Known) -> dict[str, Any]:
    kept = dict(known.account)
    if sight.check.ok:
        for name in _WAYS:
            kept.pop(name, None)
        kept |= {name: value for name, value in sight.check.account.items() if value not in ("", None)}
        kept["site_url"] = known.account.get("site_url") or kept.get("site_url", "")
    ahead = sight.clock_ahead_s
    if ahead is not None:
        kept.pop("clock_ahead_s", None)
        if abs(ahead) > _NEAR_S:
            kept["clock_ahead_s"] = round(ahead)
    return kept


def _of_check(sight: Sight) -> Finding:
    check = sight.check
    if sight.certificate_expired:
        return finding("certificate-expired")
    code = "rest-blocked" if check.code in _BLOCKED else check.code
    if code not in AILMENTS:
        code = "unreachable"
    if code == check.code:
        return finding(code, cause=check.problem, remedy=AILMENTS[code].remedy)
    return finding(code, cause=f"{AILMENTS[code].cause} ({check.problem})")


def _clock(sight: Sight, memory: Memory) -> Iterator[Finding]:
    """Whether the shop's clock is wrong, or went back: then pulls would wait for its time to pass their place again."""
    ahead = sight.clock_ahead_s
    if ahead is None:
        return
    back, memory.ahead_s = memory.ahead_s - ahead, ahead
    if back <= _NEAR_S and abs(ahead) <= _NEAR_S:
        return
    word = "ahead of" if ahead > 0 else "behind"
    cause = f"the shop's clock is {abs(ahead):.0f} seconds {word} the hub's"
    if back > _NEAR_S:
        cause += f"; it was set back by {back:.0f} seconds"
    gap = Gap.AFRESH if back > _NEAR_S else Gap.NONE
    yield finding("clock-wrong", Mend(Repair.ADAPT), cause=cause, gap=gap, seconds=round(ahead))


def _certificate(sight: Sight, known: Known) -> Iterator[Finding]:
    ends = sight.certificate_ends
    if ends is not None and not sight.certificate_expired and ends - known.now < _SOON_EXPIRED:
        cause = f"the shop's TLS certificate expires on {ends:%Y-%m-%d}"
        yield finding("certificate-expiring", cause=cause, expires_at=ends.isoformat())


def _strangers(known: Known, memory: Memory) -> Iterator[Finding]:
    if known.strangers > memory.strangers:
        yield finding("clone-webhooks", refused=known.strangers - memory.strangers, their_address=known.stranger)
    memory.strangers = known.strangers


def _ways(account: Mapping[str, Any], known: Known) -> Iterator[Finding]:
    if account.get("auth") == "query" and known.config.get("auth") != "query":
        yield finding("authorization-stripped", Mend(Repair.ADAPT))
    if account.get("rest_base") and known.config.get("rest_base") != account.get("rest_base"):
        yield finding("permalinks-off", Mend(Repair.ADAPT), hooks_ok=True, rest_base=account["rest_base"])


def _rights(account: Mapping[str, Any], known: Known, memory: Memory) -> Iterator[Finding]:
    memory.could_write |= "read_write" in (known.account.get("permissions"), account.get("permissions"))
    if memory.could_write and account.get("permissions") == "read":
        yield finding("keys-read-only")
    elif known.url and known.topics and account.get("permissions") == "read":
        yield finding("pull-only")


def _storage(account: Mapping[str, Any], known: Known) -> Iterator[Finding]:
    was, now = known.account.get("hpos"), account.get("hpos")
    if isinstance(was, bool) and isinstance(now, bool) and was != now:
        yield finding("hpos-switched", Mend(Repair.ADAPT), hpos=now)


def _hooks(sight: Sight, known: Known, memory: Memory, *, may_write: bool) -> list[Finding]:
    """Compare the webhooks we registered with those the shop lists; one finding a code."""
    if not known.url or sight.hooks is None or not memory.could_write:
        return []
    listed = {hook.vendor_id: hook for hook in sight.hooks}
    mends: dict[str, list[Mend]] = {}
    for ours in known.hooks:
        there = listed.get(ours.vendor_id)
        if there is not None and there.topic != ours.topic and there.url != known.url:
            there = None  # somebody made it something else; it is not ours any more
        if (told := _ail(ours, there, known.url)) is not None:
            code, repair = told
            mends.setdefault(code, []).append(Mend(repair, ours.topic, ours.vendor_id, there is not None))
    have = {hook.topic for hook in known.hooks}
    for topic in known.topics:
        if topic not in have:
            mends.setdefault("webhook-deleted", []).append(Mend(Repair.REGISTER, topic))
    for mend in _left_over(listed, known, memory):
        mends.setdefault("webhook-unknown", []).append(mend)
    return [
        finding(
            code,
            *(each if may_write and not _again(code, known.now, memory) else ()),
            topics=sorted({mend.topic for mend in each}),
            count=len(each),
        )
        for code, each in mends.items()
    ]


def _again(code: str, now: datetime, memory: Memory) -> bool:
    """Whether a repair that anybody could provoke by sending rubbish to the door was done a short while ago."""
    if code not in _PROVOKED:
        return False
    if (last := memory.turned.get(code)) is not None and now - last < _TURNED_FOR:
        return True
    memory.turned[code] = now
    return False


def _ail(ours: KnownHook, there: Hook | None, url: str) -> tuple[str, Repair] | None:
    if there is None:
        return "webhook-deleted", Repair.REGISTER
    if there.status == "disabled":
        return "webhook-disabled", Repair.REGISTER
    if there.url != url:
        return "webhook-url-changed", Repair.ENABLE
    if there.status != "active":
        return "webhook-paused", Repair.ENABLE
    if ours.refused:
        return "webhook-secret-changed", Repair.ROTATE if ours.failed < _MANY_FAILURES else Repair.REGISTER
    if ours.failed >= _MANY_FAILURES:
        return "webhook-failing", Repair.REGISTER
    return None


def _left_over(listed: Mapping[str, Hook], known: Known, memory: Memory) -> Iterator[Mend]:
    """Webhooks that point to this very connection and that we have no row of; seen twice: none is just being made."""
    ours = {hook.vendor_id for hook in known.hooks}
    found = [hook for hook in listed.values() if hook.url == known.url and hook.vendor_id not in ours]
    for hook in found:
        if hook.vendor_id in memory.unknown:
            yield Mend(Repair.REMOVE, hook.topic, hook.vendor_id)
    memory.unknown = [hook.vendor_id for hook in found]


def _restored(sight: Sight, known: Known, memory: Memory, hooks: list[Finding]) -> Iterator[Finding]:
    """A restored backup shows itself by orders that are gone, states that went back and webhooks that are missing.

    Each alone may come about otherwise, but one: an id that now is another order's is given a second time.
    """
    again = sorted(one for one, mark in sight.marks.items() if memory.marks.get(one, mark) != mark)
    rewound = known.told.get("rewound", 0) - memory.told.get("rewound", 0) if memory.told else 0
    if memory.restored_at is not None and known.now - memory.restored_at < _RESTORED_FOR:
        rewound = 0
    missing = any(one.code in ("webhook-deleted", "webhook-unknown") for one in hooks)
    points = min(known.vanished, 2) + min(rewound, 2) + (1 if missing else 0)
    if again or (points >= 2 and (known.vanished or rewound)):
        memory.restored_at = known.now
        yield finding(
            "store-restored",
            Mend(Repair.ADAPT),
            orders_gone=known.vanished,
            ids_given_again=again,
            orders_rewound=rewound,
            webhooks_missing=missing,
        )


def _telling(sight: Sight, known: Known, memory: Memory) -> Iterator[Finding]:
    """Whether webhooks tell what changes: a change nobody told is either one that was missed or a queue that stands."""
    heard = known.told.get("webhook", 0) > memory.told.get("webhook", 0)
    pulled = known.told.get("pulled", 0) > memory.told.get("pulled", 0)
    untold = _untold(sight, known, memory)
    certain = memory.suspect and not heard
    memory.suspect = bool(pulled and not heard and memory.told and not memory.asked)
    if (untold and not _heard_since(known, untold)) or certain:
        memory.stalled_at = known.now
        memory.suspect = False
    if memory.stalled_at is not None and known.now - memory.stalled_at < _HELD:
        yield finding("scheduler-stalled", Mend(Repair.KICK), orders=sorted(untold))
    elif untold:
        yield finding("webhook-missed", orders=sorted(untold))


def _heard_since(known: Known, untold: Mapping[str, datetime]) -> bool:
    """Whether another webhook came after the first change that nobody told."""
    heard = [hook.heard_at for hook in known.hooks if hook.heard_at is not None]
    return bool(heard) and max(heard) > min(untold.values()) - _PRECISE


def _untold(sight: Sight, known: Known, memory: Memory) -> dict[str, datetime]:
    """Return the orders whose last change is in no record of ours, with the time of that change by our clock."""
    if memory.calm_since is None:
        return {}
    ahead = timedelta(seconds=sight.clock_ahead_s or 0)
    out = {}
    for external_id, modified in sight.changed:
        ours = known.recorded.get(external_id)
        if modified - ahead > memory.calm_since - _PRECISE and (ours is None or ours < modified):
            out[external_id] = modified - ahead
    return out
