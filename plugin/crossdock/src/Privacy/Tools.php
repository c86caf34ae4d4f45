<?php
/**
 * WordPress' privacy tools.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Privacy;

use Crossdock\Container;
use Crossdock\Part;

/**
 * Registers the exporter, the eraser and the suggested text of the privacy policy.
 */
final class Tools implements Part {

	/**
	 * Builds what is asked for.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Notes what it needs.
	 *
	 * @param Container $container Builds what is asked for.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Adds the hooks.
	 *
	 * @return void
	 */
	public function register(): void {
		add_filter( 'wp_privacy_personal_data_exporters', array( $this, 'exporter' ) );
		add_filter( 'wp_privacy_personal_data_erasers', array( $this, 'eraser' ) );
		add_action( 'admin_init', array( $this, 'policy' ) );
	}

	/**
	 * Adds the exporter.
	 *
	 * @param mixed $known The exporters.
	 * @return mixed
	 */
	public function exporter( $known ) {
		$known['crossdock'] = array(
			'exporter_friendly_name' => 'Crossdock',
			'callback'               => function ( $email, $page = 1 ): array {
				return $this->container->get( Exporter::class )->page( (string) $email, (int) $page );
			},
		);
		return $known;
	}

	/**
	 * Adds the eraser.
	 *
	 * @param mixed $known The erasers.
	 * @return mixed
	 */
	public function eraser( $known ) {
		$known['crossdock'] = array(
			'eraser_friendly_name' => 'Crossdock',
			'callback'             => function ( $email, $page = 1 ): array {
				return $this->container->get( Eraser::class )->page( (string) $email, (int) $page );
			},
		);
		return $known;
	}

	/**
	 * Suggests a text for the site's privacy policy.
	 *
	 * @return void
	 */
	public function policy(): void {
		if ( function_exists( 'wp_add_privacy_policy_content' ) ) {
			wp_add_privacy_policy_content( 'Crossdock', wp_kses_post( Policy::text() ) );
		}
	}
}
