<?php
/**
 * Products and variations as documents.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Documents;

/**
 * Reads a product as `wc/v3/products/{id}` answers it and a variation as `wc/v3/products/{product}/variations/{id}` does, with
 * `type` and `parent_id` where an older WooCommerce leaves them out.
 */
class ProductDocument implements Document {

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
	 * Reads a product or a variation.
	 *
	 * @param int $id Its id.
	 * @return Found
	 */
	public function read( int $id ): Found {
		if ( ! $this->shop->open() ) {
			return Found::unreadable( __( 'WooCommerce is not active, so its products cannot be read.', 'crossdock' ) );
		}
		$product = wc_get_product( $id );
		if ( ! $product instanceof \WC_Product ) {
			return $this->shop->has_post( $id ) ? Found::unreadable( __( 'WooCommerce cannot read this product.', 'crossdock' ) ) : Found::gone();
		}
		if ( 'auto-draft' === $product->get_status() || 'importing' === $product->get_status() ) {
			return Found::nothing( __( 'A product that is just being made is none yet.', 'crossdock' ) );
		}
		if ( ! $product->is_type( 'variation' ) ) {
			return $this->shop->shown( 'WC_REST_Products_Controller', 'prepare_object_for_response', $product, array( 'id' => $id ) );
		}
		$parent = $product->get_parent_id();
		if ( ! wc_get_product( $parent ) instanceof \WC_Product ) {
			return $this->shop->has_post( $parent ) ? Found::unreadable( __( 'WooCommerce cannot read the product of this variation.', 'crossdock' ) ) : Found::gone();
		}
		$found = $this->shop->shown( 'WC_REST_Product_Variations_Controller', 'prepare_object_for_response', $product, array( 'id' => $id, 'product_id' => $parent ) );
		return Found::DOCUMENT === $found->what ? Found::document( $found->data + array( 'type' => 'variation', 'parent_id' => $parent ) ) : $found;
	}
}
