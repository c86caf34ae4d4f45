<?php
/**
 * What this machine allows.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

/**
 * PHP's limits of memory and time.
 */
class Host {

	/**
	 * Returns how many bytes PHP may use; 0 for no limit.
	 *
	 * @return int
	 */
	public function memory(): int {
		return self::bytes( (string) ini_get( 'memory_limit' ) );
	}

	/**
	 * Returns how many bytes are in use.
	 *
	 * @return int
	 */
	public function used(): int {
		return memory_get_usage();
	}

	/**
	 * Returns how many seconds a run may take; 0 for no limit.
	 *
	 * @return int
	 */
	public function seconds(): int {
		return max( 0, (int) ini_get( 'max_execution_time' ) );
	}

	/**
	 * Reads a size as php.ini writes it.
	 *
	 * @param string $text `128M`, `1G`, `-1`.
	 * @return int Bytes; 0 for no limit.
	 */
	public static function bytes( string $text ): int {
		if ( ! preg_match( '/^\s*(\d+)\s*([kmg]?)/i', $text, $found ) ) {
			return 0;
		}
		$unit = array( '' => 1, 'k' => 1024, 'm' => 1048576, 'g' => 1073741824 );
		return (int) $found[1] * $unit[ strtolower( $found[2] ) ];
	}
}
