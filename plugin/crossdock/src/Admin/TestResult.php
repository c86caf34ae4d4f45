<?php
/**
 * What became of a test.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Answer;

/**
 * Prints what the hub answered to a test: taken or not and why, and what each destination would get.
 */
final class TestResult {

	/**
	 * Prints a result.
	 *
	 * @param string                           $kind   The kind that was tested.
	 * @param Answer                           $answer What the hub answered.
	 * @param array<int, array<string, mixed>> $routes What each destination would get, where the answer does not say.
	 * @return void
	 */
	public static function show( string $kind, Answer $answer, array $routes ): void {
		/* translators: %s: kind of data, e.g. "Order". */
		echo '<h2 id="crossdock-preview" tabindex="-1">' . esc_html( sprintf( __( 'Result: %s', 'crossdock' ), Words::kind( $kind ) ) ) . '</h2>';
		if ( ! $answer->ok() ) {
			HubWords::notice( $answer );
			return;
		}
		/* translators: %s: a number of milliseconds. */
		Flash::notice( 'success', sprintf( __( 'The hub took it in %s ms.', 'crossdock' ), number_format_i18n( (int) round( 1000 * $answer->took ) ) ) );
		$preview = $answer->data['preview'] ?? null;
		if ( is_array( $preview ) ) {
			$routes = array_filter( (array) ( $preview['routes'] ?? ( isset( $preview['fields'] ) ? array( $preview ) : $preview ) ), 'is_array' );
		}
		if ( array() === $routes ) {
			echo '<p>' . esc_html__( 'No destination would get anything of it.', 'crossdock' ) . '</p>';
		}
		foreach ( $routes as $route ) {
			self::route( $route );
		}
	}

	/**
	 * Prints what one destination would get.
	 *
	 * @param array<mixed> $route Destination, action, fields, problem.
	 * @return void
	 */
	private static function route( array $route ): void {
		$to    = $route['destination'] ?? '';
		$parts = array( is_array( $to ) ? (string) ( $to['name'] ?? '' ) : (string) $to, is_scalar( $route['action'] ?? null ) ? (string) $route['action'] : '' );
		echo '<h3>' . esc_html( implode( ': ', array_filter( $parts, 'strlen' ) ) ) . '</h3>';
		$trouble = HubWords::text( $route['problem'] ?? ( $route['reason'] ?? null ) );
		if ( '' !== $trouble ) {
			Flash::notice( 'warning', $trouble );
		}
		if ( is_array( $route['fields'] ?? null ) ) {
			MappingPreview::table( array_values( array_filter( $route['fields'], 'is_array' ) ) );
		}
	}
}
