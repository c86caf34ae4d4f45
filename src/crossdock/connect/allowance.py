"""How the budget of one vendor account is shared by many processes. Pure: a state, a question, an answer.

An account's calls are handed out in *hands*: so many calls, to be begun within half a second. What a process has not
used comes back with its next question; what it did use counts from the moment by which the vendor must have counted it
(the answer's, or a little after the call was sent) until the vendor's window has passed. So no window ever holds more
than the account's limit, whoever asks, and a process that dies costs one hand.

All times are seconds of one clock, the board's: the database's, where processes share it.
"""

from __future__ import annotations

import msgspec

LIVE, STANDARD, BULK = 0, 1, 2
USE_S = 0.5
"""A hand is used within this time: a stop that one process learns of reaches the others with their next question."""
_ACTIVE_S = 3.0
"""A process that has not asked for so long holds nothing back any more, unless it has calls under way."""
_PACE = 1.1
_BURST = (1.0, 0.5, 0.05)
"""Part of a window that may go out at once, by urgency: bulk is spread, so that what is urgent finds a place."""
DAY_PART = (1.0, 0.95, 0.8)
"""Part of the day's quota that each urgency may use up: the rest is kept for what is more urgent."""
_STEPS = 200
_ROUNDING = 1e-3
_LEAST_WAIT_S = 0.02
_TOLD_S = 1.0


class Window(msgspec.Struct, frozen=True):
    """At most ``calls`` in any ``per_s`` seconds."""

    calls: int
    per_s: float

    @property
    def rate(self) -> float:
        """Return the calls a second it carries for ever."""
        return self.calls / self.per_s


class Caps(msgspec.Struct, frozen=True):
    """The limits of an account, as the manifest names them and a connection has lowered them."""

    windows: tuple[Window, ...] = ()
    daily: int | None = None
    concurrency: int | None = None
    timeout_s: float = 15.0

    @property
    def rate(self) -> float:
        """Return the calls a second that all windows carry."""
        return min((window.rate for window in self.windows), default=1_000.0)

    @property
    def block(self) -> int:
        """Return the most calls in one hand."""
        return max(1, min(int(self.rate * USE_S), *(window.calls for window in self.windows), 10_000))


class Learned(msgspec.Struct, frozen=True):
    """What the vendor's answers said since the last question; seconds are counted from then on."""

    limit: int | None = None
    """Calls in the (first) window, by the vendor."""
    remaining: int | None = None
    reset_s: float | None = None
    daily: int | None = None
    daily_remaining: int | None = None
    stop_s: float | None = None
    """A 429 came: nobody calls for so long."""


class Ask(msgspec.Struct, frozen=True):
    """A process's question: what became of its hand, and what it wants."""

    holder: str
    want: int = 0
    urgency: int = STANDARD
    used: int = 0
    """Calls begun of the last hand."""
    until_s: float = 0.0
    """Seconds from now by which the vendor has counted them; negative: it has."""
    busy: int = 0
    """Calls under way."""
    slots: int = 0
    """Calls it would have under way at once."""
    learned: Learned = Learned()
    day_left_s: float = 86_400.0
    """Seconds until the account's day ends."""


class Grant(msgspec.Struct, frozen=True):
    """The answer: a hand of ``calls``, at most ``slots`` at once; with none, when to ask again and why."""

    calls: int
    slots: int | None
    wait_s: float = 0.0
    reason: str = ""
    spent: bool = False
    """The day's part of this urgency is used up."""
    stopped: bool = False
    """The vendor asked for a rest."""


class Holder(msgspec.Struct):
    """A process that uses the account."""

    calls: int = 0
    use_by: float = 0.0
    slots: int = 0
    busy: int = 0
    until: float = 0.0
    hungry: bool = False


class State(msgspec.Struct):
    """What is known of an account."""

    used: list[tuple[float, int]] = msgspec.field(default_factory=list)
    """(by when the vendor has counted them, calls), by time."""
    holders: dict[str, Holder] = msgspec.field(default_factory=dict)
    paced_to: float = 0.0
    today: int = 0
    day_ends: float = 0.0
    limit: int | None = None
    daily: int | None = None
    stop_until: float = 0.0
    stops: int = 0
    at: float = 0.0


def decide(state: State, ask: Ask, caps: Caps, now: float) -> Grant:
    """Answer a question; ``state`` is changed to what holds afterwards."""
    _turn_back(state, caps, now)
    _new_day(state, ask, now)
    mine = _settle(state, ask, caps, now)
    mine.until = now + (caps.timeout_s if ask.busy else _ACTIVE_S)
    _expire(state, caps, now)
    _learn(state, ask, caps, now)
    caps = _as_told(caps, state)
    _bundle(state, caps, now)
    slots = _slots(state, mine, ask, caps)
    grant = _calls(state, ask, caps, now, slots)
    mine.calls, mine.use_by = grant.calls, now + USE_S
    if not ask.want and not ask.busy:
        state.holders.pop(ask.holder, None)
    return grant


def _turn_back(state: State, caps: Caps, now: float) -> None:
    """A clock that was set back must not close an account: nothing lies further ahead than it can."""
    if now < state.at - USE_S:
        ahead = now + USE_S
        state.used = [(min(at, ahead), calls) for at, calls in state.used]
        for holder in state.holders.values():
            holder.use_by, holder.until = min(holder.use_by, ahead), min(holder.until, ahead + caps.timeout_s)
        state.paced_to = min(state.paced_to, ahead)
        state.stop_until = min(state.stop_until, ahead)
    state.at = now


def _new_day(state: State, ask: Ask, now: float) -> None:
    if now >= state.day_ends or state.day_ends > now + 86_400.0 + 1:
        state.today, state.day_ends = 0, now + ask.day_left_s


def _as_told(caps: Caps, state: State) -> Caps:
    """Return the limits with what the vendor says of them, where that is less."""
    if caps.windows and state.limit and state.limit < caps.windows[0].calls:
        first = Window(state.limit, caps.windows[0].per_s)
        caps = msgspec.structs.replace(caps, windows=(first, *caps.windows[1:]))
    if state.daily and (caps.daily is None or state.daily < caps.daily):
        caps = msgspec.structs.replace(caps, daily=state.daily)
    return caps


def _settle(state: State, ask: Ask, caps: Caps, now: float) -> Holder:
    """Take back what a process has not used of its hand, and count what it has."""
    mine = state.holders.get(ask.holder)
    if mine is None:
        mine = state.holders[ask.holder] = Holder()
    if mine.calls:  # else it was late, and all of the hand counts as used
        if ask.used:
            state.used.append((now + min(ask.until_s, caps.timeout_s), ask.used))
        back = max(0, mine.calls - ask.used)
        state.today -= back
        state.paced_to -= back / (caps.rate * _PACE)
    mine.calls, mine.busy = 0, ask.busy
    return mine


def _expire(state: State, caps: Caps, now: float) -> None:
    """A hand that nobody has settled in time counts as used at its end."""
    for name, holder in list(state.holders.items()):
        if holder.calls and now > holder.use_by + USE_S:
            state.used.append((holder.use_by + lag(caps), holder.calls))
            holder.calls = 0
        if not holder.calls and now > holder.until:
            del state.holders[name]


def _learn(state: State, ask: Ask, caps: Caps, now: float) -> None:
    told = ask.learned
    if told.stop_s is not None:
        state.stop_until = max(state.stop_until, now + told.stop_s)
        state.stops += 1
    if told.limit:
        state.limit = told.limit
    if told.daily:
        state.daily = told.daily
    if told.daily_remaining is not None and (daily := state.daily or caps.daily) is not None:
        state.today = max(state.today, daily - told.daily_remaining)
    if told.remaining is not None and caps.windows:
        first = caps.windows[0]
        theirs = (state.limit or first.calls) - told.remaining
        ours = sum(calls for at, calls in state.used if at > now - first.per_s - _TOLD_S)
        ours += sum(holder.calls for holder in state.holders.values())
        if theirs > ours:
            # other programs use the account too; their calls leave the window by the time the vendor names, or its span
            left_s = first.per_s if told.reset_s is None else min(told.reset_s, first.per_s)
            state.used.append((now - first.per_s + left_s, theirs - ours))


def _bundle(state: State, caps: Caps, now: float) -> None:
    """Forget what has left every window; bundle the rest in steps of a two-hundredth of the window."""
    span = max((window.per_s for window in caps.windows), default=1.0)
    step = span / _STEPS
    bundled: dict[int, tuple[float, int]] = {}
    for at, calls in state.used:
        if at > now - span - _TOLD_S:
            key = int(at / step)
            before = bundled.get(key, (at, 0))
            bundled[key] = (max(before[0], at), before[1] + calls)
    state.used = sorted(bundled.values())


def _slots(state: State, mine: Holder, ask: Ask, caps: Caps) -> int | None:
    """Share the calls that may be under way at once: what is free, and no more than a fair part while others wait."""
    if caps.concurrency is None:
        return None
    others = [holder for holder in state.holders.values() if holder is not mine]
    free = caps.concurrency - sum(max(other.slots, other.busy) for other in others)
    want = min(ask.slots, free)
    if any(other.hungry for other in others):
        want = min(want, max(1, caps.concurrency // (len(others) + 1)))
    mine.slots = max(0, want)
    mine.hungry = ask.slots > 0 and mine.slots == 0
    return mine.slots


def _calls(state: State, ask: Ask, caps: Caps, now: float, slots: int | None) -> Grant:
    if state.stop_until > now:
        return Grant(0, slots, state.stop_until - now, "the vendor asked for a rest", stopped=True)
    if not ask.want:
        return Grant(0, slots)
    if slots == 0:
        return Grant(0, 0, 0.05, "as many calls as the account may have at once are under way")
    today = _day_left(caps.daily, ask.urgency, state.today)
    if today <= 0:
        return Grant(0, slots, max(1.0, state.day_ends - now), _spent(ask.urgency), spent=True)
    want = min(ask.want, caps.block)
    free, wait_s = _free(state, caps, now, need=1 if ask.urgency == LIVE else max(1, min(want, caps.block // 4)))
    pace = caps.rate * _PACE
    # what is not urgent goes out evenly
    burst = max(max((window.per_s for window in caps.windows), default=1.0) * _BURST[ask.urgency], 1 / pace)
    even = caps.block if ask.urgency == LIVE else int((now + burst - max(state.paced_to, now)) * pace + _ROUNDING)
    calls = max(0, min(want, free, even, today))
    if calls == 0:
        slow_s = max(0.0, max(state.paced_to, now) + 1 / pace - now - burst) if even <= 0 else 0.0
        return Grant(0, slots, max(wait_s, slow_s, _LEAST_WAIT_S), "the account's window is full")
    state.paced_to = max(state.paced_to, now) + calls / pace
    state.today += calls
    return Grant(calls, slots)


def _free(state: State, caps: Caps, now: float, need: int) -> tuple[int, float]:
    """Return how many calls fit into every window now, and the seconds until ``need`` of them do."""
    hands = sum(holder.calls for holder in state.holders.values())
    free, wait_s = caps.block, 0.0
    for window in caps.windows:
        inside = [(at, calls) for at, calls in state.used if at > now - window.per_s]
        left = _kept(window.calls) - hands - sum(calls for _, calls in inside)
        free = min(free, left)
        short = need - left
        for at, calls in inside:
            if short <= 0:
                break
            short -= calls
            wait_s = max(wait_s, at + window.per_s - now)
        if short > 0:
            # what is in others' hands may come back
            wait_s = max(wait_s, _LEAST_WAIT_S * 2)
    # the last of the window goes out in small groups, not call by call
    return (free, wait_s) if free >= need else (0, max(wait_s, _LEAST_WAIT_S))


def _kept(most: int) -> int:
    """A hundredth of a large window is kept back: the vendor's clock is not ours."""
    return most - most // 100


def lag(caps: Caps) -> float:
    """Return the longest a call is thought to be on its way to the vendor's count, in seconds."""
    return min(0.3, max(0.03, 0.03 * min((window.per_s for window in caps.windows), default=1.0)))


def _day_left(daily: int | None, urgency: int, today: int) -> int:
    return 1 << 30 if daily is None else int(daily * DAY_PART[urgency]) - today


def _spent(urgency: int) -> str:
    kept = "" if urgency == LIVE else "; the rest is kept for live traffic"
    return f"today's quota of the account is used up{kept}"


class Used(msgspec.Struct, frozen=True):
    """How much of an account's limits is used, for people."""

    window_calls: int | None
    window_s: float | None
    window_used: int
    daily: int | None
    used_today: int
    day_ends_at: float
    """Seconds since 1970."""
    stopped_for_s: float
    """Above 0: the vendor asked for a rest."""
    throttled: int
    """How often it did."""


def used(state: State, caps: Caps, now: float) -> Used:
    """Return what is used of an account's limits."""
    caps = _as_told(caps, state)
    first = caps.windows[0] if caps.windows else None
    inside = sum(calls for at, calls in state.used if first and at > now - first.per_s)
    return Used(
        window_calls=first.calls if first else None,
        window_s=first.per_s if first else None,
        window_used=inside + sum(holder.calls for holder in state.holders.values()),
        daily=caps.daily,
        used_today=state.today if now < state.day_ends else 0,
        day_ends_at=state.day_ends,
        stopped_for_s=max(0.0, state.stop_until - now),
        throttled=state.stops,
    )
