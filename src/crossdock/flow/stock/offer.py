"""What a store may offer of a SKU. Pure.

At a location ``free = on_hand - reserved``. Each store has a share in a location: a ``reserve`` it never touches, a
``share`` between 0 and 1, and a ``weight``.

* weight 0: the location is *shared*: the store offers ``floor((free - reserve) * share)``. Several such stores may
  offer the same piece; what one sells is taken from the others by the next push.
* weight above 0: the location is *divided*: the stores with a weight get exclusive parts of ``free`` in proportion to
  their weights (largest remainder first, then the lower id), and each offers
  ``min(part, floor((free - reserve) * share))``. Their offers never add up to more than ``free``.

A store offers the sum over its locations, each at least 0. A store without any share offers all locations as one with
weight 0, reserve 0 and share 1. With backorders a store that has nothing left is told how far below zero it is: the
sum of ``free - reserve``, where that is negative.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec


class Level(msgspec.Struct, frozen=True):
    """How much of one SKU lies at a location."""

    location: str
    on_hand: int
    reserved: int = 0
    confirmed: bool = True

    @property
    def free(self) -> int:
        """Return what is neither sold nor promised; negative when more was sold than there is."""
        return self.on_hand - self.reserved


class Share(msgspec.Struct, frozen=True):
    """A store's part of a location."""

    location: str
    weight: int = 0
    reserve: int = 0
    share: Decimal = Decimal(1)

    def of(self, free: int) -> int:
        """Return the pieces this share allows out of ``free``."""
        return max(0, int((free - self.reserve) * self.share))


def offers(
    levels: Sequence[Level],
    stores: Mapping[uuid.UUID, Sequence[Share]],
    backorders: frozenset[uuid.UUID] = frozenset(),
) -> dict[uuid.UUID, int]:
    """Return what each store may offer of one SKU. ``stores`` are those that sell it, with their shares."""
    shares = {
        store: {s.location: s for s in given} if given else {lv.location: Share(lv.location) for lv in levels}
        for store, given in stores.items()
    }
    offered = dict.fromkeys(stores, 0)
    below = dict.fromkeys(stores, 0)
    for level in levels:
        here = {store: own[level.location] for store, own in shares.items() if level.location in own}
        parts = _parts(max(0, level.free), {store: s.weight for store, s in here.items() if s.weight})
        for store, share in here.items():
            may = share.of(level.free)
            offered[store] += min(parts[store], may) if store in parts else may
            below[store] += level.free - share.reserve
    for store in backorders & stores.keys():
        if not offered[store]:
            offered[store] = min(0, below[store])
    return offered


def _parts(free: int, weights: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, int]:
    """Divide ``free`` pieces by weight: whole pieces, none lost, none twice."""
    whole = sum(weights.values())
    if not whole:
        return {}
    parts = {store: free * weight // whole for store, weight in weights.items()}
    left = free - sum(parts.values())
    by_remainder = sorted(weights, key=lambda store: (-(free * weights[store] % whole), store))
    for store in by_remainder[:left]:
        parts[store] += 1
    return parts


def location_of(shares: Sequence[Share], levels: Sequence[Level], pieces: int) -> str | None:
    """Return the location a store's sale of ``pieces`` is taken from; None when the SKU has no level anywhere.

    The store's own locations come first, the heaviest before the others, then by name; the first that has enough
    gives, else the first of them.
    """
    known = {level.location: level for level in levels}
    own = [s.location for s in sorted(shares, key=lambda s: (-s.weight, s.location)) if s.location in known]
    order = own or sorted(known)
    enough = (name for name in order if known[name].free >= pieces)
    return next(enough, order[0] if order else None)
