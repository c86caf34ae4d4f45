<?php
/**
 * Words for what the hub answers.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Answer;

/**
 * Says in plain words what was wrong with a request to the hub.
 */
final class HubWords {

	/**
	 * Returns the problem of an answer.
	 *
	 * @param Answer $answer An answer that failed.
	 * @return string Empty when it did not.
	 */
	public static function problem( Answer $answer ): string {
		if ( $answer->ok() ) {
			return '';
		}
		$known = array(
			'unreachable'   => __( 'The hub could not be reached.', 'crossdock' ),
			'not-the-hub'   => __( 'What answered at the hub’s address is not the hub (a firewall, a proxy or a maintenance page).', 'crossdock' ),
			'unpaired'      => __( 'This site is not paired with a hub.', 'crossdock' ),
			'salts-changed' => __( 'The site’s salts were changed, so its key can no longer be read. Pair it again.', 'crossdock' ),
			'unknown-key'   => __( 'The hub does not know this site’s key any more. Pair it again.', 'crossdock' ),
			'bad-signature' => __( 'The hub refused the signature. Something between site and hub changes requests, or the secret is wrong.', 'crossdock' ),
			'clock-skew'    => __( 'The clocks of site and hub differ by more than five minutes.', 'crossdock' ),
			'another-site'  => __( 'The key belongs to another site: this one seems to be a copy.', 'crossdock' ),
		);
		$words  = $known[ $answer->code() ] ?? '';
		$detail = $answer->detail();
		$remedy = null === $answer->problem ? '' : $answer->problem['remedy'];
		$all    = array_filter( array( $words, 'unpaired' === $answer->code() ? '' : $detail, $remedy ), 'strlen' );
		return array() === $all ? $answer->code() : implode( ' ', $all );
	}

	/**
	 * Returns a problem the hub tells of something, be it text or a document.
	 *
	 * @param mixed $problem Null, text or `{detail, remedy}`.
	 * @return string
	 */
	public static function text( $problem ): string {
		if ( is_string( $problem ) ) {
			return $problem;
		}
		if ( ! is_array( $problem ) ) {
			return '';
		}
		$words = array();
		foreach ( array( 'detail', 'title', 'remedy' ) as $name ) {
			if ( isset( $problem[ $name ] ) && is_string( $problem[ $name ] ) && '' !== $problem[ $name ] && ( 'title' !== $name || array() === $words ) ) {
				$words[] = $problem[ $name ];
			}
		}
		return implode( ' ', $words );
	}

	/**
	 * Prints a notice about an answer that failed.
	 *
	 * @param Answer $answer The answer.
	 * @return void
	 */
	public static function notice( Answer $answer ): void {
		echo '<div class="notice notice-error inline" role="alert"><p>' . esc_html( self::problem( $answer ) ) . ' <code>' . esc_html( $answer->code() ) . '</code></p>';
		$problems = null === $answer->problem ? array() : $answer->problem['problems'];
		if ( array() !== $problems ) {
			echo '<ul class="ul-disc">';
			foreach ( $problems as $one ) {
				echo '<li><code>' . esc_html( (string) ( $one['field'] ?? '' ) ) . '</code> ' . esc_html( (string) ( $one['remedy'] ?? $one['rule'] ?? '' ) ) . '</li>';
			}
			echo '</ul>';
		}
		echo '</div>';
	}
}
