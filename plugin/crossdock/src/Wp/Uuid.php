<?php
/**
 * Unique ids.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * Makes UUIDs of version 4 from the system's random source.
 */
final class Uuid {

	/**
	 * Returns a UUID that was never used.
	 *
	 * @return string
	 */
	public static function make(): string {
		$bytes    = random_bytes( 16 );
		$bytes[6] = chr( ord( $bytes[6] ) & 0x0f | 0x40 );
		$bytes[8] = chr( ord( $bytes[8] ) & 0x3f | 0x80 );
		return vsprintf( '%s%s-%s-%s-%s-%s%s%s', str_split( bin2hex( $bytes ), 4 ) );
	}
}
