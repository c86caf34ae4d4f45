<?php
/**
 * A request of the hub as it came.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Commands;

use WP_REST_Request;

/**
 * What is signed of a request: method, target, key, time, nonce, signature and the raw body, before anything of it is
 * parsed. Read without WordPress' own view of the request where servers and plugins may have changed it.
 */
final class Incoming {

	/**
	 * The method, upper case.
	 *
	 * @var string
	 */
	public string $method = '';

	/**
	 * Path and query as called.
	 *
	 * @var string
	 */
	public string $target = '';

	/**
	 * Headers by lower-case name: crossdock's own and authorization.
	 *
	 * @var array<string, string>
	 */
	public array $headers = array();

	/**
	 * The body as it came.
	 *
	 * @var string
	 */
	public string $body = '';

	/**
	 * Reads a request.
	 *
	 * @param WP_REST_Request      $request The request as WordPress sees it.
	 * @param array<string, mixed> $server  `$_SERVER`.
	 * @return self
	 */
	public static function read( WP_REST_Request $request, array $server ): self {
		$incoming         = new self();
		$incoming->method = strtoupper( (string) ( $server['REQUEST_METHOD'] ?? $request->get_method() ) );
		$incoming->target = (string) ( $server['REQUEST_URI'] ?? '' );
		$incoming->body   = (string) $request->get_body();
		foreach ( array( 'x_crossdock_key', 'x_crossdock_timestamp', 'x_crossdock_nonce', 'x_crossdock_signature', 'authorization' ) as $name ) {
			$incoming->headers[ str_replace( '_', '-', $name ) ] = trim( (string) $request->get_header( $name ) );
		}
		return $incoming;
	}

	/**
	 * Returns the key the hub names: in its own header, else as a bearer where the server lets that through.
	 *
	 * @return string Empty when there is none.
	 */
	public function key(): string {
		$own = $this->header( 'x-crossdock-key' );
		if ( '' !== $own ) {
			return $own;
		}
		return preg_match( '/^Bearer\s+(\S+)$/iD', $this->header( 'authorization' ), $found ) ? $found[1] : '';
	}

	/**
	 * Returns a header.
	 *
	 * @param string $name Lower case.
	 * @return string Empty when it did not come.
	 */
	public function header( string $name ): string {
		return $this->headers[ $name ] ?? '';
	}
}
