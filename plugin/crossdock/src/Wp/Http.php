<?php
/**
 * HTTP by WordPress.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * Sends requests with WordPress' own HTTP API, so that the site's proxy settings and filters hold.
 */
final class Http implements Transport {

	/**
	 * Bytes of an answer that are read at most.
	 */
	private const MOST = 4194304;

	/**
	 * Sends a request.
	 *
	 * @param string                $method    GET, POST …
	 * @param string                $url       Absolute address.
	 * @param array<string, string> $headers   Headers.
	 * @param string                $body      The body; empty for none.
	 * @param float                 $timeout_s Seconds until it is given up.
	 * @return Reply
	 */
	public function send( string $method, string $url, array $headers, string $body, float $timeout_s ): Reply {
		$found = wp_remote_request(
			$url,
			array(
				'method'              => $method,
				'headers'             => $headers,
				'body'                => '' === $body ? null : $body,
				'timeout'             => $timeout_s,
				'redirection'         => 0,
				'limit_response_size' => self::MOST,
				'user-agent'          => 'Crossdock/' . CROSSDOCK_VERSION . ' (WordPress/' . get_bloginfo( 'version' ) . ')',
			)
		);
		if ( is_wp_error( $found ) ) {
			return new Reply( 0, array(), '', $found->get_error_message() );
		}
		$headers = array();
		foreach ( wp_remote_retrieve_headers( $found ) as $name => $value ) {
			$headers[ strtolower( (string) $name ) ] = is_array( $value ) ? implode( ', ', $value ) : (string) $value;
		}
		return new Reply( (int) wp_remote_retrieve_response_code( $found ), $headers, wp_remote_retrieve_body( $found ) );
	}
}
