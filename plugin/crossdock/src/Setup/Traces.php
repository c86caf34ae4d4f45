<?php
/**
 * What the plugin leaves in WordPress' own tables.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

/**
 * Removes options, transients and meta whose names begin with ours.
 */
class Traces {

	/**
	 * Removes them from the present site.
	 *
	 * @return void
	 */
	public function of_site(): void {
		$this->order_meta();
		$this->options();
	}

	/**
	 * Removes options and transients of ours.
	 *
	 * @return void
	 */
	private function options(): void {
		global $wpdb;
		$like  = array( 'crossdock_', '_transient_crossdock_', '_transient_timeout_crossdock_', '_site_transient_crossdock_', '_site_transient_timeout_crossdock_' );
		$names = array();
		foreach ( $like as $begin ) {
			$names = array_merge( $names, $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s", $wpdb->esc_like( $begin ) . '%' ) ) );
		}
		array_map( 'delete_option', $names );
	}

	/**
	 * Removes what we noted at orders, in either of WooCommerce's two homes for them, and at products.
	 *
	 * @return void
	 */
	private function order_meta(): void {
		global $wpdb;
		$orders = $wpdb->prefix . 'wc_orders_meta';
		$there  = null !== $wpdb->get_var( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $orders ) ) );
		foreach ( $this->meta_keys() as $like ) {
			$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->postmeta} WHERE meta_key LIKE %s", $like ) );
			if ( $there ) {
				$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->prefix}wc_orders_meta WHERE meta_key LIKE %s", $like ) );
			}
		}
		wp_cache_flush();
	}

	/**
	 * Removes what we noted at users (they belong to the whole network), and how they arranged our screens.
	 *
	 * @return void
	 */
	public function of_users(): void {
		global $wpdb;
		foreach ( array_merge( $this->meta_keys(), array( '%' . $wpdb->esc_like( '_page_crossdock-' ) . '%' ) ) as $like ) {
			$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->usermeta} WHERE meta_key LIKE %s", $like ) );
		}
		wp_cache_flush();
	}

	/**
	 * Returns how the keys of our meta begin, as LIKE wants it.
	 *
	 * @return array<int, string>
	 */
	private function meta_keys(): array {
		global $wpdb;
		return array(
			$wpdb->esc_like( 'crossdock_' ) . '%',
			$wpdb->esc_like( '_crossdock_' ) . '%',
			$wpdb->esc_like( '_wc_other/crossdock/' ) . '%',
		);
	}
}
