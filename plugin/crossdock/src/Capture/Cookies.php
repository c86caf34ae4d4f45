<?php
/**
 * What Google Analytics keeps in the browser.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

/**
 * Reads the cookies of Google Analytics 4. Whether they may be there at all is the business of the site's cookie banner: what
 * is not there is not read.
 *
 * `_ga` is `GA1.<parts of the domain>.<client id: two numbers>`. `_ga_<container>` is, in the form until 2025,
 * `GS1.<n>.<session id>.<session number>.…` and since then `GS2.<n>.s<session id>$o<session number>$…`.
 */
final class Cookies {

	/**
	 * Returns the client id.
	 *
	 * @param array<mixed> $cookies The request's cookies.
	 * @return string Two numbers joined by a dot; empty when there is none.
	 */
	public static function client( array $cookies ): string {
		$value = $cookies['_ga'] ?? '';
		return is_string( $value ) && preg_match( '/^GA\d\.[\d-]+\.(\d{1,20}\.\d{1,20})$/D', $value, $found ) ? $found[1] : '';
	}

	/**
	 * Returns the session id.
	 *
	 * @param array<mixed> $cookies     The request's cookies.
	 * @param string       $measurement The measurement id (`G-…`); empty: the first container that is found.
	 * @return string A number; empty when there is none.
	 */
	public static function session( array $cookies, string $measurement = '' ): string {
		$wanted = '' === $measurement ? '' : '_ga_' . preg_replace( '/^G-/', '', strtoupper( $measurement ) );
		foreach ( $cookies as $name => $value ) {
			$name = (string) $name;
			if ( ! is_string( $value ) || 0 !== strncmp( $name, '_ga_', 4 ) || ( '' !== $wanted && $name !== $wanted ) ) {
				continue;
			}
			if ( preg_match( '/^GS1\.\d+\.(\d{1,20})(?:\.|$)/D', $value, $found ) || preg_match( '/^GS2\.\d+\.s(\d{1,20})(?:\$|$)/D', $value, $found ) ) {
				return $found[1];
			}
		}
		return '';
	}
}
