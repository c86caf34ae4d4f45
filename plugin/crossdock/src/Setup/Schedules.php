<?php
/**
 * What runs by itself.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

/**
 * Stops what the plugin scheduled, whoever of it did: events of WP-Cron named `crossdock_…` and the actions of the group
 * `crossdock` in Action Scheduler.
 */
class Schedules {

	/**
	 * The group of our actions in Action Scheduler.
	 */
	public const GROUP = 'crossdock';

	/**
	 * Unschedules everything of ours on the present site.
	 *
	 * @return void
	 */
	public function stop(): void {
		foreach ( (array) _get_cron_array() as $hooks ) {
			foreach ( array_keys( (array) $hooks ) as $hook ) {
				if ( 0 === strpos( (string) $hook, 'crossdock_' ) ) {
					wp_unschedule_hook( (string) $hook );
				}
			}
		}
		if ( function_exists( 'as_unschedule_all_actions' ) ) {
			as_unschedule_all_actions( '', array(), self::GROUP );
		}
	}

	/**
	 * Removes what Action Scheduler keeps of our actions, done and cancelled ones too.
	 *
	 * @return void
	 */
	public function erase(): void {
		global $wpdb;
		$group = $wpdb->prefix . 'actionscheduler_groups';
		if ( null === $wpdb->get_var( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $group ) ) ) ) {
			return;
		}
		$id = (int) $wpdb->get_var( $wpdb->prepare( "SELECT group_id FROM {$wpdb->prefix}actionscheduler_groups WHERE slug = %s", self::GROUP ) );
		if ( $id > 0 ) {
			$wpdb->query( $wpdb->prepare( "DELETE l FROM {$wpdb->prefix}actionscheduler_logs l JOIN {$wpdb->prefix}actionscheduler_actions a ON a.action_id = l.action_id WHERE a.group_id = %d", $id ) );
			$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->prefix}actionscheduler_actions WHERE group_id = %d", $id ) );
			$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->prefix}actionscheduler_groups WHERE group_id = %d", $id ) );
		}
	}
}
