<?php
/**
 * What a screen says after a form was sent.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

/**
 * Keeps words for the next page the same person sees, so that a form can be answered by a redirect (and reloading the
 * page sends nothing twice).
 */
final class Flash {

	/**
	 * Seconds the words are kept.
	 */
	private const KEPT = 120;

	/**
	 * Keeps words for the next page.
	 *
	 * @param string $level success, info, warning or error.
	 * @param string $text  Plain text, translated.
	 * @return void
	 */
	public static function say( string $level, string $text ): void {
		$said   = self::said();
		$said[] = array( $level, $text );
		set_transient( self::name(), $said, self::KEPT );
	}

	/**
	 * Prints what was said, once.
	 *
	 * @return void
	 */
	public static function show(): void {
		$said = self::said();
		if ( array() !== $said ) {
			delete_transient( self::name() );
		}
		foreach ( $said as $one ) {
			self::notice( (string) $one[0], (string) $one[1] );
		}
	}

	/**
	 * Prints one notice in WordPress' own style.
	 *
	 * @param string $level success, info, warning or error.
	 * @param string $text  Plain text, translated.
	 * @return void
	 */
	public static function notice( string $level, string $text ): void {
		$role = 'error' === $level ? 'alert' : 'status';
		echo '<div class="notice notice-' . esc_attr( $level ) . ' inline" role="' . esc_attr( $role ) . '"><p>' . esc_html( $text ) . '</p></div>';
	}

	/**
	 * Keeps words and goes to a screen. Does not return.
	 *
	 * @param string $level success, info, warning or error.
	 * @param string $text  Plain text, translated.
	 * @param string $url   Where to go.
	 * @return void
	 */
	public static function go( string $level, string $text, string $url ): void {
		self::say( $level, $text );
		wp_safe_redirect( $url );
		exit;
	}

	/**
	 * Returns what was said and not yet shown.
	 *
	 * @return array<int, array<int, string>>
	 */
	private static function said(): array {
		$said = get_transient( self::name() );
		return is_array( $said ) ? $said : array();
	}

	/**
	 * Returns under which name this person's words are kept.
	 *
	 * @return string
	 */
	private static function name(): string {
		return 'crossdock_said_' . get_current_user_id();
	}
}
