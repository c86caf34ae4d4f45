"""What a store shows, what it has sold, and what it is to be told. Pure.

A store takes only absolute quantities and sells while we write, so its quantity alone cannot tell how much was sold:
our write may cover a sale up, and a message may be older than our write. Its orders can: every line says how many
pieces it has taken. So with ``counts = orders`` the orders alone move the hub's level, and the quantity a store shows
is only compared:

* ``shown``: what the store shows since our last write (or since it was first seen).
* ``owed``: pieces its orders have taken since. The store takes them itself, so for a moment nothing is written; then
  the level is written once, because our last write may have covered the sale up.
* an *echo* is what we wrote, or that minus what is owed, seen again: it moves nothing.
* ``doubt``: any other quantity. A sale whose order is still on its way ends the doubt when the order comes. What
  stays is a hand that counted the shelf: once nothing is under way, a fresh reading and all orders made before it
  confirm the difference, and it is settled into the hub's level. Nothing is written to a store in doubt meanwhile,
  unless it owes: then our write ends the doubt, because a sale it may have covered up weighs more.

With ``counts = quantity`` (a store whose orders are not read) every change that is no echo moves the level at once.
"""

from __future__ import annotations

import msgspec


class Shown(msgspec.Struct, frozen=True):
    """One link's account. ``shown`` is None until the store was seen or written."""

    shown: int | None = None
    owed: int = 0
    doubt: int | None = None
    """The quantity that nothing explains, None without doubt."""
    before: int | None = None
    """What was shown before the last write, until its echo: seen then, it is a message from the past."""


def wrote(state: Shown, quantity: int) -> Shown:
    """Return the account after a write of ``quantity`` was handed over for delivery."""
    return Shown(shown=quantity, before=state.shown)


def saw(state: Shown, quantity: int) -> Shown:
    """Return the account after the store told its quantity."""
    if state.shown is None:
        return msgspec.structs.replace(state, shown=quantity)
    return _doubting(msgspec.structs.replace(state, doubt=quantity))


def sold(state: Shown, pieces: int) -> Shown:
    """Return the account after orders have taken ``pieces`` (negative: given back)."""
    if state.shown is None:
        return state
    return _doubting(msgspec.structs.replace(state, owed=state.owed + pieces))


def unwritten(state: Shown) -> Shown:
    """Return the account of a store we do not write to: no write can have covered up what its orders have taken."""
    if state.shown is None or not state.owed:
        return state
    return msgspec.structs.replace(state, shown=state.shown - state.owed, owed=0)


def _doubting(state: Shown) -> Shown:
    assert state.shown is not None
    explained = state.doubt in (state.shown, state.shown - state.owed)
    return msgspec.structs.replace(state, doubt=None) if explained else state


def settled(state: Shown, quantity: int) -> tuple[Shown, int]:
    """Return the account and by how much the hub's level moves, once ``quantity`` is certain.

    That is: read afresh while no write was under way and nothing was owed, and every order made before that reading
    has been counted, and none came since.
    """
    shown = quantity if state.shown is None else state.shown
    return Shown(shown=quantity), quantity - shown


def counted(state: Shown, quantity: int) -> tuple[Shown, int]:
    """Return the account of a store whose orders are not read, and by how much the hub's level moves."""
    if state.shown is None or quantity == state.shown:
        return Shown(shown=quantity), 0
    if quantity == state.before:
        return state, 0
    return Shown(shown=quantity, before=state.before), quantity - state.shown


def to_write(state: Shown, offered: int, *, waiting: bool, doubting: bool = False) -> int | None:
    """Return the quantity to write, None when there is nothing to write now.

    ``waiting``: the store still has time to show what its orders have taken. ``doubting``: a doubt is still being
    looked into.
    """
    if state.shown is None:
        return offered
    if state.doubt is not None and doubting and (waiting or not state.owed):
        return None
    if state.owed:
        return None if waiting and offered == state.shown - state.owed else offered
    return None if offered == state.shown else offered


class Line(msgspec.Struct, frozen=True):
    """One line of an order as it is accounted for: pieces the store took, and pieces that were sent."""

    taken: int = 0
    fulfilled: int = 0
    reserves: bool = False
    """True: a sale only reserves, and the fulfilment takes the pieces off the shelf."""
    baseline: int = 0
    """Pieces taken before the link was made: they are no movement."""


def effect(line: Line) -> tuple[int, int]:
    """Return what a line has done so far to (on_hand, reserved) of the hub's level."""
    taken = line.taken - line.baseline
    if not line.reserves:
        return -taken, 0
    sent = min(max(0, taken), line.fulfilled)
    return -sent, max(0, taken) - sent


def moved(before: Line, after: Line) -> tuple[int, int]:
    """Return by how much (on_hand, reserved) move between two states of a line."""
    was, now = effect(before), effect(after)
    return now[0] - was[0], now[1] - was[1]
