<?php
/**
 * What a setting may be.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Settings;

/**
 * Reads what a form, a file or WP-CLI gives as the value of a setting: the value in its type, or the fault.
 */
final class Rules {

	/**
	 * Returns the value in its type, or what is wrong with it.
	 *
	 * @param string $name  Name of the setting.
	 * @param mixed  $given What was given: text of a form, or the typed value.
	 * @return bool|int|string|Fault
	 */
	public function read( string $name, $given ) {
		$field = Fields::one( $name );
		if ( null === $field ) {
			/* translators: %s: name of a setting. */
			return new Fault( $name, 'unknown', sprintf( __( 'There is no setting named “%s”; leave it out.', 'crossdock' ), $name ) );
		}
		switch ( $field['type'] ) {
			case 'bool':
				return $this->bool( $name, $given );
			case 'int':
				return $this->int( $name, $given, $field );
			case 'auto':
				return 'auto' === $given ? 'auto' : $this->int( $name, $given, $field );
			case 'choice':
				return $this->choice( $name, $given, $field['choices'] );
			default:
				return is_scalar( $given ) ? $this->text( $name, trim( (string) $given ), $field ) : $this->no_text( $name );
		}
	}

	/**
	 * Reads yes or no.
	 *
	 * @param string $name  Name of the setting.
	 * @param mixed  $given What was given.
	 * @return bool|Fault
	 */
	private function bool( string $name, $given ) {
		if ( is_bool( $given ) ) {
			return $given;
		}
		$word = is_scalar( $given ) ? strtolower( (string) $given ) : '?';
		if ( in_array( $word, array( '1', 'yes', 'true', 'on' ), true ) ) {
			return true;
		}
		if ( in_array( $word, array( '', '0', 'no', 'false', 'off' ), true ) ) {
			return false;
		}
		return new Fault( $name, 'bool', __( 'Give yes or no.', 'crossdock' ) );
	}

	/**
	 * Reads a whole number between its bounds.
	 *
	 * @param string               $name  Name of the setting.
	 * @param mixed                $given What was given.
	 * @param array<string, mixed> $field Its row of the table.
	 * @return int|Fault
	 */
	private function int( string $name, $given, array $field ) {
		$text = is_int( $given ) || is_string( $given ) ? trim( (string) $given ) : '';
		if ( ! preg_match( '/^-?\d{1,9}$/D', $text ) ) {
			$words = 'auto' === $field['type'] ? __( 'Give a whole number or the word auto.', 'crossdock' ) : __( 'Give a whole number.', 'crossdock' );
			return new Fault( $name, $field['type'], $words );
		}
		$value = (int) $text;
		if ( $value < $field['least'] || $value > $field['most'] ) {
			/* translators: 1: least value, 2: greatest value. */
			$words = sprintf( __( 'Give a number from %1$d to %2$d.', 'crossdock' ), $field['least'], $field['most'] );
			return new Fault( $name, $value < $field['least'] ? 'least' : 'most', $words );
		}
		return $value;
	}

	/**
	 * Reads one of several words.
	 *
	 * @param string             $name    Name of the setting.
	 * @param mixed              $given   What was given.
	 * @param array<int, string> $choices The words.
	 * @return string|Fault
	 */
	private function choice( string $name, $given, array $choices ) {
		if ( in_array( $given, $choices, true ) ) {
			return $given;
		}
		/* translators: %s: list of words. */
		return new Fault( $name, 'choice', sprintf( __( 'Give one of: %s.', 'crossdock' ), implode( ', ', $choices ) ) );
	}

	/**
	 * Reads a text of a given form.
	 *
	 * @param string               $name  Name of the setting.
	 * @param string               $text  What was given, trimmed.
	 * @param array<string, mixed> $field Its row of the table.
	 * @return string|Fault
	 */
	private function text( string $name, string $text, array $field ) {
		if ( '' === $text ) {
			return '';
		}
		switch ( $field['type'] ) {
			case 'email':
				return $this->addresses( $name, $text );
			case 'window':
				$ok = preg_match( '/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/D', $text ) && substr( $text, 0, 5 ) !== substr( $text, 6 );
				return $ok ? $text : new Fault( $name, 'window', __( 'Give two different times as 02:00-05:30, or leave it empty for any time.', 'crossdock' ) );
			case 'ga4':
				$ok = preg_match( '/^G-[A-Z0-9]{4,20}$/D', $text );
				return $ok ? $text : new Fault( $name, 'ga4', __( 'Give the measurement id as Google Analytics shows it (G-XXXXXXXXXX), or leave it empty.', 'crossdock' ) );
			default:
				return $this->short( $name, $text, $field['most'] );
		}
	}

	/**
	 * Reads a text of limited length, in UTF-8.
	 *
	 * @param string $name Name of the setting.
	 * @param string $text What was given.
	 * @param int    $most Characters at most.
	 * @return string|Fault
	 */
	private function short( string $name, string $text, int $most ) {
		if ( ! preg_match( '//u', $text ) ) {
			return $this->no_text( $name );
		}
		if ( preg_match_all( '/./us', $text ) > $most ) {
			/* translators: %d: number of characters. */
			return new Fault( $name, 'length', sprintf( __( 'Shorten it to %d characters.', 'crossdock' ), $most ) );
		}
		return $text;
	}

	/**
	 * Reads e-mail addresses, parted by commas.
	 *
	 * @param string $name Name of the setting.
	 * @param string $text What was given.
	 * @return string|Fault
	 */
	private function addresses( string $name, string $text ) {
		$all = array_map( 'trim', explode( ',', $text ) );
		foreach ( $all as $one ) {
			if ( false === filter_var( $one, FILTER_VALIDATE_EMAIL ) ) {
				return new Fault( $name, 'email', __( 'Give e-mail addresses parted by commas, or leave it empty for the administrator’s.', 'crossdock' ) );
			}
		}
		return implode( ', ', $all );
	}

	/**
	 * Says that no text was given.
	 *
	 * @param string $name Name of the setting.
	 * @return Fault
	 */
	private function no_text( string $name ): Fault {
		return new Fault( $name, 'text', __( 'Give a text in UTF-8.', 'crossdock' ) );
	}
}
