"""A site that is paired with a stand-in of the hub."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.plugin.outbox.support import Shop, paired
from tests.support.wordpress.ears import Ears, listening
from tests.support.wordpress.site import Site


@pytest.fixture
def hub() -> Iterator[Ears]:
    with listening() as ears:
        yield ears


@pytest.fixture
def shop(site: Site, hub: Ears) -> Shop:
    """A site without WooCommerce, paired, nothing in its outbox."""
    return paired(site, hub)


@pytest.fixture
def store(shop_home: Site, hub: Ears) -> Iterator[Shop]:
    """A site with WooCommerce, paired, one product in it, nothing in its outbox."""
    with shop_home.fresh() as fresh:
        assert fresh.activate() == ""
        yield paired(fresh, hub)
