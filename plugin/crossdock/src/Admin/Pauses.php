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
	 * @param mixed $pace What the outbox noted: `batch`, `rate`, `seconds` and `why`, each may be missing.
	 * @return array<string, string> Label => words, translated.
	 */
	public static function pace( $pace ): array {
		$pace  = is_array( $pace ) ? $pace : array();
		$words = array();
		if ( isset( $pace['batch'] ) ) {
			/* translators: %s: number of items. */
			$words[ __( 'Batch size', 'crossdock' ) ] = sprintf( _n( '%s item', '%s items', (int) $pace['batch'], 'crossdock' ), number_format_i18n( (int) $pace['batch'] ) );
		}
		if ( isset( $pace['seconds'] ) ) {
			$words[ __( 'A run lasts at most', 'crossdock' ) ] = Words::span( (float) $pace['seconds'] );
		}
		if ( isset( $pace['why'] ) && '' !== $pace['why'] ) {
			$words[ __( 'Why this pace', 'crossdock' ) ] = is_array( $pace['why'] ) ? implode( ' ', array_map( 'strval', $pace['why'] ) ) : (string) $pace['why'];
		}
		return $words;
	}
}
