"""Where an order came from, as the shop saw it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from crossdock.model.commerce.address import Personal
from crossdock.model.commerce.marks import Thing
from crossdock.model.sensitivity import NONE


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """The visit that ended in the order. Empty text means not told."""

    source_type: Thing = ""
    """``utm``, ``organic``, ``referral``, ``typein``, ``admin``, ``mobile_app``."""
    source: Thing = ""
    medium: Thing = ""
    campaign: Thing = ""
    content: Thing = ""
    term: Thing = ""
    referrer: Personal = ""
    landing_page: Personal = ""
    device: Thing = ""
    pages: Annotated[int | None, NONE] = None
    """Pages seen in the session."""
    sessions: Annotated[int | None, NONE] = None
