<?php
/**
 * The forms of the screens.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

/**
 * Begins forms with their nonce and lets through only what was sent with it by somebody who may.
 */
final class Form {

	/**
	 * Prints the beginning of a form that is sent by POST to the page it stands on.
	 *
	 * @param string                    $action What it does, e.g. `queue-pause`: one nonce an action.
	 * @param array<string, string|int> $hidden Hidden fields.
	 * @param string                    $class  CSS class of the form.
	 * @return void
	 */
	public static function open( string $action, array $hidden = array(), string $class = '' ): void {
		echo '<form method="post" class="' . esc_attr( $class ) . '">';
		self::mark( $action );
		foreach ( $hidden as $name => $value ) {
			echo '<input type="hidden" name="' . esc_attr( (string) $name ) . '" value="' . esc_attr( (string) $value ) . '">';
		}
	}

	/**
	 * Prints the hidden fields that name the action and carry its nonce.
	 *
	 * @param string $action What the form does.
	 * @return void
	 */
	public static function mark( string $action ): void {
		echo '<input type="hidden" name="crossdock_action" value="' . esc_attr( $action ) . '">';
		echo '<input type="hidden" name="crossdock_nonce" value="' . esc_attr( wp_create_nonce( 'crossdock-' . $action ) ) . '">';
	}

	/**
	 * Prints a form that is one button.
	 *
	 * @param string                    $action What it does.
	 * @param string                    $label  The button's words, translated.
	 * @param array<string, string|int> $hidden Hidden fields.
	 * @param string                    $class  CSS classes of the button.
	 * @return void
	 */
	public static function button( string $action, string $label, array $hidden = array(), string $class = 'button' ): void {
		self::open( $action, $hidden, 'crossdock-inline' );
		echo '<button class="' . esc_attr( $class ) . '">' . esc_html( $label ) . '</button></form>';
	}

	/**
	 * Returns what a form sent, null when this request is not that form. Ends the request with 403 when the nonce is
	 * wrong or the person may not.
	 *
	 * @param string $action     What the form does.
	 * @param string $capability Who may.
	 * @return array<string, mixed>|null Unslashed; still to be sanitised by whom it concerns.
	 */
	public static function sent( string $action, string $capability = Menu::CAPABILITY ): ?array {
		if ( ! isset( $_POST['crossdock_action'], $_POST['crossdock_nonce'] ) ) {
			return null;
		}
		if ( sanitize_text_field( wp_unslash( $_POST['crossdock_action'] ) ) !== $action ) {
			return null;
		}
		$nonce = sanitize_text_field( wp_unslash( $_POST['crossdock_nonce'] ) );
		if ( ! wp_verify_nonce( $nonce, 'crossdock-' . $action ) || ! current_user_can( $capability ) ) {
			wp_die( esc_html__( 'This form is too old or not for you. Go back, reload the page and try again.', 'crossdock' ), '', array( 'response' => 403 ) );
		}
		return (array) wp_unslash( $_POST );
	}

	/**
	 * Returns a field of what a form sent, as one line of trimmed text without tags.
	 *
	 * @param array<string, mixed> $sent What `sent` returned.
	 * @param string               $name The field.
	 * @return string Empty when there is none.
	 */
	public static function word( array $sent, string $name ): string {
		return isset( $sent[ $name ] ) && is_string( $sent[ $name ] ) ? trim( sanitize_text_field( $sent[ $name ] ) ) : '';
	}
}
