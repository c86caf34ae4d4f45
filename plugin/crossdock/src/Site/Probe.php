<?php
/**
 * The way into this site.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

use Crossdock\Wp\Transport;

/**
 * Calls this site's own REST interface as the hub would, and looks at what arrives: whether the route is reached, which headers
 * came through, whether the body is whole, whether a cache answers, and whether another process sees an option that was just written.
 */
class Probe {

	/**
	 * What the body is: letters that a filter likes to change.
	 */
	private const BODY = '{"probe":"ü & \\\\ %20 +"}';

	/**
	 * What carries requests.
	 *
	 * @var Transport
	 */
	private Transport $transport;

	/**
	 * The marks of this minute.
	 *
	 * @var ProbeMarks
	 */
	private ProbeMarks $marks;

	/**
	 * Whether this process saw the mark without asking the database.
	 *
	 * @var bool
	 */
	private bool $seen = false;

	/**
	 * Takes what it works with.
	 *
	 * @param Transport  $transport What carries requests.
	 * @param ProbeMarks $marks     The marks of this minute.
	 */
	public function __construct( Transport $transport, ProbeMarks $marks ) {
		$this->transport = $transport;
		$this->marks     = $marks;
	}

	/**
	 * Adds the route; it answers nobody who does not know the mark of this minute.
	 *
	 * @return void
	 */
	public function route(): void {
		register_rest_route(
			'crossdock/v1',
			'/probe',
			array(
				'methods'             => 'POST',
				'callback'            => array( $this, 'answer' ),
				'permission_callback' => array( $this, 'known' ),
			)
		);
	}

	/**
	 * Tells whether a request knows the mark.
	 *
	 * @param \WP_REST_Request $request The request.
	 * @return bool
	 */
	public function known( $request ): bool {
		$given = (string) $request->get_param( 'mark' );
		// What this process remembers is looked at before the database is asked.
		$kept       = get_option( ProbeMarks::OPTION );
		$this->seen = is_array( $kept ) && isset( $kept[ $given ] );
		return $this->marks->known( $given );
	}

	/**
	 * Says what arrived.
	 *
	 * @param \WP_REST_Request $request The request.
	 * @return \WP_REST_Response
	 */
	public function answer( $request ) {
		$names   = array( 'X-Crossdock-Key', 'X-Crossdock-Timestamp', 'X-Crossdock-Nonce', 'X-Crossdock-Signature', 'Authorization' );
		$headers = array();
		foreach ( $names as $name ) {
			$headers[ $name ] = (string) $request->get_header( $name );
		}
		$cached = wp_cache_get( 'probe-' . (string) $request->get_param( 'mark' ), 'crossdock' );
		return rest_ensure_response(
			array(
				'headers' => $headers,
				'body'    => hash( 'sha256', $request->get_body() ),
				'once'    => bin2hex( random_bytes( 8 ) ),
				'option'  => $this->seen,
				'cache'   => is_string( $cached ) ? $cached : '',
			)
		);
	}

	/**
	 * Calls the site twice and looks at what comes back.
	 *
	 * @return array{code: string, said: string} Code: empty when all is well; `unreachable`, `rest-blocked`, `noise`, `headers-stripped`,
	 *                                           `body-changed`, `cached`, `stale-options`, `cache-lost`.
	 */
	public function run(): array {
		// A letter in front: PHP would make a number of a key of digits alone.
		$mark = 'm' . bin2hex( random_bytes( 16 ) );
		wp_cache_set( 'probe-' . $mark, $mark, 'crossdock', ProbeMarks::LIFE );
		$found = $this->asked( $mark );
		if ( '' === $found['code'] ) {
			$again = $this->ask( $mark );
			if ( '' === $again['code'] && $again['once'] === $found['once'] ) {
				$found['code'] = 'cached';
			}
		}
		$this->marks->drop( $mark );
		wp_cache_delete( 'probe-' . $mark, 'crossdock' );
		return array( 'code' => $found['code'], 'said' => $found['said'] );
	}

	/**
	 * Returns the result as a step of the connection test.
	 *
	 * @return array<string, mixed> ok, cause, text, remedy, said.
	 */
	public function told(): array {
		$found = $this->run();
		$words = ProbeWords::of( $found['code'] );
		return array( 'ok' => '' === $found['code'], 'cause' => '' === $found['code'] ? 'ok' : $found['code'], 'text' => $words['title'], 'remedy' => $words['remedy'], 'said' => $found['said'] );
	}

	/**
	 * Writes the mark down and calls the site; once more, when another probe has just overwritten the mark.
	 *
	 * @param string $mark The mark.
	 * @return array{code: string, said: string, once: string}
	 */
	private function asked( string $mark ): array {
		for ( $left = 2; ; $left-- ) {
			$this->marks->add( $mark );
			$found = $this->ask( $mark );
			if ( 0 === $left || $this->marks->known( $mark ) ) {
				return $found;
			}
		}
	}

	/**
	 * Calls the site once.
	 *
	 * @param string $mark The mark.
	 * @return array{code: string, said: string, once: string}
	 */
	private function ask( string $mark ): array {
		$sent  = array(
			'X-Crossdock-Key'       => 'probe',
			'X-Crossdock-Timestamp' => '1',
			'X-Crossdock-Nonce'     => 'probe-' . substr( $mark, 0, 12 ),
			'X-Crossdock-Signature' => 'v1=' . hash( 'sha256', $mark ),
			'Content-Type'          => 'application/json',
		);
		$reply = $this->transport->send( 'POST', add_query_arg( 'mark', $mark, get_rest_url( null, 'crossdock/v1/probe' ) ), $sent, self::BODY, 10.0 );
		unset( $sent['Content-Type'] );
		return ProbeReading::of( $reply, $sent, $mark, hash( 'sha256', self::BODY ) );
	}
}
