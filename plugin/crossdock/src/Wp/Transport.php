<?php
/**
 * What carries requests out of the site.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * Sends one HTTP request and never throws.
 */
interface Transport {

	/**
	 * Sends a request; redirects are not followed, certificates are verified.
	 *
	 * @param string                $method    GET, POST …
	 * @param string                $url       Absolute address.
	 * @param array<string, string> $headers   Headers.
	 * @param string                $body      The body; empty for none.
	 * @param float                 $timeout_s Seconds until it is given up, connecting included.
	 * @return Reply
	 */
	public function send( string $method, string $url, array $headers, string $body, float $timeout_s ): Reply;
}
