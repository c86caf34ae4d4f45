"""The site of the plugin's tests: one a process, put back to what it was before each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.wordpress.boot import booted
from tests.support.wordpress.site import Site

STANDIN = Path(__file__).parent / "woocommerce-standin"


@pytest.fixture(scope="session")
def plain_home() -> Iterator[Site]:
    """A WordPress without WooCommerce."""
    with booted() as site:
        yield site


@pytest.fixture
def bare(plain_home: Site) -> Iterator[Site]:
    """A fresh site on which the plugin lies but is not active."""
    yield from _watched(plain_home)


@pytest.fixture
def site(bare: Site) -> Site:
    """A fresh site with the plugin active, without WooCommerce."""
    assert bare.activate() == ""
    return bare


def _watched(site: Site) -> Iterator[Site]:
    site.reset()
    yield site
    assert site.complaints() == [], "PHP or WordPress complained of the plugin"
