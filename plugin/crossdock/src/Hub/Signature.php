<?php
/**
 * How requests are signed.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Hub;

/**
 * HMAC-SHA256 over method, target, time, nonce and body. What the site sends and what the hub sends are signed in two
 * tongues (`v1`, `v1-hub`), so that no request can be turned round.
 */
final class Signature {

	/**
	 * What the site sends.
	 */
	public const OURS = 'v1';

	/**
	 * What the hub sends.
	 */
	public const HUBS = 'v1-hub';

	/**
	 * Seconds by which the two clocks may differ.
	 */
	public const WINDOW = 300;

	/**
	 * Returns the signature as its header has it: `v1=<hex>`.
	 *
	 * @param string $tongue    OURS or HUBS.
	 * @param string $secret    The site's secret (`cds_…`).
	 * @param string $method    GET, POST …
	 * @param string $target    Path with query, as sent.
	 * @param string $timestamp Seconds since 1970.
	 * @param string $nonce     16 to 64 of A-Z a-z 0-9 _ -.
	 * @param string $body      The raw body.
	 * @return string
	 */
	public static function make( string $tongue, string $secret, string $method, string $target, string $timestamp, string $nonce, string $body ): string {
		$signed = implode( "\n", array( $tongue, $method, $target, $timestamp, $nonce, $body ) );
		return 'v1=' . hash_hmac( 'sha256', $signed, $secret );
	}

	/**
	 * Tells whether a signature is the right one, in constant time.
	 *
	 * @param string $given     The header's value.
	 * @param string $tongue    OURS or HUBS.
	 * @param string $secret    The site's secret.
	 * @param string $method    GET, POST …
	 * @param string $target    Path with query, as called.
	 * @param string $timestamp The header's value.
	 * @param string $nonce     The header's value.
	 * @param string $body      The raw body.
	 * @return bool
	 */
	public static function matches( string $given, string $tongue, string $secret, string $method, string $target, string $timestamp, string $nonce, string $body ): bool {
		return hash_equals( self::make( $tongue, $secret, $method, $target, $timestamp, $nonce, $body ), $given );
	}

	/**
	 * Returns a nonce that was never used: 32 of 0-9 a-f.
	 *
	 * @return string
	 */
	public static function nonce(): string {
		return bin2hex( random_bytes( 16 ) );
	}

	/**
	 * Returns the headers of a request to the hub.
	 *
	 * @param string $key    The site's key (`cdk_…`).
	 * @param string $secret The site's secret.
	 * @param string $method GET, POST …
	 * @param string $target Path with query, as sent.
	 * @param string $body   The raw body.
	 * @param float  $now    Seconds since 1970.
	 * @return array<string, string>
	 */
	public static function headers( string $key, string $secret, string $method, string $target, string $body, float $now ): array {
		$timestamp = (string) (int) $now;
		$nonce     = self::nonce();
		return array(
			'X-Crossdock-Key'       => $key,
			'X-Crossdock-Timestamp' => $timestamp,
			'X-Crossdock-Nonce'     => $nonce,
			'X-Crossdock-Signature' => self::make( self::OURS, $secret, $method, $target, $timestamp, $nonce, $body ),
		);
	}
}
