<?php
/**
 * A transport whose replies a test has written down.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Tests;

use Crossdock\Wp\Reply;
use Crossdock\Wp\Transport;

/**
 * Answers with what it was given, in order, and keeps what it was asked.
 */
final class ScriptedTransport implements Transport {

	/**
	 * What was asked: method, url, headers, body, timeout.
	 *
	 * @var array<int, array<string, mixed>>
	 */
	public array $asked = array();

	/**
	 * What is answered next.
	 *
	 * @var array<int, Reply>
	 */
	public array $replies;

	public function __construct( Reply ...$replies ) {
		$this->replies = $replies;
	}

	public function send( string $method, string $url, array $headers, string $body, float $timeout_s ): Reply {
		$this->asked[] = compact( 'method', 'url', 'headers', 'body', 'timeout_s' );
		return array_shift( $this->replies ) ?? new Reply( 0, array(), '', 'nothing more was written down' );
	}
}
