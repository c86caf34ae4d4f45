<?php
/**
 * What tells the time.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * The time, always in UTC.
 */
interface Clock {

	/**
	 * Returns the seconds since 1970, with microseconds.
	 *
	 * @return float
	 */
	public function now(): float;

	/**
	 * Returns seconds that only ever grow, for durations.
	 *
	 * @return float
	 */
	public function monotonic(): float;
}
