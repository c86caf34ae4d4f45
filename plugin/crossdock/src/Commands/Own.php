<?php
/**
 * Marks the plugin's own writes.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Commands;

/**
 * While the plugin writes what the hub told it to, the hooks of WordPress and WooCommerce fire as for anybody's change.
 * What captures changes asks `Own::writing()` first, so that the hub is not told its own words.
 */
final class Own {

	/**
	 * How many of our writes are under way (they may be nested).
	 *
	 * @var int
	 */
	private static int $under_way = 0;

	/**
	 * Does a write whose hooks are no news.
	 *
	 * @template T
	 * @param callable():T $write The write.
	 * @return T What it returned.
	 */
	public static function during( callable $write ) {
		++self::$under_way;
		try {
			return $write();
		} finally {
			--self::$under_way;
		}
	}

	/**
	 * Tells whether what happens now is our own write.
	 *
	 * @return bool
	 */
	public static function writing(): bool {
		return self::$under_way > 0;
	}
}
