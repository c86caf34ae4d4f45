"""Coming, being updated and going: tables, options, capability, backups, and what is left behind (nothing)."""

from __future__ import annotations

import json

from tests.support.wordpress.site import Site

TRACES = """
SELECT 'option', option_name FROM wp_options WHERE option_name LIKE '%crossdock%' AND option_name <> 'active_plugins'
    AND option_name NOT IN ('recently_activated', '_site_transient_update_plugins', 'uninstall_plugins')
UNION SELECT 'user', meta_key FROM wp_usermeta WHERE meta_key LIKE '%crossdock%'
UNION SELECT 'post', meta_key FROM wp_postmeta WHERE meta_key LIKE '%crossdock%'
UNION SELECT 'cron', 'event' FROM wp_options WHERE option_name = 'cron' AND option_value LIKE '%crossdock%'
UNION SELECT 'role', 'capability' FROM wp_options
    WHERE option_name = 'wp_user_roles' AND option_value LIKE '%crossdock%'
UNION SELECT 'table', table_name FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name LIKE '%crossdock%';
"""


def _delete(site: Site) -> str:
    """Delete the plugin's data as the plugins screen does (its files are the working tree's: they stay)."""
    site.deactivate()
    return str(
        site.php(
            """add_filter( 'wp_die_handler', function () { return function ( $text ) {
                throw new Exception( wp_strip_all_tags( $text ) ); }; } );
            try { uninstall_plugin( 'crossdock/crossdock.php' ); }
            catch ( Exception $stop ) { return $stop->getMessage(); }
            return '';""",
            user=1,
            place="admin",
        )
    )


def _waiting(site: Site) -> None:
    site.sql(
        """INSERT INTO wp_crossdock_outbox (event_id, kind, action, next_at, created_at, changed_at)
        VALUES (UUID(), 'order', 'saved', NOW(3), NOW(3), NOW(3))"""
    )


def test_tables_options_and_capability_are_there(site: Site) -> None:
    assert site.php("return Crossdock\\Plugin::container()->get( Crossdock\\Setup\\Tables::class )->missing();") == []
    assert site.php("return strlen( get_option( 'crossdock_instance' ) );") == 36
    assert site.php("return get_role( 'administrator' )->has_cap( 'manage_crossdock' );") is True
    assert site.php("return get_option( 'crossdock_version' );") == site.php("return CROSSDOCK_VERSION;")
    assert site.php("return get_role( 'editor' )->has_cap( 'manage_crossdock' );") is False


def test_activating_again_changes_nothing(site: Site) -> None:
    before = site.php("return get_option( 'crossdock_instance' );")
    _waiting(site)
    site.deactivate()
    assert site.activate() == ""
    assert site.php("return get_option( 'crossdock_instance' );") == before
    assert site.sql("SELECT COUNT(*) FROM wp_crossdock_outbox") == [["1"]]


def test_a_shop_manager_who_comes_later_may_manage_and_an_owner_s_wish_stays(site: Site) -> None:
    site.php(
        "add_role( 'shop_manager', 'Shop manager', array( 'read' => true ) ); do_action( 'admin_init' );",
        user=1,
        place="admin",
    )
    assert site.php("return get_role( 'shop_manager' )->has_cap( 'manage_crossdock' );") is True
    site.php("get_role( 'shop_manager' )->remove_cap( 'manage_crossdock' );")
    site.php("do_action( 'admin_init' );", user=1, place="admin")
    assert site.php("return get_role( 'shop_manager' )->has_cap( 'manage_crossdock' );") is False


def test_deactivation_stops_what_runs_and_loses_nothing(site: Site) -> None:
    site.php("wp_schedule_event( time(), 'hourly', 'crossdock_anything', array( 1 ) );")
    _waiting(site)
    site.deactivate()
    assert "crossdock_" not in json.dumps(site.php("return get_option( 'cron' );"))
    assert site.sql("SELECT state FROM wp_crossdock_outbox") == [["waiting"]]


def test_deleting_leaves_nothing(site: Site) -> None:
    site.php(
        """update_user_meta( 1, 'crossdock_crm_id', 'x' ); update_user_meta( 1, '_crossdock_consent', 'x' );
        $post = wp_insert_post( array( 'post_title' => 'x' ) ); add_post_meta( $post, '_crossdock_ga4', 'x' );
        set_transient( 'crossdock_anything', 1, 60 ); wp_schedule_event( time(), 'hourly', 'crossdock_anything' );
        update_user_meta( 1, 'manageadmin_page_crossdock-queuecolumnshidden', array() );"""
    )
    assert _delete(site) == ""
    assert site.sql(TRACES) == []


def test_deleting_takes_what_action_scheduler_and_the_order_tables_hold_of_ours_alone(site: Site) -> None:
    site.sql(
        """CREATE TABLE wp_actionscheduler_groups (group_id BIGINT, slug VARCHAR(255));
        CREATE TABLE wp_actionscheduler_actions (action_id BIGINT, hook VARCHAR(191), group_id BIGINT);
        CREATE TABLE wp_actionscheduler_logs (log_id BIGINT, action_id BIGINT);
        CREATE TABLE wp_wc_orders_meta (id BIGINT, order_id BIGINT, meta_key VARCHAR(255));
        INSERT INTO wp_actionscheduler_groups VALUES (1, 'crossdock'), (2, 'other');
        INSERT INTO wp_actionscheduler_actions VALUES (1, 'crossdock_run', 1), (2, 'other', 2);
        INSERT INTO wp_actionscheduler_logs VALUES (1, 1), (2, 2);
        INSERT INTO wp_wc_orders_meta VALUES (1, 1, '_crossdock_consent'), (2, 1, 'crossdock_crm_id'), (3, 1, '_other'),
            (4, 1, '_wc_other/crossdock/consent'), (5, 1, 'Xcrossdock_x');"""
    )
    assert _delete(site) == ""
    assert site.sql("SELECT slug FROM wp_actionscheduler_groups") == [["other"]]
    assert site.sql("SELECT hook FROM wp_actionscheduler_actions") == [["other"]]
    assert site.sql("SELECT log_id FROM wp_actionscheduler_logs") == [["2"]]
    assert site.sql("SELECT meta_key FROM wp_wc_orders_meta ORDER BY id") == [["_other"], ["Xcrossdock_x"]]


def test_a_database_that_refuses_the_tables_is_told_and_tried_again(bare: Site) -> None:
    refusing = bare.folder / "wp-content/mu-plugins/30-refusing.php"
    refusing.write_text(
        """<?php add_filter( 'query', function ( $sql ) {
            return false === strpos( $sql, 'CREATE TABLE IF NOT EXISTS `wp_crossdock' ) ? $sql : 'CREATE NOTHING'; } );"""
    )
    try:
        bare.activate()
        assert "the database refused its tables" in bare.session().get("/wp-admin/index.php").text
        assert bare.visitor().get("/").status_code == 200
    finally:
        refusing.unlink()
    bare.php("update_option( 'crossdock_migrating', time() - 301 );")
    assert bare.php("return get_option( 'crossdock_version' ) === CROSSDOCK_VERSION;") is True
    assert "the database refused its tables" not in bare.session().get("/wp-admin/index.php").text
    assert bare.sql("SELECT COUNT(*) FROM wp_crossdock_outbox") == [["0"]]


def test_deleting_stops_while_something_was_not_sent(site: Site) -> None:
    _waiting(site)
    assert "1 change of this site has not reached the hub" in _delete(site)
    assert site.sql("SELECT COUNT(*) FROM wp_crossdock_outbox") == [["1"]]
    site.php("update_option( 'crossdock_remove_unsent', '1' );")
    assert _delete(site) == ""
    assert site.sql(TRACES) == []


def test_after_an_update_an_invalid_setting_is_set_aside_and_a_backup_is_there(site: Site) -> None:
    site.php(
        """$kept = get_option( 'crossdock_settings' ); $kept['batch_size'] = 5000; $kept['retry_days'] = 3;
        $kept['gone'] = 1; update_option( 'crossdock_settings', $kept );
        update_option( 'crossdock_version', '0.9.0' );"""
    )
    kept = site.php("return get_option( 'crossdock_settings' );")
    assert (kept["batch_size"], kept["retry_days"]) == ("auto", 3)
    aside = site.php("return get_option( 'crossdock_set_aside' );")
    assert aside["batch_size"]["value"] == 5000
    assert set(aside) == {"batch_size", "gone"}
    backups = site.php("return get_option( 'crossdock_backups' );")
    assert [(one["why"], one["version"]) for one in backups] == [("update", "0.9.0")]
    assert backups[0]["settings"]["batch_size"] == 5000


def test_the_last_five_backups_are_kept_and_one_is_put_back(site: Site) -> None:
    code = "$backups = Crossdock\\Plugin::container()->get( Crossdock\\Setup\\Backups::class );"
    for days in range(1, 8):
        faults = site.php(
            f"""{code} $settings = Crossdock\\Plugin::container()->get( Crossdock\\Settings\\Settings::class );
            $faults = $settings->keep( array( 'retry_days' => {days} ) ); $backups->make( 'hand' ); return $faults;"""
        )
        assert faults == []
    kept = site.php(f"{code} return $backups->all();")
    assert [one["settings"]["retry_days"] for one in kept] == [7, 6, 5, 4, 3]
    assert site.php(f"{code} return $backups->restore( '{kept[3]['id']}' );") is True
    assert site.php("return get_option( 'crossdock_settings' )['retry_days'];") == 4
    assert site.php(f"{code} return $backups->restore( 'nothing' );") is False
    assert site.php(f"{code} return $backups->all()[0];")["settings"]["retry_days"] == 7


def test_a_step_that_failed_runs_again_later_and_one_that_ran_does_not(site: Site) -> None:
    answer = site.php(
        """class Trying extends Crossdock\\Setup\\Migrations {
            public static $ran = array(); public static $well = false;
            protected function steps(): array {
                return array(
                    1 => function (): bool { self::$ran[] = 1; return true; },
                    2 => function (): bool { self::$ran[] = 2; return true; },
                    3 => function (): bool { self::$ran[] = 3; return self::$well; },
                );
            }
        }
        $trying = Crossdock\\Plugin::container()->get( Trying::class );
        $first = $trying->run(); $at = get_option( 'crossdock_db_version' );
        $second = $trying->run(); Trying::$well = true;
        update_option( 'crossdock_migrating', time() - 301 ); $third = $trying->run();
        return array( $first, $at, $second, $third, Trying::$ran, get_option( 'crossdock_migrating', 'free' ) );"""
    )
    assert answer == [False, 2, False, True, [2, 3, 3], "free"]
