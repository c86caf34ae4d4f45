<?php
/**
 * What came back of a request.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * An answer, or the reason why there is none.
 */
final class Reply {

	/**
	 * The HTTP status; 0 when no answer came.
	 *
	 * @var int
	 */
	public int $status;

	/**
	 * Headers by lower-case name.
	 *
	 * @var array<string, string>
	 */
	public array $headers;

	/**
	 * The body as it came.
	 *
	 * @var string
	 */
	public string $body;

	/**
	 * Why no answer came, in the transport's words (`cURL error 28: …`); empty when one came.
	 *
	 * @var string
	 */
	public string $failure;

	/**
	 * Notes what came back.
	 *
	 * @param int                   $status  The HTTP status; 0 when no answer came.
	 * @param array<string, string> $headers Headers by lower-case name.
	 * @param string                $body    The body.
	 * @param string                $failure Why no answer came.
	 */
	public function __construct( int $status, array $headers = array(), string $body = '', string $failure = '' ) {
		$this->status  = $status;
		$this->headers = $headers;
		$this->body    = $body;
		$this->failure = $failure;
	}
}
