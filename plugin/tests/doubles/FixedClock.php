<?php
/**
 * A clock that stands still until it is moved.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Tests;

use Crossdock\Wp\Clock;

/**
 * The time that a test says it is.
 */
final class FixedClock implements Clock {

	/**
	 * Seconds since 1970.
	 *
	 * @var float
	 */
	public float $at;

	public function __construct( float $at = 1795255200.0 ) {
		$this->at = $at;
	}

	public function now(): float {
		return $this->at;
	}

	public function monotonic(): float {
		return $this->at;
	}
}
