<?php
/**
 * Where things are edited on the site.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

/**
 * Finds the edit screen of what an event is about.
 */
final class Links {

	/**
	 * Returns the address of the edit screen.
	 *
	 * @param string $entity `order:12`, `customer:7`, `user:7`, `product:9`, `refund:13`.
	 * @return string Not yet escaped; empty when there is none for this person.
	 */
	public static function edit( string $entity ): string {
		if ( ! preg_match( '/^([a-z_]+):(\d{1,18})$/D', $entity, $found ) ) {
			return '';
		}
		$id = (int) $found[2];
		switch ( $found[1] ) {
			case 'order':
				return self::order( $id );
			case 'customer':
			case 'user':
				return current_user_can( 'edit_user', $id ) ? (string) get_edit_user_link( $id ) : '';
			case 'product':
				return current_user_can( 'edit_post', $id ) ? (string) get_edit_post_link( $id, 'raw' ) : '';
			default:
				return '';
		}
	}

	/**
	 * Returns the address of an order's edit screen, wherever the shop keeps orders.
	 *
	 * @param int $id The order.
	 * @return string
	 */
	private static function order( int $id ): string {
		$order = function_exists( 'wc_get_order' ) && current_user_can( 'edit_shop_orders' ) ? wc_get_order( $id ) : false;
		return is_object( $order ) && method_exists( $order, 'get_edit_order_url' ) ? (string) $order->get_edit_order_url() : '';
	}
}
