<?php
/**
 * What a run may use.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

/**
 * A run's seconds and bytes. Asked before each new piece of work.
 */
final class Budget {

	/**
	 * When it ends, monotonic seconds.
	 *
	 * @var float
	 */
	private float $ends;

	/**
	 * Bytes of memory that may be in use; 0 for no bound.
	 *
	 * @var int
	 */
	private int $memory;

	/**
	 * What tells the monotonic time.
	 *
	 * @var \Crossdock\Wp\Clock
	 */
	private \Crossdock\Wp\Clock $clock;

	/**
	 * Seconds that one request to the hub may take.
	 *
	 * @var float
	 */
	public float $timeout_s;

	/**
	 * Begins now.
	 *
	 * @param \Crossdock\Wp\Clock $clock     The time.
	 * @param float               $seconds   How long.
	 * @param int                 $memory    Bytes of memory that may be in use; 0 for no bound.
	 * @param float               $timeout_s Seconds that one request may take.
	 */
	public function __construct( \Crossdock\Wp\Clock $clock, float $seconds, int $memory, float $timeout_s ) {
		$this->clock     = $clock;
		$this->ends      = $clock->monotonic() + $seconds;
		$this->memory    = $memory;
		$this->timeout_s = $timeout_s;
	}

	/**
	 * Says what is used up.
	 *
	 * @return string `time`, `memory`, or nothing.
	 */
	public function spent(): string {
		if ( $this->clock->monotonic() >= $this->ends ) {
			return 'time';
		}
		return $this->memory > 0 && memory_get_usage() >= $this->memory ? 'memory' : '';
	}

	/**
	 * Returns the seconds that are left.
	 *
	 * @return float
	 */
	public function left(): float {
		return max( 0.0, $this->ends - $this->clock->monotonic() );
	}
}
