"""Property 01: whatever was there before, activation makes the plugin whole and keeps what it had; deletion leaves nothing."""

from __future__ import annotations

import random
from typing import Any

from tests.plugin.properties.support import CASES, DOUBLES, text, told
from tests.support.wordpress.site import Site

STEPS = (
    "activate",
    "activate",
    "deactivate",
    "visit",
    "lose_table",
    "lose_option",
    "spoil",
    "uninstall",
    "old_version",
)

ALTER = (
    DOUBLES
    + """
global $wpdb;
$tables = array( 'outbox', 'log', 'command' );
$there  = static function ( string $table ) use ( $wpdb ) {
	return null !== $wpdb->get_var( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $wpdb->prefix . 'crossdock_' . $table ) ) );
};
$state = static function () use ( $wpdb, $tables, $there ) {
	wp_cache_flush();
	return array(
		'tables'   => array_values( array_filter( $tables, $there ) ),
		'rows'     => $there( 'outbox' ) ? (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->prefix}crossdock_outbox" ) : -1,
		'options'  => (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->options} WHERE option_name LIKE '%crossdock%'" ),
		'meta'     => (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->usermeta} WHERE meta_key LIKE '%crossdock%'" ) + (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->postmeta} WHERE meta_key LIKE '%crossdock%'" ),
		'cron'     => false !== strpos( serialize( get_option( 'cron' ) ), 'crossdock' ),
		'may'      => (bool) ( wp_roles()->roles['administrator']['capabilities']['manage_crossdock'] ?? false ),
		'settings' => get_option( 'crossdock_settings' ), 'instance' => (string) get_option( 'crossdock_instance', '' ),
		'version'  => get_option( 'crossdock_version' ), 'locked' => false !== get_option( 'crossdock_migrating' ),
	);
};
$found = array();
foreach ( $cases as $case ) {
	$trail = array();
	foreach ( $case as $step ) {
		list( $what, $with ) = $step;
		$c = $fresh();
		if ( 'activate' === $what ) { $c->get( \\Crossdock\\Setup\\Activation::class )->activate( false ); }
		if ( 'deactivate' === $what ) { wp_schedule_event( time(), 'daily', 'crossdock_daily' ); $c->get( \\Crossdock\\Setup\\Activation::class )->deactivate( false ); }
		if ( 'visit' === $what ) { $c->get( \\Crossdock\\Setup\\Upkeep::class )->check(); }
		if ( 'uninstall' === $what ) {
			update_user_meta( 1, 'crossdock_crm_id', $with ); add_post_meta( 1, '_crossdock_ga4', $with ); set_transient( 'crossdock_x', $with );
			wp_schedule_event( time(), 'daily', 'crossdock_daily' );
			$c->get( \\Crossdock\\Setup\\Removal::class )->run();
		}
		if ( 'lose_table' === $what ) { $wpdb->query( "DROP TABLE IF EXISTS {$wpdb->prefix}crossdock_$with" ); }
		if ( 'lose_option' === $what ) { delete_option( $with ); }
		if ( 'spoil' === $what ) { update_option( 'crossdock_settings', $with ); }
		if ( 'old_version' === $what ) { update_option( 'crossdock_version', '0.9.0' ); }
		if ( $there( 'outbox' ) && 'activate' === $what ) {
			$wpdb->query( "INSERT INTO {$wpdb->prefix}crossdock_outbox (event_id, kind, action, next_at, created_at, changed_at) VALUES (UUID(), 'event', 'saved', NOW(3), NOW(3), NOW(3))" );
		}
		$trail[] = $state();
	}
	$found[] = $trail;
	$fresh()->get( \\Crossdock\\Setup\\Removal::class )->run();
}
return $found;
"""
)


def _step(rng: random.Random) -> tuple[str, Any]:
    what = rng.choice(STEPS)
    made: dict[str, Any] = {
        "lose_table": rng.choice(["outbox", "log", "command"]),
        "lose_option": rng.choice(
            ["crossdock_settings", "crossdock_instance", "crossdock_version", "crossdock_db_version"]
        ),
        "spoil": {
            "timeout": rng.choice([0, 15, 999, "abc"]),
            "retry_days": rng.choice([1, 7, -1]),
            text(rng, 1, 6, odd=False): 1,
        },
        "uninstall": text(rng, 1),
    }
    return what, made.get(what, "")


def test_activation_makes_whole_and_deletion_leaves_nothing(site: Site, rng: random.Random) -> None:
    cases = [[_step(rng) for _ in range(rng.randint(2, 6))] + [("activate", "")] for _ in range(CASES)]
    found = site.php(ALTER, cases=cases, timeout_s=300)
    for case, trail in zip(cases, found, strict=True):
        _follow(case, trail)
    told([trail[-1]["tables"] for trail in found], [["outbox", "log", "command"]] * CASES, cases)


def _follow(case: list[tuple[str, Any]], trail: list[dict[str, Any]]) -> None:
    kept = None
    for (what, _), now in zip(case, trail, strict=True):
        said = f"{case!r} after {what}: {now!r}"
        if what == "activate":
            assert now["tables"] == ["outbox", "log", "command"], said
            assert now["may"], said
            assert now["instance"], said
            assert now["version"] == "1.0.0", said
            assert not now["locked"], said
            settings = now["settings"]
            assert settings["timeout"] == 15, said
            assert 1 <= settings["retry_days"] <= 30, said
            assert set(settings) >= {"send_users", "send_orders", "consent_checkout"}, said
            if kept is not None:
                assert now["rows"] == kept["rows"] + 1, f"what waited was lost: {said}"
                assert now["instance"] == kept["instance"], f"another instance: {said}"
        if what == "uninstall":
            assert (now["tables"], now["options"], now["meta"]) == ([], 0, 0), said
            assert (now["cron"], now["may"]) == (False, False), said
        if what == "deactivate":
            assert not now["cron"], said
        # what a step itself takes away cannot be kept by the next
        kept = now if what in {"activate", "deactivate", "visit"} and now["rows"] >= 0 and now["instance"] else None
