<?php
/**
 * What the plugin tells WooCommerce of itself.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

use Crossdock\Wp\Home;

/**
 * Declares that the plugin works with orders in tables of their own (HPOS) and with the blocks of cart and checkout.
 */
final class Compatibility {

	/**
	 * What is declared.
	 */
	private const FEATURES = array( 'custom_order_tables', 'cart_checkout_blocks' );

	/**
	 * Where the plugin lies.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * Takes where the plugin lies.
	 *
	 * @param Home $home Where the plugin lies.
	 */
	public function __construct( Home $home ) {
		$this->home = $home;
	}

	/**
	 * Declares them, where WooCommerce knows how (7.1 and newer).
	 *
	 * @return void
	 */
	public function declare_features(): void {
		$class = '\Automattic\WooCommerce\Utilities\FeaturesUtil';
		if ( class_exists( $class ) ) {
			foreach ( self::FEATURES as $feature ) {
				$class::declare_compatibility( $feature, $this->home->file(), true );
			}
		}
	}
}
