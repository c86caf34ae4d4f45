"""What happens on a site is in its outbox when the page ends, once, and nothing breaks the page."""

from __future__ import annotations

import pytest

from tests.plugin.outbox.support import Shop
from tests.support.wordpress.ears import Ears
from tests.support.wordpress.site import Site


def test_people_who_register_change_and_go_are_written(shop: Shop) -> None:
    user = shop.user("ann")
    assert shop.rows() == [
        ("customer", "saved", "", f"customer:{user}", "waiting"),
        ("event", "saved", "user.registered", f"user:{user}", "waiting"),
    ]
    shop.forget()
    shop.php("wp_update_user( array( 'ID' => $who, 'first_name' => 'Ann' ) );", who=user)
    assert shop.rows() == [("customer", "saved", "", f"customer:{user}", "waiting")]
    shop.php("require_once ABSPATH . 'wp-admin/includes/user.php'; wp_delete_user( $who );", who=user)
    assert shop.rows("kind", "action", "entity", "changes") == [("customer", "deleted", f"customer:{user}", "2")]


def test_a_page_that_saves_one_thing_often_pays_one_statement(shop: Shop) -> None:
    user = shop.user("ann")
    shop.forget()
    counted = shop.php(
        """define( 'SAVEQUERIES', true ); global $wpdb; $wpdb->queries = array();
        for ( $i = 0; $i < 5; $i++ ) { wp_update_user( array( 'ID' => $who, 'first_name' => "Ann $i" ) ); }
        $ours = array_filter( $wpdb->queries, function ( $one ) { return false !== strpos( $one[0], 'crossdock' ); } );
        return count( $ours );""",
        who=user,
    )
    assert counted == 1
    assert shop.rows("entity", "changes") == [(f"customer:{user}", "1")]


def test_what_waits_is_not_written_twice_by_the_next_page(shop: Shop) -> None:
    user = shop.user("ann")
    shop.php("wp_update_user( array( 'ID' => $who, 'first_name' => 'Ann' ) );", who=user)
    assert shop.rows("entity", "changes")[0] == (f"customer:{user}", "2")


def test_a_row_is_held_back_while_its_page_works(shop: Shop) -> None:
    shop.user("ann")
    report = shop.run(hold=True)
    assert report["sent"] == 1, "only the occurrence, whose payload was written when it happened"
    assert [item["kind"] for item in shop.hub.items] == ["event"]
    shop.run()
    assert [item["kind"] for item in shop.hub.items] == ["event", "customer"]


def test_what_an_old_row_of_another_page_may_have_told_is_written_again_at_the_end(shop: Shop) -> None:
    """A row that another page made can be sent while this page still works; its last change must not be lost."""
    user = shop.user("ann")
    shop.php(
        """wp_update_user( array( 'ID' => $who, 'first_name' => 'One' ) );
        global $wpdb; $wpdb->query( "UPDATE {$wpdb->prefix}crossdock_outbox SET state = 'sending', waiting_key = NULL" );
        wp_update_user( array( 'ID' => $who, 'first_name' => 'Two' ) );""",
        who=user,
    )
    assert [row for row in shop.rows("kind", "state") if row[0] == "customer"] == [
        ("customer", "sending"),
        ("customer", "waiting"),
    ]


def test_a_site_that_is_not_paired_writes_nothing(site: Site, hub: Ears) -> None:
    shop = Shop(site, hub)
    shop.user("ann")
    shop.events(1)
    assert shop.rows() == []


@pytest.mark.parametrize(
    ("setting", "kept"),
    [
        ("send_users", set()),
        ("send_events", {"customer", "event"}),
        ("send_logins", {"customer", "event"}),
    ],
)
def test_what_is_switched_off_is_not_written(shop: Shop, setting: str, kept: set[str]) -> None:
    shop.php("$c->get( Settings::class )->keep( array( $setting => false ) );", setting=setting)
    shop.user("ann")
    assert {row[0] for row in shop.rows()} == kept
    shop.forget()
    shop.events(1)
    assert bool(shop.rows()) == (setting != "send_events")


def test_logins_are_written_when_wanted(shop: Shop) -> None:
    shop.site.session()
    assert shop.rows() == []
    shop.php("$c->get( Settings::class )->keep( array( 'send_logins' => true ) );")
    shop.site.session()
    assert shop.rows() == [("event", "saved", "user.login", "user:1", "waiting")]


@pytest.mark.parametrize(
    ("call", "word"),
    [
        ("'Bad Name', array()", "lower-case words"),
        ("'single', array()", "lower-case words"),
        ("'order.placed', array()", "told by the plugin itself"),
        ("'good.name', 'no array'", "array of plain values"),
        ("'good.name', array( 'x' => str_repeat( 'y', 70000 ) )", "65536 bytes"),
        ("'good.name', array(), '<script>'", "kind:id"),
        ("array(), array()", "lower-case words"),
    ],
)
def test_an_event_that_is_no_event_is_named_in_the_log_and_the_page_goes_on(shop: Shop, call: str, word: str) -> None:
    assert shop.php(f"do_action( 'crossdock_event', {call} ); return 'went on';") == "went on"
    assert shop.rows() == []
    [(code, message)] = shop.log()
    assert code == "event-refused"
    assert word in message


def test_documented_events_are_taken_with_whom_they_are_about(shop: Shop) -> None:
    shop.php(
        """do_action( 'crossdock_event', 'assessment.completed', array( 'score' => 7, 'sensitivity' => 'phi' ), 1 );
        do_action( 'crossdock_event', 'health_goal.created', array( 'goal' => 'sleep' ), 'order:5' );
        add_filter( 'crossdock_event_payload', function ( $payload, $name ) {
            return 'health_goal.completed' === $name ? null : array( 'changed' => true ) + $payload; }, 10, 2 );
        do_action( 'crossdock_event', 'health_goal.completed', array() );
        do_action( 'crossdock_event', 'biomarker.updated', array( 'name' => 'ldl' ), get_userdata( 1 ) );"""
    )
    shop.run()
    assert [(item["type"], item["entity"], item["subject"], item["data"]) for item in shop.hub.items] == [
        ("assessment.completed", "user:1", "admin@example.com", {"score": 7, "sensitivity": "phi"}),
        ("health_goal.created", "order:5", None, {"goal": "sleep"}),
        ("biomarker.updated", "user:1", "admin@example.com", {"changed": True, "name": "ldl"}),
    ]


def test_a_hook_of_ours_that_throws_never_breaks_the_page(shop: Shop) -> None:
    said = shop.php(
        """add_filter( 'crossdock_capture', function () { throw new RuntimeException( 'a filter of the site' ); } );
        $id = wp_insert_user( array( 'user_login' => 'ben', 'user_pass' => 'x', 'user_email' => 'ben@example.com' ) );
        return is_int( $id );"""
    )
    assert said is True
    assert ("capture-failed", "RuntimeException: a filter of the site") in shop.log()


def test_a_lost_table_never_breaks_the_page(shop: Shop) -> None:
    shop.site.sql("RENAME TABLE wp_crossdock_outbox TO wp_away")
    assert shop.user("ann") > 0
    shop.site.sql("RENAME TABLE wp_away TO wp_crossdock_outbox")
    shop.site.forget()


def test_a_write_of_the_hub_is_not_told_back(shop: Shop) -> None:
    shop.php(
        """\\Crossdock\\Commands\\Own::during( function () {
            wp_update_user( array( 'ID' => 1, 'first_name' => 'From the CRM' ) ); } );"""
    )
    assert shop.rows() == []


def test_nothing_of_the_outbox_is_loaded_with_every_page(shop: Shop) -> None:
    shop.events(50)
    shop.run()
    loaded = shop.site.sql(
        "SELECT option_name, LENGTH(option_value) FROM wp_options"
        " WHERE option_name LIKE '%crossdock%' AND autoload NOT IN ('no', 'off', 'auto-off')"
    )
    assert not {name for name, _ in loaded} & {"crossdock_state", "crossdock_export", "crossdock_secret"}
    assert sum(int(size) for _, size in loaded) < 4000
