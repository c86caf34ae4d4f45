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
	 * How often a change is tried when others change the same at the same time.
	 */
	private const TRIES = 50;

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
		$this->forget( $name );
		return get_option( $name, $fallback );
	}

	/**
	 * Changes an option that is not loaded with every page, so that two processes cannot undo each other's change.
	 *
	 * @param string   $name   Its name.
	 * @param callable $change Takes what the database holds now (null for nothing) and returns what shall be kept; may be called
	 *                         again when another process was quicker.
	 * @return void
	 */
	public function change( string $name, callable $change ): void {
		global $wpdb;
		for ( $try = 0; $try < self::TRIES; ++$try ) {
			$old = $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", $name ) );
			$new = (string) maybe_serialize( $change( null === $old ? null : maybe_unserialize( $old ) ) );
			if ( null === $old ) {
				$done = $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, %s, 'no')", $name, $new ) );
			} else {
				$done = $old === $new ? 1 : $wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->options} SET option_value = %s WHERE option_name = %s AND BINARY option_value = %s", $new, $name, $old ) );
			}
			if ( $done > 0 ) {
				break;
			}
			usleep( random_int( 0, 500 * min( 10, $try + 1 ) ) );
		}
		$this->forget( $name );
	}

	/**
	 * Forgets what is remembered of an option; the other options' memory stays, unless this one is in it.
	 *
	 * @param string $name Its name.
	 * @return void
	 */
	private function forget( string $name ): void {
		wp_cache_delete( $name, 'options' );
		foreach ( array( 'alloptions', 'notoptions' ) as $all ) {
			$known = wp_cache_get( $all, 'options' );
			if ( is_array( $known ) && isset( $known[ $name ] ) ) {
				wp_cache_delete( $all, 'options' );
			}
		}
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
