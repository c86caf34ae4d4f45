"""A network of sites: activation for all of them, sites that are made and removed, each its own connection; deletion."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.wordpress.boot import booted
from tests.support.wordpress.site import Site

HAS = "SHOW TABLES LIKE '%crossdock_outbox'"


@pytest.fixture(scope="module")
def network_home() -> Iterator[Site]:
    """A network of two sites."""
    with booted() as site:
        host = site.url.removeprefix("http://")
        site.php(
            """global $wpdb; foreach ( $wpdb->tables( 'ms_global' ) as $name => $table ) { $wpdb->$name = $table; }
            install_network(); return populate_network( 1, $host, 'admin@example.com', 'Network', '/', false );""",
            place="admin",
            host=host,
        )
        site.constants = {
            "MULTISITE": True,
            "SUBDOMAIN_INSTALL": False,
            "DOMAIN_CURRENT_SITE": host,
            "PATH_CURRENT_SITE": "/",
            "SITE_ID_CURRENT_SITE": 1,
            "BLOG_ID_CURRENT_SITE": 1,
        }
        site.configure()
        made = site.php("return wpmu_create_blog( $host, '/two/', 'Two', 1 );", user=1, place="admin", host=host)
        assert made == 2, made
        site.multisite = True
        site.forget()
        site.keep()
        yield site


@pytest.fixture
def network(network_home: Site) -> Iterator[Site]:
    with network_home.fresh() as fresh:
        yield fresh


def activate(site: Site, *, everywhere: bool) -> None:
    assert site.php(
        "$done = activate_plugin( 'crossdock/crossdock.php', '', $everywhere ); return is_wp_error( $done );",
        user=1,
        place="admin",
        everywhere=everywhere,
    ) in (False, None)


def make(site: Site) -> int:
    return int(
        site.php(
            "return wpmu_create_blog( $host, '/three/', 'Three', 1 );",
            user=1,
            place="admin",
            host=site.url.removeprefix("http://"),
        )
    )


def tables(site: Site) -> list[str]:
    return sorted(row[0] for row in site.sql(HAS))


def test_activation_for_the_network_prepares_every_site_and_each_is_its_own(network: Site) -> None:
    activate(network, everywhere=True)
    assert tables(network) == ["wp_2_crossdock_outbox", "wp_crossdock_outbox"]
    one, two = network.php(
        """$first = get_option( 'crossdock_instance' ); switch_to_blog( 2 );
        return array( $first, get_option( 'crossdock_instance' ) );"""
    )
    assert one != two
    assert len(one) == len(two) == 36
    facts = network.php(
        """switch_to_blog( 2 );
        return Crossdock\\Plugin::container()->get( Crossdock\\Site\\Facts::class )->document();"""
    )
    assert (facts["multisite"], facts["blog_id"]) == (True, 2)
    assert facts["url"].endswith("/two")
    network.php(
        """switch_to_blog( 2 );
        Crossdock\\Plugin::container()->get( Crossdock\\Hub\\Credentials::class )->keep( 'https://hub.example', 'k', 's', array() );"""
    )
    paired = "return Crossdock\\Plugin::container()->get( Crossdock\\Hub\\Credentials::class )->paired();"
    assert network.php(paired) is False
    assert network.php("switch_to_blog( 2 ); " + paired) is True


def test_a_new_site_is_prepared_as_it_is_made_and_its_tables_go_with_it(network: Site) -> None:
    activate(network, everywhere=True)
    three = make(network)
    assert f"wp_{three}_crossdock_outbox" in tables(network)
    assert network.php(
        "switch_to_blog( $id ); return get_role( 'administrator' )->has_cap( 'manage_crossdock' );", id=three
    )
    network.php("wp_delete_site( $id );", user=1, place="admin", id=three)
    assert f"wp_{three}_crossdock_outbox" not in tables(network)
    assert "wp_crossdock_outbox" in tables(network)


def test_active_on_one_site_it_touches_no_other(network: Site) -> None:
    activate(network, everywhere=False)
    assert tables(network) == ["wp_crossdock_outbox"]
    make(network)
    assert tables(network) == ["wp_crossdock_outbox"]


def test_deactivation_for_the_network_stops_every_site(network: Site) -> None:
    activate(network, everywhere=True)
    for blog in (1, 2):
        network.php("switch_to_blog( $blog ); wp_schedule_event( time(), 'hourly', 'crossdock_any' );", blog=blog)
    network.php("deactivate_plugins( 'crossdock/crossdock.php', false, true );", user=1, place="admin")
    for blog in (1, 2):
        cron = network.php("switch_to_blog( $blog ); return (string) wp_json_encode( _get_cron_array() );", blog=blog)
        assert "crossdock_" not in cron


def test_deleting_leaves_nothing_on_any_site_and_asks_where_one_holds_what_was_not_sent(network: Site) -> None:
    activate(network, everywhere=True)
    network.sql(
        """INSERT INTO wp_2_crossdock_outbox (event_id, kind, action, next_at, created_at, changed_at)
        VALUES (UUID(), 'order', 'saved', NOW(3), NOW(3), NOW(3))"""
    )
    network.php("deactivate_plugins( 'crossdock/crossdock.php', false, true );", user=1, place="admin")
    delete = """add_filter( 'wp_die_handler', function () { return function ( $text ) {
            throw new Exception( wp_strip_all_tags( $text ) ); }; } );
        try { uninstall_plugin( 'crossdock/crossdock.php' ); } catch ( Exception $stop ) { return $stop->getMessage(); }
        return '';"""
    assert "1 change of this site has not reached" in network.php(delete, user=1, place="admin")
    network.sql("UPDATE wp_2_crossdock_outbox SET state = 'sent'")
    assert network.php(delete, user=1, place="admin") == ""
    assert tables(network) == []
    left = network.sql(
        """SELECT option_name FROM wp_options WHERE option_name LIKE 'crossdock%'
        UNION SELECT option_name FROM wp_2_options WHERE option_name LIKE 'crossdock%'
        UNION SELECT meta_key FROM wp_usermeta WHERE meta_key LIKE '%crossdock%'
        UNION SELECT meta_key FROM wp_sitemeta WHERE meta_key LIKE 'crossdock%'"""
    )
    assert left == []
