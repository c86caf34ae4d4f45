<?php
/**
 * Keeps people out of samples.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Mapping;

/**
 * Shortens a value so that one sees what it looks like and not whose it is.
 */
final class Mask {

	/**
	 * Fields that are about a person, by a part of their name.
	 */
	private const PERSONAL = '/name|nick|login|address|street|city|postcode|zip|phone|mobile|tel(?:e|$|_)|fax|mail|birth|dob|gender|iban|bic|account|vat|tax_?(?:id|no)|passport|company|note|message|comment|descr|bio|(?:^|[_.])ip(?:$|[_.])|ip_address|user_agent|url|website|avatar|transaction|order_key|signature|health|marker|diagnos/i';

	/**
	 * The most characters of a sample.
	 */
	private const LONGEST = 60;

	/**
	 * Returns a value as a sample.
	 *
	 * @param string $path  Where it stands.
	 * @param mixed  $value The value.
	 * @return string Empty when it has none that may be shown.
	 */
	public static function sample( string $path, $value ): string {
		if ( is_bool( $value ) ) {
			return $value ? 'true' : 'false';
		}
		if ( is_int( $value ) || is_float( $value ) ) {
			return 1 === preg_match( self::PERSONAL, $path ) ? self::hidden( (string) $value ) : (string) $value;
		}
		if ( ! is_string( $value ) ) {
			return '';
		}
		$text = trim( (string) preg_replace( '/\s+/u', ' ', $value ) );
		if ( 1 === preg_match( '/^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?$/D', $text ) ) {
			return 1 === preg_match( '/birth|dob/i', $path ) ? '…' : $text;
		}
		if ( 1 === preg_match( self::PERSONAL, $path ) && 1 !== preg_match( '/(?:^|\.)(?:currency|country|status|type|locale)$|(?:^|\.)(?:payment_method|line_items|shipping_lines|tax_lines|fee_lines|coupon_lines|categories|tags|attributes)/', $path ) ) {
			return self::hidden( $text );
		}
		if ( 1 === preg_match( '/[^\s@]+@[^\s@]+|(?:\+|\b00)?\d(?:[ ().\/-]?\d){6,}|https?:\/\/|\b(?:\d{1,3}\.){3}\d{1,3}\b/', $text ) ) {
			return self::hidden( $text );
		}
		return self::cut( $text );
	}

	/**
	 * Returns the first letter of a text, and of an e-mail address that it is one.
	 *
	 * @param string $text The text.
	 * @return string
	 */
	private static function hidden( string $text ): string {
		if ( '' === $text ) {
			return '';
		}
		preg_match( '/^./us', $text, $first );
		$begin = $first[0] ?? '';
		if ( 1 === preg_match( '/^[^\s@]+@[^\s@]+\.[^\s@.]+$/D', $text ) ) {
			return $begin . '…@…';
		}
		return $begin . '…';
	}

	/**
	 * Returns a text that is not too long.
	 *
	 * @param string $text The text.
	 * @return string
	 */
	private static function cut( string $text ): string {
		if ( 1 !== preg_match( '//u', $text ) ) {
			return '';
		}
		return 1 === preg_match( '/^.{' . self::LONGEST . '}/us', $text, $found ) && $found[0] !== $text ? $found[0] . '…' : $text;
	}
}
