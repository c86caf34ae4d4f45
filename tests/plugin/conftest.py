"""The sites of the plugin's tests: one of a kind a process, put back to what it was before each test."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.wordpress.boot import booted
from tests.support.wordpress.site import Site

STANDIN = Path(__file__).parent / "woocommerce-standin"
# the processes of a run share it: they inherit the environment of the one that reads this first
SEED = int(os.environ.setdefault("CROSSDOCK_SEED", str(secrets.randbelow(2**32))))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say from which seed the properties' cases came."""
    terminalreporter.write_line(f"the properties' seed: CROSSDOCK_SEED={SEED}")


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """The source of a property's cases: the run's seed and the property's name."""
    print(f"replay: CROSSDOCK_SEED={SEED} pytest {request.node.nodeid}")
    return random.Random(f"{SEED}/{request.node.name}")


@pytest.fixture(scope="session")
def plain_home() -> Iterator[Site]:
    """A WordPress without WooCommerce."""
    with booted() as site:
        yield site


@pytest.fixture
def bare(plain_home: Site) -> Iterator[Site]:
    """A fresh site on which the plugin lies but is not active."""
    with plain_home.fresh() as fresh:
        yield fresh


@pytest.fixture
def site(bare: Site) -> Site:
    """A fresh site with the plugin active, without WooCommerce."""
    assert bare.activate() == ""
    return bare


@pytest.fixture(scope="session")
def shop_home() -> Iterator[Site]:
    """A WordPress with WooCommerce: the real one that ``CROSSDOCK_TEST_WP`` brings, else the stand-in."""
    with booted(standin=STANDIN) as site:
        site.php(SHOP, user=1, place="admin")
        site.keep()
        yield site


SHOP = """
if ( ! get_page_by_path( 'checkout' ) ) {
	wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_title' => 'Checkout', 'post_name' => 'checkout', 'post_content' => '[woocommerce_checkout]' ) );
}
$page = get_page_by_path( 'checkout' );
wp_update_post( array( 'ID' => $page->ID, 'post_content' => '[woocommerce_checkout]' ) );
update_option( 'woocommerce_checkout_page_id', $page->ID );
update_option( 'woocommerce_cod_settings', array( 'enabled' => 'yes', 'title' => 'Cash', 'enable_for_virtual' => 'yes' ) );
update_option( 'woocommerce_currency', 'EUR' );
update_option( 'woocommerce_calc_taxes', 'no' );
update_option( 'woocommerce_ship_to_countries', 'disabled' );
update_option( 'woocommerce_coming_soon', 'no' );
update_option( 'woocommerce_default_country', 'DE' );
update_option( 'woocommerce_onboarding_profile', array( 'skipped' => true ) );
update_option( 'woocommerce_task_list_hidden', 'yes' );
delete_transient( '_wc_activation_redirect' );
"""


@pytest.fixture
def shop(shop_home: Site) -> Iterator[Site]:
    """A fresh shop with the plugin active."""
    with shop_home.fresh() as fresh:
        assert fresh.activate() == ""
        yield fresh
