"""What a vendor's failure is to whoever asked for something live."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from crossdock.connect.client import CallFailed
from crossdock.errors import VendorTrouble


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Tell a call that failed inside as ``VendorTrouble``, with what to do."""
    try:
        yield
    except CallFailed as failed:
        raise VendorTrouble(str(failed), remedy=failed.remedy or "crossdock check tells more") from None
