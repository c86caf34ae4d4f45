"""The types that the fields of the vocabulary are made of, each with its sensitivity, and what plugins add."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import msgspec

from crossdock.model.sensitivity import NONE, PII

Thing = Annotated[str, NONE]
"""Text about things: a code, a status, a title."""
Link = Annotated[str | None, NONE]
"""Another entity's id at the source; None means none."""
Amount = Annotated[Decimal, NONE]
"""Exact decimal. Money is in the entity's own currency."""


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What the shop or a plugin noted beside an entity. A key may stand twice; values are any JSON."""

    key: Thing
    value: Annotated[Any, PII] = None
    """Nobody knows what plugins write here, so it counts as personal."""
