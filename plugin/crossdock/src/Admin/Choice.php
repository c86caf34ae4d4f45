<?php
/**
 * Lists to choose from.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

/**
 * Prints lists of a form.
 */
final class Choice {

	/**
	 * Prints a list to choose from.
	 *
	 * @param string                $name    Name of the field.
	 * @param string                $label   What it chooses, for those who do not see the table around it.
	 * @param array<string, string> $choices Value => words.
	 * @param string                $chosen  The value chosen.
	 * @return void
	 */
	public static function select( string $name, string $label, array $choices, string $chosen ): void {
		echo '<select name="' . esc_attr( $name ) . '" aria-label="' . esc_attr( $label ) . '">';
		self::options( $choices, $chosen );
		echo '</select>';
	}

	/**
	 * Prints choices.
	 *
	 * @param array<string, string> $choices Value => words.
	 * @param string                $chosen  The value chosen.
	 * @return void
	 */
	public static function options( array $choices, string $chosen ): void {
		foreach ( $choices as $value => $words ) {
			echo '<option value="' . esc_attr( (string) $value ) . '"' . selected( (string) $value, $chosen, false ) . '>' . esc_html( $words ) . '</option>';
		}
	}
}
