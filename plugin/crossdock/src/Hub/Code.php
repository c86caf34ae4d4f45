<?php
/**
 * A pairing code.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Hub;

/**
 * `cdp1.<base64url of the hub's address>.<token>` as people paste it, alone or in a link.
 */
final class Code {

	/**
	 * The hub's address without a slash at its end.
	 *
	 * @var string
	 */
	public string $hub;

	/**
	 * What the hub knows the code by.
	 *
	 * @var string
	 */
	public string $token;

	/**
	 * Notes hub and token.
	 *
	 * @param string $hub   The hub's address.
	 * @param string $token The token.
	 */
	private function __construct( string $hub, string $token ) {
		$this->hub   = $hub;
		$this->token = $token;
	}

	/**
	 * Reads what was pasted: line breaks and blanks that mail programs put in are left out, a link's other parts too.
	 *
	 * @param string $pasted What was pasted.
	 * @return self|null Null when it is no code.
	 */
	public static function read( string $pasted ): ?self {
		$text = (string) preg_replace( '/\s+/', '', $pasted );
		if ( ! preg_match( '/(?:^|[=&?])cdp1\.([A-Za-z0-9_-]{8,400})\.([A-Za-z0-9_-]{8,200})(?:$|[&#])/D', $text, $found ) ) {
			return null;
		}
		$hub = base64_decode( strtr( $found[1], '-_', '+/' ), true );
		if ( false === $hub || ! self::address( $hub ) ) {
			return null;
		}
		return new self( rtrim( $hub, '/' ), $found[2] );
	}

	/**
	 * Tells whether a text may be a hub's address: https; http on this machine alone, or where wp-config.php says
	 * `CROSSDOCK_ALLOW_HTTP` (a private network).
	 *
	 * @param string $url What was given.
	 * @return bool
	 */
	public static function address( string $url ): bool {
		$parts = parse_url( $url );
		if ( ! is_array( $parts ) || ! isset( $parts['scheme'], $parts['host'] ) || preg_match( '/[\s\x00-\x1f\x7f"\'<>\\\\]/', $url ) ) {
			return false;
		}
		if ( isset( $parts['user'] ) || isset( $parts['pass'] ) || isset( $parts['query'] ) || isset( $parts['fragment'] ) ) {
			return false;
		}
		$here = ( defined( 'CROSSDOCK_ALLOW_HTTP' ) && CROSSDOCK_ALLOW_HTTP ) || in_array( strtolower( $parts['host'] ), array( 'localhost', '127.0.0.1', '[::1]' ), true );
		return 'https' === strtolower( $parts['scheme'] ) || ( 'http' === strtolower( $parts['scheme'] ) && $here );
	}
}
