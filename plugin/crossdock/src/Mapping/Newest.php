<?php
/**
 * The newest records of the site.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Mapping;

/**
 * Finds the ids of the newest people, orders and products: a few, by the tables' own keys, never by looking through
 * tables of meta.
 */
class Newest {

	/**
	 * Returns which kinds the site has: orders and products only when WooCommerce runs.
	 *
	 * @return array<int, string>
	 */
	public function kinds(): array {
		return function_exists( 'wc_get_orders' ) && function_exists( 'wc_get_products' ) ? array( 'customer', 'order', 'product' ) : array( 'customer' );
	}

	/**
	 * Returns ids, the newest first.
	 *
	 * @param string $kind customer, order or product.
	 * @param int    $most How many at most.
	 * @return array<int, int> Empty when there are none or the site has no such kind.
	 */
	public function ids( string $kind, int $most ): array {
		if ( ! in_array( $kind, $this->kinds(), true ) ) {
			return array();
		}
		if ( 'customer' === $kind ) {
			$ids = get_users(
				array(
					'number'      => $most,
					'orderby'     => 'ID',
					'order'       => 'DESC',
					'fields'      => 'ID',
					'count_total' => false,
				)
			);
			return array_map( 'intval', (array) $ids );
		}
		$asked = array(
			'limit'   => $most,
			'orderby' => 'ID',
			'order'   => 'DESC',
			'return'  => 'ids',
		);
		$ids   = 'order' === $kind ? wc_get_orders( $asked + array( 'type' => 'shop_order' ) ) : wc_get_products( $asked );
		return array_map( 'intval', is_array( $ids ) ? $ids : array() );
	}
}
