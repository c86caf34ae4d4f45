<?php
/**
 * How times are written.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * Writes and reads moments: UTC in the wire's form (`2026-11-21T10:00:00.123456Z`) and in the database's
 * (`2026-11-21 10:00:00.123`, DATETIME(3), UTC).
 */
final class Moment {

	/**
	 * Returns a moment as it is written on the wire, to the microsecond.
	 *
	 * @param float $at Seconds since 1970.
	 * @return string
	 */
	public static function wire( float $at ): string {
		return self::parts( $at, 6, '\T' ) . 'Z';
	}

	/**
	 * Returns a moment as the database keeps it, to the millisecond, UTC.
	 *
	 * @param float $at Seconds since 1970.
	 * @return string
	 */
	public static function stored( float $at ): string {
		return self::parts( $at, 3, ' ' );
	}

	/**
	 * Reads either form (both UTC).
	 *
	 * @param string $text What `wire` or `stored` wrote.
	 * @return float Seconds since 1970; 0.0 when the text is no moment.
	 */
	public static function read( string $text ): float {
		if ( ! preg_match( '/^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,6})?Z?$/D', $text, $found ) ) {
			return 0.0;
		}
		$whole = strtotime( $found[1] . ' ' . $found[2] . ' UTC' );
		return false === $whole ? 0.0 : $whole + (float) ( '0' . ( $found[3] ?? '' ) );
	}

	/**
	 * Writes the date, the time and its fraction.
	 *
	 * @param float  $at     Seconds since 1970.
	 * @param int    $digits Digits of the fraction.
	 * @param string $middle Between date and time, as `gmdate` takes it.
	 * @return string
	 */
	private static function parts( float $at, int $digits, string $middle ): string {
		$unit  = 10 ** $digits;
		$total = (int) round( $at * $unit );
		return gmdate( 'Y-m-d' . $middle . 'H:i:s', intdiv( $total, $unit ) ) . sprintf( '.%0' . $digits . 'd', $total % $unit );
	}
}
