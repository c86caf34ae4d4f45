<?php
/**
 * Words for why it is paused and how fast it goes.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

/**
 * Says in plain words why sending is paused and what its pace is.
 */
final class Pauses {

	/**
	 * Returns why sending is paused.
	 *
	 * @param array<string, mixed> $pause As `Condition::pause_reason` tells it.
	 * @return string
	 */
	public static function words( array $pause ): string {
		$text = trim( (string) ( $pause['text'] ?? '' ) );
		$by   = (int) ( $pause['by'] ?? 0 );
		if ( 'failures' === ( $pause['code'] ?? '' ) ) {
			$words = __( 'Paused after too many failures in a row', 'crossdock' );
		} elseif ( -1 === $by ) {
			$words = __( 'Paused by the hub', 'crossdock' );
		} elseif ( $by > 0 ) {
			$user = get_userdata( $by );
			/* translators: %s: a person's name. */
			$words = sprintf( __( 'Paused by %s', 'crossdock' ), false === $user ? '#' . $by : $user->display_name );
		} else {
			$words = __( 'Paused', 'crossdock' );
		}
		return '' === $text ? $words : $words . ': ' . $text;
	}

	/**
	 * Returns the present pace.
	 *
	 * @param array<string, mixed> $pace As `Outbox\Pace::now` tells it.
	 * @return array<string, string> Label => words, translated.
	 */
	public static function pace( array $pace ): array {
		$why   = array(
			'first'         => __( 'The first size; it grows while answers come quickly.', 'crossdock' ),
			'steady'        => __( 'It suits both sides.', 'crossdock' ),
			'set-by-hand'   => __( 'It is set in the settings.', 'crossdock' ),
			'hub-limit'     => __( 'The hub takes no more at once.', 'crossdock' ),
			'slow-answers'  => __( 'Answers came slowly, so batches are smaller.', 'crossdock' ),
			'quick-answers' => __( 'Answers came quickly, so batches are larger.', 'crossdock' ),
			'little-memory' => __( 'PHP has little memory on this host.', 'crossdock' ),
			'rate-limit'    => __( 'The hub asked for a slower pace.', 'crossdock' ),
			'too-large'     => __( 'A batch was too large for the hub.', 'crossdock' ),
		);
		$items = (int) ( $pace['items'] ?? 0 );
		$code  = (string) ( $pace['why'] ?? '' );
		/* translators: %s: number of changes. */
		$words = array( __( 'Batch', 'crossdock' ) => sprintf( _n( '%s change', '%s changes', $items, 'crossdock' ), number_format_i18n( $items ) ) . '. ' . ( $why[ $code ] ?? $code ) );
		if ( (float) ( $pace['rest_s'] ?? 0 ) > 0 ) {
			$words[ __( 'Rest between batches', 'crossdock' ) ] = Words::span( (float) $pace['rest_s'] );
		}
		/* translators: 1: a span of time, 2: a span of time. */
		$words[ __( 'Time', 'crossdock' ) ] = sprintf( __( 'a run lasts at most %1$s, a request %2$s', 'crossdock' ), Words::span( (float) ( $pace['seconds'] ?? 0 ) ), Words::span( (float) ( $pace['timeout_s'] ?? 0 ) ) );
		if ( (int) ( $pace['memory'] ?? 0 ) > 0 ) {
			/* translators: %s: a number of bytes with its unit. */
			$words[ __( 'Memory', 'crossdock' ) ] = sprintf( __( 'a run ends at %s', 'crossdock' ), (string) size_format( (int) $pace['memory'] ) );
		}
		return $words;
	}
}
