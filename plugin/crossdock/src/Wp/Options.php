<?php
/**
 * WordPress' options.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * Reads and writes options of this site.
 */
class Options {

	/**
	 * Returns an option.
	 *
	 * @param string $name     Its name.
	 * @param mixed  $fallback What is returned when there is none.
	 * @return mixed
	 */
	public function get( string $name, $fallback = null ) {
		return get_option( $name, $fallback );
	}

	/**
	 * Returns an option as the database holds it now, whatever this request or an object cache remembers.
	 *
	 * @param string $name     Its name.
	 * @param mixed  $fallback What is returned when there is none.
	 * @return mixed
	 */
	public function fresh( string $name, $fallback = null ) {
		wp_cache_delete( $name, 'options' );
		wp_cache_delete( 'alloptions', 'options' );
		wp_cache_delete( 'notoptions', 'options' );
		return get_option( $name, $fallback );
	}

	/**
	 * Keeps an option.
	 *
	 * @param string $name     Its name.
	 * @param mixed  $value    What is kept.
	 * @param bool   $autoload Whether every page loads it: only what every page needs.
	 * @return void
	 */
	public function set( string $name, $value, bool $autoload = false ): void {
		update_option( $name, $value, $autoload );
	}

	/**
	 * Keeps an option when there is none of that name yet, in one statement: two requests cannot both succeed.
	 *
	 * @param string $name  Its name.
	 * @param mixed  $value What is kept.
	 * @return bool Whether it was this call that kept it.
	 */
	public function add( string $name, $value ): bool {
		return add_option( $name, $value, '', false );
	}

	/**
	 * Drops an option.
	 *
	 * @param string $name Its name.
	 * @return void
	 */
	public function drop( string $name ): void {
		delete_option( $name );
	}
}
