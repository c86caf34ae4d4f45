<?php
/**
 * Stands in for WooCommerce in tests: the classes, functions and hooks that the plugin uses, in the order in which the real
 * one fires them; documents in the shape of the recordings. The same tests run against a real WooCommerce
 * (docs/how-to/test-the-plugin.md), which keeps this honest. It has no prices of its own, no taxes and no pages for people.
 */
define( 'WC_VERSION', '11.0.1' );
define( 'CROSSDOCK_STANDIN', true );
require __DIR__ . '/data.php';
require __DIR__ . '/order.php';
require __DIR__ . '/product.php';
require __DIR__ . '/customer.php';
require __DIR__ . '/rest.php';
require __DIR__ . '/scheduler.php';
require __DIR__ . '/checkout.php';
require __DIR__ . '/features.php';

add_action( 'plugins_loaded', static function () { do_action( 'woocommerce_loaded' ); }, -1 );
add_action(
	'init',
	static function () {
		do_action( 'before_woocommerce_init' );
		foreach ( array( 'product', 'product_variation', 'shop_order', 'shop_order_refund' ) as $type ) {
			register_post_type( $type, array( 'public' => 'product' === $type, 'supports' => array( 'title' ), 'show_ui' => 'shop_order' === $type ) );
		}
		foreach ( array_keys( wc_get_order_statuses() ) as $status ) {
			register_post_status( $status, array( 'public' => false, 'internal' => true ) );
		}
		foreach ( array( 'customer' => 'Customer', 'shop_manager' => 'Shop manager' ) as $role => $name ) {
			if ( ! get_role( $role ) ) {
				add_role( $role, $name, array( 'read' => true ) );
			}
		}
		do_action( 'woocommerce_init' );
	},
	0
);

class WooCommerce {
	public $version = WC_VERSION;
	public $session = null;
}
function WC() {
	static $one = null;
	return $one = $one ?? new WooCommerce();
}
function wc_get_order_statuses() {
	$names = array( 'pending', 'processing', 'on-hold', 'completed', 'cancelled', 'refunded', 'failed', 'checkout-draft' );
	return array_combine( array_map( static function ( $name ) { return "wc-$name"; }, $names ), $names );
}
function get_woocommerce_currency() {
	return apply_filters( 'woocommerce_currency', 'EUR' );
}
function wc_get_page_screen_id( $for ) {
	return str_replace( '-', '_', $for );
}
