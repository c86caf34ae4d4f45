<?php
/**
 * The machine's clock.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * Tells the time of the machine.
 */
final class SystemClock implements Clock {

	/**
	 * Returns the seconds since 1970, with microseconds.
	 *
	 * @return float
	 */
	public function now(): float {
		return microtime( true );
	}

	/**
	 * Returns seconds that only ever grow.
	 *
	 * @return float
	 */
	public function monotonic(): float {
		return hrtime( true ) / 1e9;
	}
}
