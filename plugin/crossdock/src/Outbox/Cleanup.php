<?php
/**
 * What is thrown away.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Monitor\Condition;
use Crossdock\Settings\Settings;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Database;
use Crossdock\Wp\Moment;

/**
 * Removes sent rows after their days, dead ones after theirs (much longer), and the traces that our minutely action leaves in
 * Action Scheduler. Nothing that waits is ever removed.
 */
class Cleanup {

	/**
	 * Rows of one statement: short locks.
	 */
	private const TOGETHER = 1000;

	/**
	 * Seconds between two cleanups.
	 */
	private const EVERY_S = 900.0;

	/**
	 * The site's database.
	 *
	 * @var Database
	 */
	private Database $database;

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * How sending goes.
	 *
	 * @var Condition
	 */
	private Condition $condition;

	/**
	 * The time.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Takes what it works with, each as its property says.
	 */
	public function __construct( Database $database, Settings $settings, Condition $condition, Clock $clock ) {
		$this->database  = $database;
		$this->settings  = $settings;
		$this->condition = $condition;
		$this->clock     = $clock;
	}

	/**
	 * Cleans up when it was not done for a while.
	 *
	 * @return void
	 */
	public function when_due(): void {
		$now = $this->clock->now();
		if ( $now - (float) $this->condition->get( 'cleaned_at', 0 ) >= self::EVERY_S ) {
			$this->condition->note( array( 'cleaned_at' => $now ) );
			$this->clean();
			$this->forget_actions();
		}
	}

	/**
	 * Removes rows whose days are over, a bounded number at a time.
	 *
	 * @return int How many.
	 */
	public function clean(): int {
		$now  = $this->clock->now();
		$gone = 0;
		foreach ( array( 'sent' => 'keep_sent_days', 'dead' => 'keep_dead_days' ) as $state => $days ) {
			$before = Moment::stored( $now - 86400 * $this->settings->number( $days ) );
			$column = 'sent' === $state ? 'sent_at' : 'changed_at';
			$gone  += max( 0, $this->database->run( "DELETE FROM {outbox} WHERE state = %s AND changed_at < %s AND $column < %s LIMIT %d", $state, $before, $before, self::TOGETHER ) );
		}
		return $gone;
	}

	/**
	 * Removes what is left of our runs in Action Scheduler, which would keep each for a month.
	 *
	 * @return void
	 */
	private function forget_actions(): void {
		if ( ! class_exists( 'ActionScheduler' ) || ! \ActionScheduler::is_initialized() ) {
			return;
		}
		$store = \ActionScheduler::store();
		$done  = $store->query_actions(
			array(
				'hook'             => Timetable::HOOK,
				'group'            => Timetable::GROUP,
				'status'           => \ActionScheduler_Store::STATUS_COMPLETE,
				'modified'         => as_get_datetime_object( '-6 hours' ),
				'modified_compare' => '<=',
				'per_page'         => 100,
				'orderby'          => 'none',
			)
		);
		foreach ( $done as $id ) {
			$store->delete_action( $id );
		}
	}
}
