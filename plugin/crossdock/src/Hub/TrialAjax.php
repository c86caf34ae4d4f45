<?php
/**
 * The connection test, step by step.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Hub;

use Crossdock\Container;
use Crossdock\Part;
use Crossdock\Setup\Capability;

/**
 * Answers the script of the screen "Connection": one step a request, so that each result stands there as soon as it is known.
 */
final class TrialAjax implements Part {

	/**
	 * Builds the test when it is wanted.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Takes what builds the test.
	 *
	 * @param Container $container Builds the test when it is wanted.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Adds this part's hooks.
	 *
	 * @return void
	 */
	public function register(): void {
		add_action( 'wp_ajax_crossdock_test', array( $this, 'answer' ) );
	}

	/**
	 * Tries one step and answers with its result.
	 *
	 * @return void
	 */
	public function answer(): void {
		check_ajax_referer( 'crossdock-test' );
		if ( ! current_user_can( Capability::NAME ) ) {
			wp_send_json_error( null, 403 );
		}
		$step = isset( $_POST['step'] ) ? sanitize_key( wp_unslash( $_POST['step'] ) ) : '';
		if ( ! in_array( $step, Trial::STEPS, true ) ) {
			wp_send_json_error( null, 400 );
		}
		wp_send_json_success( $this->container->get( Trial::class )->step( $step ) );
	}
}
