<?php
/**
 * Orders as documents.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Documents;

/**
 * Reads an order (guest or registered, either storage) as `wc/v3/orders/{id}` answers it.
 */
class OrderDocument implements Document {

	/**
	 * Statuses of what is no order yet.
	 */
	public const NOT_YET = array( 'checkout-draft', 'auto-draft', 'draft', 'new' );

	/**
	 * WooCommerce.
	 *
	 * @var Shop
	 */
	private Shop $shop;

	/**
	 * Takes WooCommerce.
	 *
	 * @param Shop $shop WooCommerce.
	 */
	public function __construct( Shop $shop ) {
		$this->shop = $shop;
	}

	/**
	 * Reads an order.
	 *
	 * @param int $id The order.
	 * @return Found
	 */
	public function read( int $id ): Found {
		if ( ! $this->shop->open() ) {
			return Found::unreadable( __( 'WooCommerce is not active, so its orders cannot be read.', 'crossdock' ) );
		}
		$order = wc_get_order( $id );
		if ( ! $order instanceof \WC_Order ) {
			return $this->shop->has_order( $id ) && ! $order instanceof \WC_Order_Refund ? Found::unreadable( __( 'WooCommerce cannot read this order.', 'crossdock' ) ) : Found::gone();
		}
		if ( in_array( $order->get_status(), self::NOT_YET, true ) ) {
			return Found::nothing( __( 'A draft of the checkout is no order yet.', 'crossdock' ) );
		}
		return $this->shop->shown( 'WC_REST_Orders_Controller', 'prepare_object_for_response', $order, array( 'id' => $id ) );
	}
}
