"""Reading what stands in a path or query."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Header

from crossdock.errors import BadInput
from crossdock.kit import ids

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)]


def parsed(prefix: ids.Prefix, text: str, field: str) -> uuid.UUID:
    """Return the id. Raises ``BadInput`` that names the field."""
    try:
        return ids.parse(prefix, text)
    except ValueError as wrong:
        raise BadInput(str(wrong), field=field) from None
