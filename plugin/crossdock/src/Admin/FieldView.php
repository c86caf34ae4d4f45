<?php
/**
 * What a setting looks like.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Settings\Fault;
use Crossdock\Settings\Fields;
use Crossdock\Settings\Words as SettingWords;

/**
 * Prints the row of one setting: label, input by its type, help, and what is wrong with what was typed.
 */
final class FieldView {

	/**
	 * Prints the row.
	 *
	 * @param string            $name   The setting.
	 * @param mixed             $value  Its value, or what was typed.
	 * @param array<int, Fault> $faults What is wrong.
	 * @return void
	 */
	public static function row( string $name, $value, array $faults ): void {
		$field = Fields::one( $name );
		$words = SettingWords::of( $name );
		$id    = 'crossdock-' . $name;
		$wrong = self::wrong( $name, $faults );
		echo '<tr><th scope="row"><label for="' . esc_attr( $id ) . '">' . esc_html( $words['label'] ) . '</label></th><td>';
		if ( 'bool' === $field['type'] ) {
			echo '<input type="hidden" name="' . esc_attr( "settings[$name]" ) . '" value="0">';
			echo '<input type="checkbox" value="1" ' . ( true === $value || '1' === $value ? 'checked ' : '' );
		} elseif ( 'choice' === $field['type'] ) {
			echo '<select ';
		} else {
			echo '<input type="text" class="' . esc_attr( 'text' === $field['type'] || 'email' === $field['type'] ? 'large-text' : 'small-text crossdock-short' ) . '" value="' . esc_attr( is_scalar( $value ) ? (string) $value : '' ) . '" ';
		}
		echo 'id="' . esc_attr( $id ) . '" name="' . esc_attr( "settings[$name]" ) . '" aria-describedby="' . esc_attr( "$id-help $id-wrong" ) . '" aria-invalid="' . esc_attr( '' === $wrong ? 'false' : 'true' ) . '">';
		if ( 'choice' === $field['type'] ) {
			foreach ( SettingWords::choices( $name ) as $choice => $word ) {
				echo '<option value="' . esc_attr( (string) $choice ) . '"' . ( $choice === $value ? ' selected' : '' ) . '>' . esc_html( $word ) . '</option>';
			}
			echo '</select>';
		}
		echo '<p class="description" id="' . esc_attr( "$id-help" ) . '">' . esc_html( trim( $words['help'] . ' ' . self::bounds( $field ) ) ) . '</p>';
		echo '<p class="crossdock-wrong" id="' . esc_attr( "$id-wrong" ) . '">' . esc_html( $wrong ) . '</p></td></tr>';
	}

	/**
	 * Returns what is wrong with a field; empty when nothing is.
	 *
	 * @param string            $name   The field.
	 * @param array<int, Fault> $faults What is wrong with all fields.
	 * @return string
	 */
	public static function wrong( string $name, array $faults ): string {
		foreach ( $faults as $fault ) {
			if ( $fault->field === $name ) {
				return $fault->remedy;
			}
		}
		return '';
	}

	/**
	 * Returns the bounds of a number in words.
	 *
	 * @param array<string, mixed> $field Row of the table.
	 * @return string
	 */
	private static function bounds( array $field ): string {
		if ( ! isset( $field['least'] ) ) {
			return '';
		}
		if ( 'auto' === $field['type'] ) {
			/* translators: 1: least value, 2: greatest value. */
			return sprintf( __( 'The word auto, or a number from %1$s to %2$s.', 'crossdock' ), number_format_i18n( $field['least'] ), number_format_i18n( $field['most'] ) );
		}
		/* translators: 1: least value, 2: greatest value. */
		return sprintf( __( 'From %1$s to %2$s.', 'crossdock' ), number_format_i18n( $field['least'] ), number_format_i18n( $field['most'] ) );
	}
}
