<?php
/**
 * What the site is.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

use Crossdock\Setup\Activation;
use Crossdock\Wp\Home;

/**
 * The document by which the hub knows this site, and the marks by which a copy of it is told apart.
 */
class Facts {

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
	 * Returns the document. Addresses are those of the database (or wp-config.php), not what a language plugin makes of them.
	 *
	 * @return array<string, mixed>
	 */
	public function document(): array {
		return array(
			'instance'    => $this->instance(),
			'url'         => untrailingslashit( (string) get_option( 'home' ) ),
			'site_url'    => untrailingslashit( (string) get_option( 'siteurl' ) ),
			'rest_url'    => get_rest_url(),
			'name'        => html_entity_decode( (string) get_option( 'blogname' ), ENT_QUOTES | ENT_HTML5, 'UTF-8' ),
			'wordpress'   => (string) get_bloginfo( 'version' ),
			'php'         => PHP_VERSION,
			'plugin'      => $this->home->version(),
			'woocommerce' => $this->woocommerce(),
			'hpos'        => $this->hpos(),
			'currency'    => function_exists( 'get_woocommerce_currency' ) ? (string) get_woocommerce_currency() : null,
			'time_zone'   => wp_timezone_string(),
			'locale'      => get_locale(),
			'multisite'   => is_multisite(),
			'blog_id'     => get_current_blog_id(),
			'environment' => wp_get_environment_type(),
		);
	}

	/**
	 * Returns what names this installation: a UUID made once.
	 *
	 * @return string
	 */
	public function instance(): string {
		$kept = get_option( Activation::INSTANCE );
		if ( is_string( $kept ) && '' !== $kept ) {
			return $kept;
		}
		// Two requests at once make one: the second finds what the first kept.
		add_option( Activation::INSTANCE, wp_generate_uuid4(), '', false );
		return (string) get_option( Activation::INSTANCE );
	}

	/**
	 * Returns what is compared to tell a copy: address, instance, environment, and a mark of the database.
	 *
	 * @return array{url: string, instance: string, environment: string, database: string}
	 */
	public function marks(): array {
		global $wpdb;
		return array(
			'url'         => (string) get_option( 'home' ),
			'instance'    => $this->instance(),
			'environment' => wp_get_environment_type(),
			'database'    => substr( hash( 'sha256', ( defined( 'DB_NAME' ) ? DB_NAME : '' ) . "\n" . $wpdb->prefix ), 0, 16 ),
		);
	}

	/**
	 * Returns the version of WooCommerce; null when it is not active.
	 *
	 * @return string|null
	 */
	public function woocommerce(): ?string {
		return defined( 'WC_VERSION' ) ? (string) WC_VERSION : null;
	}

	/**
	 * Tells whether orders lie in WooCommerce's own tables.
	 *
	 * @return bool
	 */
	public function hpos(): bool {
		$class = '\Automattic\WooCommerce\Utilities\OrderUtil';
		return class_exists( $class ) && is_callable( array( $class, 'custom_orders_table_usage_is_enabled' ) ) && true === $class::custom_orders_table_usage_is_enabled();
	}
}
