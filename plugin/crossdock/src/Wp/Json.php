<?php
/**
 * JSON as the wire has it.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * Writes and reads JSON. Writing never fails over a broken byte: such a byte becomes U+FFFD, as people would see it.
 */
final class Json {

	/**
	 * Returns a value as JSON.
	 *
	 * @param mixed $value  Arrays, texts, numbers, booleans, null.
	 * @param int   $extras Further flags of `json_encode`.
	 * @return string
	 */
	public static function encode( $value, int $extras = 0 ): string {
		$flags = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PARTIAL_OUTPUT_ON_ERROR;
		return (string) json_encode( $value, $flags | $extras );
	}

	/**
	 * Reads a JSON object or list.
	 *
	 * @param string $text JSON.
	 * @return array<mixed>|null Null when the text is no JSON object or list.
	 */
	public static function decode( string $text ): ?array {
		$found = json_decode( $text, true, 128 );
		return is_array( $found ) ? $found : null;
	}
}
