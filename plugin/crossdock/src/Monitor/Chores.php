<?php
/**
 * What is tidied once a day.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Commands\Seen;

/**
 * Rotates the log and forgets commands of the hub that are older than 30 days, by WP-Cron, once a day.
 */
final class Chores {

	/**
	 * The hook of the daily event.
	 */
	public const HOOK = 'crossdock_daily';

	/**
	 * The log.
	 *
	 * @var LogEntries
	 */
	private LogEntries $entries;

	/**
	 * The commands seen.
	 *
	 * @var Seen
	 */
	private Seen $seen;

	/**
	 * Notes what it needs.
	 *
	 * @param LogEntries $entries The log.
	 * @param Seen       $seen    The commands seen.
	 */
	public function __construct( LogEntries $entries, Seen $seen ) {
		$this->entries = $entries;
		$this->seen    = $seen;
	}

	/**
	 * Sees to it that the daily event is scheduled.
	 *
	 * @return void
	 */
	public function schedule(): void {
		if ( ! wp_next_scheduled( self::HOOK ) ) {
			wp_schedule_event( time() + HOUR_IN_SECONDS, 'daily', self::HOOK );
		}
	}

	/**
	 * Tidies.
	 *
	 * @return void
	 */
	public function tidy(): void {
		$this->entries->rotate();
		$this->seen->forget_old();
	}
}
