<?php
/**
 * The plugin in WordPress' Site Health.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Container;
use Crossdock\Part;

/**
 * Adds tests (queue, tables, cron; the hub and the way into the site in the background) and a panel to Site Health.
 */
final class SiteHealth implements Part {

	/**
	 * Tests that are quick: name => method of `HealthTests`.
	 */
	private const DIRECT = array( 'queue', 'tables', 'cron' );

	/**
	 * Tests that ask somebody and run in the background.
	 */
	private const ASYNC = array( 'hub', 'way_in' );

	/**
	 * Builds the tests.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Notes what it needs.
	 *
	 * @param Container $container Builds the tests.
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
		add_filter( 'site_status_tests', array( $this, 'tests' ) );
		add_filter( 'debug_information', array( $this, 'panel' ) );
		foreach ( self::ASYNC as $name ) {
			add_action( 'wp_ajax_health-check-crossdock-' . str_replace( '_', '-', $name ), $this->asked( $name ) );
		}
	}

	/**
	 * Adds the tests.
	 *
	 * @param mixed $tests WordPress' tests: direct and async.
	 * @return mixed
	 */
	public function tests( $tests ) {
		foreach ( self::DIRECT as $name ) {
			$tests['direct'][ 'crossdock_' . $name ] = array(
				'label' => 'Crossdock: ' . $name,
				'test'  => $this->test( $name ),
			);
		}
		foreach ( self::ASYNC as $name ) {
			$tests['async'][ 'crossdock_' . $name ] = array(
				'label'             => 'Crossdock: ' . $name,
				'test'              => 'crossdock_' . $name,
				'async_direct_test' => $this->test( $name ),
			);
		}
		return $tests;
	}

	/**
	 * Adds the panel.
	 *
	 * @param mixed $panels WordPress' panels.
	 * @return mixed
	 */
	public function panel( $panels ) {
		$panels['crossdock'] = $this->container->get( HealthPanel::class )->document();
		return $panels;
	}

	/**
	 * Returns what carries out a test.
	 *
	 * @param string $name The test.
	 * @return callable
	 */
	private function test( string $name ): callable {
		return function () use ( $name ): array {
			return $this->container->get( HealthTests::class )->run( $name );
		};
	}

	/**
	 * Returns what answers the browser that asks for a test.
	 *
	 * @param string $name The test.
	 * @return callable
	 */
	private function asked( string $name ): callable {
		return function () use ( $name ): void {
			check_ajax_referer( 'health-check-site-status' );
			if ( ! current_user_can( 'view_site_health_checks' ) ) {
				wp_send_json_error( null, 403 );
			}
			wp_send_json_success( $this->container->get( HealthTests::class )->run( $name ) );
		};
	}
}
