<?php
/**
 * What the hub's watchdog is told.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Commands;

use Crossdock\Monitor\Condition;
use Crossdock\Monitor\NextRun;
use Crossdock\Monitor\Queue;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Home;
use Crossdock\Wp\Moment;

/**
 * Says how the plugin does: counts, ages and versions, nothing of anybody.
 */
class Status {

	/**
	 * What lies in the outbox.
	 *
	 * @var Queue
	 */
	private Queue $queue;

	/**
	 * How sending goes.
	 *
	 * @var Condition
	 */
	private Condition $condition;

	/**
	 * When sending runs next.
	 *
	 * @var NextRun
	 */
	private NextRun $next;

	/**
	 * Where the plugin lies.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param Queue     $queue     What lies in the outbox.
	 * @param Condition $condition How sending goes.
	 * @param NextRun   $next      When sending runs next.
	 * @param Home      $home      Where the plugin lies.
	 * @param Clock     $clock     The clock.
	 */
	public function __construct( Queue $queue, Condition $condition, NextRun $next, Home $home, Clock $clock ) {
		$this->queue     = $queue;
		$this->condition = $condition;
		$this->next      = $next;
		$this->home      = $home;
		$this->clock     = $clock;
	}

	/**
	 * Returns how the plugin does.
	 *
	 * @return array<string, mixed> `outbox` (rows by state, oldest_s), `sending` (paused, reason, failures, last_success,
	 *                              next_run, by), `cron`, `versions`, `time`. Moments are wire moments or null.
	 */
	public function document(): array {
		$state = $this->condition->all();
		$pause = $this->condition->pause_reason();
		return array(
			'time'     => Moment::wire( $this->clock->now() ),
			'outbox'   => $this->queue->counts() + array( 'oldest_s' => round( $this->queue->oldest_s(), 3 ) ),
			'sending'  => array(
				'paused'       => array() !== $pause,
				'reason'       => (string) ( $pause['code'] ?? '' ),
				'failures'     => (int) ( $state['failures'] ?? 0 ),
				'last_success' => $this->moment( $state['last_success'] ?? 0 ),
				'next_run'     => $this->moment( $this->next->at() ),
				'by'           => $this->next->by(),
			),
			'cron'     => array(
				'disabled' => $this->next->cron_disabled(),
				'late_s'   => $this->next->late_s(),
			),
			'versions' => array(
				'plugin'      => $this->home->version(),
				'wordpress'   => (string) get_bloginfo( 'version' ),
				'php'         => PHP_VERSION,
				'woocommerce' => defined( 'WC_VERSION' ) ? (string) WC_VERSION : null,
			),
		);
	}

	/**
	 * Returns a moment as it goes on the wire.
	 *
	 * @param mixed $at Seconds since 1970.
	 * @return string|null Null when there is none.
	 */
	private function moment( $at ): ?string {
		return is_numeric( $at ) && $at > 0 ? Moment::wire( (float) $at ) : null;
	}
}
