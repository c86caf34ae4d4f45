<?php
/**
 * When sending runs next.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Wp\Clock;

/**
 * Looks up when the recurring run of the outbox comes next and whether what calls it is alive.
 */
class NextRun {

	/**
	 * The hook of the recurring run.
	 */
	public const HOOK = 'crossdock_run';

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param Clock $clock The clock.
	 */
	public function __construct( Clock $clock ) {
		$this->clock = $clock;
	}

	/**
	 * Returns when it runs next.
	 *
	 * @return float Seconds since 1970; 0.0 when nothing is scheduled.
	 */
	public function at(): float {
		if ( 'action-scheduler' === $this->by() ) {
			$next = as_next_scheduled_action( self::HOOK );
			// True means that it runs at this moment.
			return true === $next ? $this->clock->now() : (float) $next;
		}
		return (float) wp_next_scheduled( self::HOOK );
	}

	/**
	 * Returns what calls it.
	 *
	 * @return string `action-scheduler`, `wp-cron`, or empty when nothing is scheduled.
	 */
	public function by(): string {
		if ( function_exists( 'as_has_scheduled_action' ) && did_action( 'action_scheduler_init' ) && as_has_scheduled_action( self::HOOK ) ) {
			return 'action-scheduler';
		}
		return wp_next_scheduled( self::HOOK ) ? 'wp-cron' : '';
	}

	/**
	 * Tells whether WordPress does not start its cron by itself (then a real cron should).
	 *
	 * @return bool
	 */
	public function cron_disabled(): bool {
		return defined( 'DISABLE_WP_CRON' ) && DISABLE_WP_CRON;
	}

	/**
	 * Returns by how many seconds the oldest due event of WP-Cron is late.
	 *
	 * @return int 0 when nothing is late.
	 */
	public function late_s(): int {
		$due = array();
		foreach ( array_keys( (array) _get_cron_array() ) as $at ) {
			if ( is_int( $at ) && $at > 0 ) {
				$due[] = $at;
			}
		}
		return array() === $due ? 0 : max( 0, (int) $this->clock->now() - min( $due ) );
	}
}
