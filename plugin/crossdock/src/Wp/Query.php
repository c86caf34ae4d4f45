<?php
/**
 * What an address asks for.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * Reads the query of the page's address. It only ever chooses what is shown, so it needs no nonce.
 */
class Query {

	/**
	 * Returns a text of the query: one line, no tags, at most 200 characters.
	 *
	 * @param string $name     Its name.
	 * @param string $fallback What is returned when there is none.
	 * @return string
	 */
	public function text( string $name, string $fallback = '' ): string {
		$given = filter_input( INPUT_GET, $name, FILTER_UNSAFE_RAW );
		return is_string( $given ) ? mb_substr( sanitize_text_field( $given ), 0, 200 ) : $fallback;
	}

	/**
	 * Returns one of some words, the fallback when it is none of them.
	 *
	 * @param string        $name     Its name.
	 * @param array<string> $words    What it may be.
	 * @param string        $fallback What is returned else.
	 * @return string
	 */
	public function word( string $name, array $words, string $fallback = '' ): string {
		$given = $this->text( $name );
		return in_array( $given, $words, true ) ? $given : $fallback;
	}

	/**
	 * Returns a whole number of the query.
	 *
	 * @param string $name     Its name.
	 * @param int    $fallback What is returned when there is none.
	 * @return int
	 */
	public function number( string $name, int $fallback = 0 ): int {
		$given = $this->text( $name );
		return ctype_digit( $given ) && strlen( $given ) < 19 ? (int) $given : $fallback;
	}
}
