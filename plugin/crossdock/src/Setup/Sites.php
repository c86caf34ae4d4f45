<?php
/**
 * The sites of a network.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

/**
 * Does something on every site of a network, or on the one site there is.
 */
class Sites {

	/**
	 * Sites that are read at once.
	 */
	private const PAGE = 200;

	/**
	 * Calls something on each site.
	 *
	 * @param callable $task Takes nothing; the site it is for is the present one.
	 * @return void
	 */
	public function each( callable $task ): void {
		if ( ! is_multisite() ) {
			$task();
			return;
		}
		$offset = 0;
		do {
			$ids = get_sites( array( 'fields' => 'ids', 'number' => self::PAGE, 'offset' => $offset, 'orderby' => 'id' ) );
			foreach ( $ids as $id ) {
				$this->on( (int) $id, $task );
			}
			$offset += self::PAGE;
		} while ( count( $ids ) === self::PAGE );
	}

	/**
	 * Calls something on one site.
	 *
	 * @param int      $id   The site.
	 * @param callable $task Takes nothing.
	 * @return void
	 */
	public function on( int $id, callable $task ): void {
		switch_to_blog( $id );
		try {
			$task();
		} finally {
			restore_current_blog();
		}
	}
}
