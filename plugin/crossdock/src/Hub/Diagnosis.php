<?php
/**
 * Why the hub cannot be reached.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Hub;

/**
 * Names the cause of an answer that is not what was asked for, what it means and what to do.
 *
 * Causes: `ok`, `dns`, `refused`, `timeout`, `tls`, `blocked-here` (WordPress itself forbids it), `network`, `clock-skew`, `bad-signature`,
 * `unknown-key`, `nonce-replayed`, `another-site`, `unknown-code`, `expired-code`, `firewall` (something between answers with a page), `wrong-path`, `hub-trouble`, `busy`,
 * `unpaired`, `salts-changed`, `no-sealing`, `damaged`, `not-the-hub`, `refused-by-hub`.
 */
final class Diagnosis {

	/**
	 * Parts of a transport's words => cause. The order counts.
	 */
	private const FAILURES = array(
		'blocked-here' => '/http_request_not_executed|blocked requests through http|not allowed to make external|valid url was not provided/i',
		'dns'          => '/curl error 6\b|could not resolve|getaddrinfo|name or service not known|no such host|curl error 5\b/i',
		'timeout'      => '/curl error 28\b|timed? ?out/i',
		'tls'          => '/curl error (35|51|53|54|58|59|60|64|66|77|80|82|83|90|91)\b|ssl|tls|certificate/i',
		'refused'      => '/curl error 7\b|refused|failed to connect|couldn.t connect|no route|unreachable/i',
	);

	/**
	 * Seconds by which the clocks may differ before it is said.
	 */
	private const SKEW = 60;

	/**
	 * The cause.
	 *
	 * @var string
	 */
	public string $cause;

	/**
	 * Seconds by which this site's clock is ahead of the hub's; null when the hub's is not known.
	 *
	 * @var float|null
	 */
	public ?float $skew = null;

	/**
	 * What the transport or the hub said.
	 *
	 * @var string
	 */
	public string $said;

	/**
	 * Reads an answer.
	 *
	 * @param Answer $answer What came.
	 * @param float  $now    Seconds since 1970, when it came.
	 */
	public function __construct( Answer $answer, float $now ) {
		$time        = $answer->status > 0 ? $answer->time() : null;
		$this->skew  = null === $time ? null : $now - $time;
		$this->cause = $this->find( $answer );
		$this->said  = $answer->detail();
	}

	/**
	 * Tells whether all is well.
	 *
	 * @return bool
	 */
	public function ok(): bool {
		return 'ok' === $this->cause;
	}

	/**
	 * Tells whether the two clocks differ by more than a minute: five are the end of it.
	 *
	 * @return bool
	 */
	public function skewed(): bool {
		return null !== $this->skew && abs( $this->skew ) > self::SKEW;
	}

	/**
	 * Finds the cause.
	 *
	 * @param Answer $answer What came.
	 * @return string
	 */
	private function find( Answer $answer ): string {
		if ( $answer->ok() ) {
			return 'ok';
		}
		$code = $answer->code();
		if ( 'unreachable' === $code ) {
			return $this->failure( $answer->reply->failure );
		}
		if ( 0 === $answer->status ) {
			return $code;
		}
		if ( 'not-the-hub' === $code || 0 === strpos( $code, 'http-' ) ) {
			return $this->stranger( $answer );
		}
		if ( in_array( $code, array( 'clock-skew', 'bad-signature', 'unknown-key', 'another-site', 'nonce-replayed', 'unknown-code', 'expired-code' ), true ) ) {
			return $code;
		}
		if ( 401 === $answer->status ) {
			return 'unknown-key';
		}
		if ( 404 === $answer->status ) {
			return 'wrong-path';
		}
		if ( 429 === $answer->status || 503 === $answer->status ) {
			return 'busy';
		}
		return $answer->status >= 500 ? 'hub-trouble' : 'refused-by-hub';
	}

	/**
	 * Reads why no answer came.
	 *
	 * @param string $words The transport's words.
	 * @return string
	 */
	private function failure( string $words ): string {
		foreach ( self::FAILURES as $cause => $pattern ) {
			if ( preg_match( $pattern, $words ) ) {
				return $cause;
			}
		}
		return 'network';
	}

	/**
	 * Reads an answer that is none of the hub's.
	 *
	 * @param Answer $answer What came.
	 * @return string
	 */
	private function stranger( Answer $answer ): string {
		$headers = $answer->reply->headers;
		$page    = false !== stripos( $headers['content-type'] ?? '', 'html' ) || 0 === stripos( ltrim( $answer->reply->body ), '<' );
		$guarded = isset( $headers['cf-ray'] ) || isset( $headers['cf-mitigated'] ) || isset( $headers['x-sucuri-id'] ) || isset( $headers['x-iinfo'] );
		if ( in_array( $answer->status, array( 403, 406, 409, 418, 429 ), true ) && ( $page || $guarded ) ) {
			return 'firewall';
		}
		if ( in_array( $answer->status, array( 301, 302, 303, 307, 308, 404, 405, 410 ), true ) ) {
			return 'wrong-path';
		}
		if ( in_array( $answer->status, array( 429, 503 ), true ) && ! $page ) {
			return 'busy';
		}
		if ( $answer->status >= 500 ) {
			return 'hub-trouble';
		}
		return $page && $guarded ? 'firewall' : 'not-the-hub';
	}
}
