<?php
/**
 * What a process remembers of the site.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Documents;

/**
 * WordPress remembers in each process what it read once. A runner lives long enough for that to be old, and reads so much that
 * it would fill the memory; so it forgets before each batch.
 */
class Memory {

	/**
	 * Forgets everything that this process remembers; what a shared cache (Redis, Memcached) holds stays.
	 *
	 * @return bool Whether that was possible; else `drop` has to do it for each thing.
	 */
	public function forget(): bool {
		if ( wp_using_ext_object_cache() && ! ( function_exists( 'wp_cache_supports' ) && wp_cache_supports( 'flush_runtime' ) ) ) {
			return false;
		}
		if ( function_exists( 'wp_cache_flush_runtime' ) ) {
			return (bool) wp_cache_flush_runtime();
		}
		return wp_using_ext_object_cache() ? false : (bool) wp_cache_flush();
	}

	/**
	 * Drops one thing from every cache, where the whole cannot be forgotten.
	 *
	 * @param string $kind Either order, customer, product or refund.
	 * @param int    $id   The site's id.
	 * @return void
	 */
	public function drop( string $kind, int $id ): void {
		if ( 'customer' === $kind ) {
			clean_user_cache( $id );
			return;
		}
		clean_post_cache( $id );
		$orders = 'Automattic\\WooCommerce\\Caches\\OrderCache';
		if ( 'product' !== $kind && class_exists( $orders ) && function_exists( 'wc_get_container' ) ) {
			wc_get_container()->get( $orders )->remove( $id );
		}
	}
}
