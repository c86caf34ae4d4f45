<?php
/**
 * Refunds as documents.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Documents;

/**
 * Reads a refund as `wc/v3/orders/{order}/refunds/{id}` answers it, with `parent_id`: its order.
 */
class RefundDocument implements Document {

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
	 * Reads a refund.
	 *
	 * @param int $id The refund.
	 * @return Found
	 */
	public function read( int $id ): Found {
		if ( ! $this->shop->open() ) {
			return Found::unreadable( __( 'WooCommerce is not active, so its refunds cannot be read.', 'crossdock' ) );
		}
		$refund = wc_get_order( $id );
		if ( ! $refund instanceof \WC_Order_Refund ) {
			return $this->shop->has_order( $id ) ? Found::unreadable( __( 'WooCommerce cannot read this refund.', 'crossdock' ) ) : Found::gone();
		}
		$order = $refund->get_parent_id();
		if ( ! $this->shop->has_order( $order ) ) {
			return Found::gone();
		}
		$found = $this->shop->shown( 'WC_REST_Order_Refunds_Controller', 'prepare_object_for_response', $refund, array( 'id' => $id, 'order_id' => $order ) );
		return Found::DOCUMENT === $found->what ? Found::document( $found->data + array( 'parent_id' => $order ) ) : $found;
	}
}
