<?php
/**
 * How a state is shown.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

/**
 * A state is always an icon, a word and a colour, so that nobody depends on one of them.
 */
final class State {

	/**
	 * State => the icon (a dashicon) and the tone (good, busy, warn, bad, none).
	 */
	private const LOOKS = array(
		'waiting'   => array( 'clock', 'busy' ),
		'sending'   => array( 'upload', 'busy' ),
		'claimed'   => array( 'upload', 'busy' ),
		'sent'      => array( 'yes', 'good' ),
		'delivered' => array( 'yes-alt', 'good' ),
		'skipped'   => array( 'controls-skipforward', 'none' ),
		'in_doubt'  => array( 'editor-help', 'warn' ),
		'dead'      => array( 'dismiss', 'bad' ),
		'paused'    => array( 'controls-pause', 'warn' ),
		'off'       => array( 'minus', 'none' ),
		'ok'        => array( 'yes-alt', 'good' ),
		'active'    => array( 'yes-alt', 'good' ),
		'warning'   => array( 'warning', 'warn' ),
		'error'     => array( 'dismiss', 'bad' ),
		'info'      => array( 'info', 'none' ),
	);

	/**
	 * Prints a state.
	 *
	 * @param string $state One of the outbox's, of the hub's deliveries or of a connection.
	 * @param string $word  Other words for it, translated.
	 * @return void
	 */
	public static function show( string $state, string $word = '' ): void {
		list( $icon, $tone ) = self::LOOKS[ $state ] ?? array( 'info', 'none' );
		echo '<span class="crossdock-state ' . esc_attr( $tone ) . '"><span class="dashicons dashicons-' . esc_attr( $icon ) . '" aria-hidden="true"></span>';
		echo esc_html( '' === $word ? self::word( $state ) : $word ) . '</span>';
	}

	/**
	 * Returns the translated word for a state; a state nobody here knows is its own word.
	 *
	 * @param string $state The state.
	 * @return string
	 */
	public static function word( string $state ): string {
		$words = array(
			'waiting'   => __( 'Waiting', 'crossdock' ),
			'sending'   => __( 'Being sent', 'crossdock' ),
			'claimed'   => __( 'Being delivered', 'crossdock' ),
			'sent'      => __( 'Sent', 'crossdock' ),
			'delivered' => __( 'Delivered', 'crossdock' ),
			'skipped'   => __( 'Not needed', 'crossdock' ),
			'in_doubt'  => __( 'Being checked', 'crossdock' ),
			'dead'      => __( 'Failed', 'crossdock' ),
			'paused'    => __( 'Paused', 'crossdock' ),
			'off'       => __( 'Off', 'crossdock' ),
			'ok'        => __( 'In order', 'crossdock' ),
			'active'    => __( 'Active', 'crossdock' ),
			'warning'   => __( 'Warning', 'crossdock' ),
			'error'     => __( 'Error', 'crossdock' ),
			'info'      => __( 'Note', 'crossdock' ),
		);
		return $words[ $state ] ?? ucfirst( str_replace( array( '_', '-' ), ' ', $state ) );
	}
}
