<?php
/**
 * The way to the hub.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Hub;

use Crossdock\Settings\Settings;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Json;
use Crossdock\Wp\Transport;

/**
 * Asks the hub, signed. It never throws and never waits longer than the given seconds.
 */
class Client {

	/**
	 * Where the hub takes what plugins say.
	 */
	public const BASE = '/api/integrations/wordpress';

	/**
	 * What carries the requests.
	 *
	 * @var Transport
	 */
	private Transport $transport;

	/**
	 * The time.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * What the site proves itself with.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * The plugin's settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * Takes what it works with.
	 *
	 * @param Transport   $transport   What carries the requests.
	 * @param Clock       $clock       The time.
	 * @param Credentials $credentials What the site proves itself with.
	 * @param Settings    $settings    The plugin's settings.
	 */
	public function __construct( Transport $transport, Clock $clock, Credentials $credentials, Settings $settings ) {
		$this->transport   = $transport;
		$this->clock       = $clock;
		$this->credentials = $credentials;
		$this->settings    = $settings;
	}

	/**
	 * Asks for something.
	 *
	 * @param string                $path      Below BASE, with its slash: `/status`.
	 * @param array<string, mixed>  $query     Query; null values are left out.
	 * @param float                 $timeout_s Seconds; 0 for the setting's.
	 * @param array<string, string> $headers   Further headers.
	 * @return Answer
	 */
	public function get( string $path, array $query = array(), float $timeout_s = 0.0, array $headers = array() ): Answer {
		$query = http_build_query( $query, '', '&', PHP_QUERY_RFC3986 );
		return $this->signed( 'GET', $path . ( '' === $query ? '' : '?' . $query ), '', $headers, $timeout_s );
	}

	/**
	 * Tells the hub something.
	 *
	 * @param string                    $path      Below BASE: `/batch`.
	 * @param array<mixed>|object|string $body      What becomes JSON; a text is JSON already.
	 * @param float                     $timeout_s Seconds; 0 for the setting's.
	 * @param array<string, string>     $headers   Further headers.
	 * @return Answer
	 */
	public function post( string $path, $body, float $timeout_s = 0.0, array $headers = array() ): Answer {
		return $this->signed( 'POST', $path, is_string( $body ) ? $body : Json::encode( $body ), $headers, $timeout_s );
	}

	/**
	 * Puts something in the place of what the hub has.
	 *
	 * @param string                $path      Below BASE: `/mappings/rte_…`.
	 * @param array<mixed>|object   $body      What becomes JSON.
	 * @param array<string, string> $headers   Further headers: `If-Match`.
	 * @param float                 $timeout_s Seconds; 0 for the setting's.
	 * @return Answer
	 */
	public function put( string $path, $body, array $headers = array(), float $timeout_s = 0.0 ): Answer {
		return $this->signed( 'PUT', $path, Json::encode( $body ), $headers, $timeout_s );
	}

	/**
	 * Asks a hub without a key: pairing, the update's document.
	 *
	 * @param string                   $method    GET or POST.
	 * @param string                   $url       Absolute address.
	 * @param array<mixed>|object|null $body      What becomes JSON; null for none.
	 * @param float                    $timeout_s Seconds.
	 * @return Answer
	 */
	public function unsigned( string $method, string $url, $body = null, float $timeout_s = 15.0 ): Answer {
		return $this->send( $method, $url, array(), null === $body ? '' : Json::encode( $body ), $timeout_s );
	}

	/**
	 * Signs and sends.
	 *
	 * @param string                $method    GET, POST, PUT.
	 * @param string                $path      Below BASE, with query.
	 * @param string                $body      The raw body.
	 * @param array<string, string> $headers   Further headers.
	 * @param float                 $timeout_s Seconds; 0 for the setting's.
	 * @return Answer
	 */
	private function signed( string $method, string $path, string $body, array $headers, float $timeout_s ): Answer {
		$pair = $this->credentials->paired() ? $this->credentials->read() : null;
		if ( null === $pair ) {
			return Answer::unasked( $this->credentials->trouble(), 'there is no key to sign with' );
		}
		$answer = $this->sent( $pair, $method, $path, $body, $headers, $timeout_s );
		if ( 401 !== $answer->status ) {
			return $answer;
		}
		// Somebody may have paired the site anew while this request was under way: then it was the old key that is not known.
		$now = $this->credentials->fresh();
		return null === $now || $now['key'] === $pair['key'] ? $answer : $this->sent( $now, $method, $path, $body, $headers, $timeout_s );
	}

	/**
	 * Signs with a key and sends.
	 *
	 * @param array{key: string, secret: string} $pair      Key and secret.
	 * @param string                             $method    GET, POST, PUT.
	 * @param string                             $path      Below BASE, with query.
	 * @param string                             $body      The raw body.
	 * @param array<string, string>              $headers   Further headers.
	 * @param float                              $timeout_s Seconds; 0 for the setting's.
	 * @return Answer
	 */
	private function sent( array $pair, string $method, string $path, string $body, array $headers, float $timeout_s ): Answer {
		$url      = $this->credentials->hub() . self::BASE . $path;
		$headers += Signature::headers( $pair['key'], $pair['secret'], $method, self::target( $url ), $body, $this->clock->now() );
		return $this->send( $method, $url, $headers, $body, $timeout_s > 0 ? $timeout_s : (float) $this->settings->number( 'timeout' ) );
	}

	/**
	 * Returns the path and query of an address, as they go on the wire.
	 *
	 * @param string $url Absolute address.
	 * @return string
	 */
	public static function target( string $url ): string {
		$after = preg_replace( '~^[a-z]+://[^/?#]*~i', '', $url );
		return '' === $after || '/' !== $after[0] ? '/' . $after : $after;
	}

	/**
	 * Sends.
	 *
	 * @param string                $method    GET, POST, PUT.
	 * @param string                $url       Absolute address.
	 * @param array<string, string> $headers   Headers.
	 * @param string                $body      The raw body.
	 * @param float                 $timeout_s Seconds.
	 * @return Answer
	 */
	private function send( string $method, string $url, array $headers, string $body, float $timeout_s ): Answer {
		$headers['Accept'] = 'application/json, application/problem+json';
		if ( '' !== $body ) {
			$headers['Content-Type'] = 'application/json';
		}
		$began        = $this->clock->monotonic();
		$reply        = $this->transport->send( $method, $url, $headers, $body, $timeout_s );
		$answer       = new Answer( $reply, $this->clock->now() );
		$answer->took = $this->clock->monotonic() - $began;
		return $answer;
	}
}
