<?php
/**
 * How the pace changes.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

/**
 * The decisions about the pace, without memory: from what was measured and told to what comes next.
 */
final class Steps {

	/**
	 * Seconds that one batch should take at most.
	 */
	private const GOAL_S = 5.0;

	/**
	 * Decides the size of the next batch: half when it took too long, a quarter more when a full one was quick.
	 *
	 * @param int    $items The present size.
	 * @param string $why   The present reason.
	 * @param int    $told  How many were told.
	 * @param float  $took  Seconds that it took.
	 * @param bool   $large Whether the hub found it too large.
	 * @return array{0: int, 1: string}
	 */
	public static function next( int $items, string $why, int $told, float $took, bool $large ): array {
		if ( $large ) {
			return array( max( 1, intdiv( min( $items, $told ), 2 ) ), 'too-large' );
		}
		if ( $took > self::GOAL_S ) {
			return array( max( 1, intdiv( min( $items, $told ), 2 ) ), 'slow-answers' );
		}
		if ( $told >= $items && $took < self::GOAL_S / 2 && $items < 100 ) {
			return array( min( 100, $items + max( 1, intdiv( $items, 4 ) ) ), 'quick-answers' );
		}
		return array( $items, 'first' === $why || 'rate-limit' === $why ? 'steady' : $why );
	}

	/**
	 * Decides the rest before the next request: none while plenty is left, then what is left is spread over the time to go.
	 *
	 * @param array<string, int> $limits Limit, remaining, reset (seconds) as the hub told them; empty when it did not.
	 * @return float Seconds.
	 */
	public static function rest( array $limits ): float {
		if ( ! isset( $limits['remaining'], $limits['reset'] ) ) {
			return 0.0;
		}
		if ( $limits['remaining'] <= 0 ) {
			return (float) max( 1, $limits['reset'] );
		}
		$plenty = max( 5, (int) ceil( ( $limits['limit'] ?? 100 ) / 5 ) );
		return $limits['remaining'] >= $plenty ? 0.0 : $limits['reset'] / $limits['remaining'];
	}
}
