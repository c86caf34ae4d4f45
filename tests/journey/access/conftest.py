"""A hand that fills every table of the test's own database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.filling import Filler


@pytest.fixture
def filler(database_url: str) -> Iterator[Filler]:
    """A hand that fills the test's own database."""
    made = Filler(database_url)
    yield made
    made.close()
