<?php
/**
 * How long to wait after a failure.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

/**
 * Doubling waits with full jitter: any moment between nothing and the doubled time, so that rows that failed together do not
 * come back together.
 */
class Backoff {

	/**
	 * Seconds of the first wait at most, for one row.
	 */
	private const ROW_FIRST_S = 60.0;

	/**
	 * Seconds of any wait of one row at most: six hours.
	 */
	private const ROW_MOST_S = 21600.0;

	/**
	 * Seconds of the first wait when the hub itself is away.
	 */
	private const HUB_FIRST_S = 15.0;

	/**
	 * Seconds of any such wait at most: a quarter of an hour.
	 */
	private const HUB_MOST_S = 900.0;

	/**
	 * Where the chance comes from: returns a number from 0 to 1.
	 *
	 * @var callable
	 */
	private $chance;

	/**
	 * Takes the source of chance.
	 *
	 * @param callable|null $chance Returns a number from 0 to 1; null for the system's.
	 */
	public function __construct( ?callable $chance = null ) {
		$this->chance = $chance ?? static function (): float {
			return random_int( 0, 1000000 ) / 1000000;
		};
	}

	/**
	 * Returns how long one row waits.
	 *
	 * @param int $attempts How often it was tried, 1 or more.
	 * @return float Seconds, at least one.
	 */
	public function wait( int $attempts ): float {
		return $this->drawn( self::ROW_FIRST_S, self::ROW_MOST_S, $attempts );
	}

	/**
	 * Returns how long everything waits when the hub cannot be reached.
	 *
	 * @param int $failures How often in a row, 1 or more.
	 * @return float Seconds, at least one.
	 */
	public function outage( int $failures ): float {
		return $this->drawn( self::HUB_FIRST_S, self::HUB_MOST_S, $failures );
	}

	/**
	 * Draws a wait.
	 *
	 * @param float $first Seconds of the first wait at most.
	 * @param float $most  Seconds of any wait at most.
	 * @param int   $count How often, 1 or more.
	 * @return float
	 */
	private function drawn( float $first, float $most, int $count ): float {
		$bound = min( $most, $first * 2 ** min( 30, max( 0, $count - 1 ) ) );
		return max( 1.0, $bound * (float) ( $this->chance )() );
	}
}
