<?php
/**
 * Whether a request is the hub's.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Commands;

use Crossdock\Hub\Credentials;
use Crossdock\Hub\Signature;
use Crossdock\Wp\Clock;

/**
 * Checks key, time, signature (`v1-hub` over the raw body) and nonce of a request, in this order: nothing of the body
 * is parsed, and no nonce is remembered, for somebody who does not know the secret.
 */
class Verify {

	/**
	 * What the site proves itself with, and the hub to it.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * Nonces seen.
	 *
	 * @var Seen
	 */
	private Seen $seen;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param Credentials $credentials Key and secret.
	 * @param Seen        $seen        Nonces seen.
	 * @param Clock       $clock       The clock.
	 */
	public function __construct( Credentials $credentials, Seen $seen, Clock $clock ) {
		$this->credentials = $credentials;
		$this->seen        = $seen;
		$this->clock       = $clock;
	}

	/**
	 * Says what is wrong with a request.
	 *
	 * @param Incoming $incoming The request.
	 * @return string Empty when it is the hub's; `unpaired`, `unknown-key`, `clock-skew`, `bad-signature`, `nonce-replayed`.
	 */
	public function fault( Incoming $incoming ): string {
		$pair = $this->credentials->read();
		if ( null === $pair ) {
			return 'unpaired';
		}
		if ( ! hash_equals( $pair['key'], $incoming->key() ) ) {
			return 'unknown-key';
		}
		$timestamp = $incoming->header( 'x-crossdock-timestamp' );
		$nonce     = $incoming->header( 'x-crossdock-nonce' );
		if ( ! preg_match( '/^\d{1,12}$/D', $timestamp ) || ! preg_match( '/^[A-Za-z0-9_-]{16,64}$/D', $nonce ) ) {
			return 'bad-signature';
		}
		$given = $incoming->header( 'x-crossdock-signature' );
		if ( ! Signature::matches( $given, Signature::HUBS, $pair['secret'], $incoming->method, $incoming->target, $timestamp, $nonce, $incoming->body ) ) {
			return 'bad-signature';
		}
		if ( abs( $this->clock->now() - (float) $timestamp ) > Signature::WINDOW ) {
			return 'clock-skew';
		}
		return $this->seen->first( $pair['key'], $nonce ) ? '' : 'nonce-replayed';
	}
}
