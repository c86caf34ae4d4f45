<?php
namespace Automattic\WooCommerce\Utilities {
	class FeaturesUtil {
		public static $declared = array();
		public static function declare_compatibility( $feature, $file, $positive = true ) {
			if ( ! doing_action( 'before_woocommerce_init' ) ) {
				_doing_it_wrong( __METHOD__, 'only during before_woocommerce_init', '7.1' );
				return false;
			}
			self::$declared[ $feature ][ plugin_basename( $file ) ] = (bool) $positive;
			return true;
		}
	}
	class OrderUtil {
		public static function custom_orders_table_usage_is_enabled() {
			return false;
		}
	}
}
