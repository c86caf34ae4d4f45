<?php
/**
 * Pairing with a hub.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Hub;

use Crossdock\Site\Copies;
use Crossdock\Site\Facts;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Json;

/**
 * Turns a pairing code into a connection, takes address, key and secret by hand, and takes leave.
 */
class Pairing {

	/**
	 * The way to the hub.
	 *
	 * @var Client
	 */
	private Client $client;

	/**
	 * Where the pairing is kept.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * What the site is.
	 *
	 * @var Facts
	 */
	private Facts $facts;

	/**
	 * The time.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Takes what it works with.
	 *
	 * @param Client      $client      The way to the hub.
	 * @param Credentials $credentials Where the pairing is kept.
	 * @param Facts       $facts       What the site is.
	 * @param Clock       $clock       The time.
	 */
	public function __construct( Client $client, Credentials $credentials, Facts $facts, Clock $clock ) {
		$this->client      = $client;
		$this->credentials = $credentials;
		$this->facts       = $facts;
		$this->clock       = $clock;
	}

	/**
	 * Pairs by a code.
	 *
	 * @param string $pasted What a person pasted: the code, or a link that carries it.
	 * @return Answer The hub's answer; nothing is kept unless it is ok.
	 */
	public function pair( string $pasted ): Answer {
		$code = Code::read( $pasted );
		if ( null === $code ) {
			return Answer::unasked( 'no-code', __( 'This is no pairing code. It begins with cdp1. and is copied whole from the hub.', 'crossdock' ) );
		}
		$body   = array( 'code' => $code->token, 'site' => $this->facts->document() );
		$answer = $this->client->unsigned( 'POST', $code->hub . Client::BASE . '/pair', $body );
		$data   = $answer->data;
		if ( $answer->ok() && ! isset( $data['key'], $data['secret'] ) ) {
			return Answer::unasked( 'not-the-hub', __( 'What answers at the address in the code is not a Crossdock hub.', 'crossdock' ) );
		}
		if ( $answer->ok() && ! $this->keep( $code->hub, (string) $data['key'], (string) $data['secret'], $data ) ) {
			return $this->no_sealing();
		}
		return $this->announced( $answer );
	}

	/**
	 * Connects by address, key and secret that a person typed. They are tried before they are kept for good: when the hub does not
	 * know them, what was kept before is back.
	 *
	 * @param string $hub    The hub's address.
	 * @param string $key    The site's key.
	 * @param string $secret The site's secret; empty to keep the one that is there.
	 * @return Answer
	 */
	public function by_hand( string $hub, string $key, string $secret ): Answer {
		$before = $this->credentials->read();
		$was    = $this->credentials->connection();
		$secret = '' === $secret && null !== $before ? $before['secret'] : $secret;
		if ( ! $this->keep( $hub, $key, $secret, array() ) ) {
			return $this->no_sealing();
		}
		$answer = $this->status();
		if ( ! $answer->ok() && ! $answer->passing() ) {
			if ( null === $before || array() === $was ) {
				$this->credentials->forget();
			} else {
				$this->credentials->keep( (string) $was['hub'], $before['key'], $before['secret'], $was );
			}
		}
		return $this->announced( $answer );
	}

	/**
	 * Asks the hub how it is; the hub learns what the site is. New limits and the connection's name are kept.
	 *
	 * @param float $timeout_s Seconds.
	 * @return Answer
	 */
	public function status( float $timeout_s = 15.0 ): Answer {
		$site   = rtrim( strtr( base64_encode( Json::encode( $this->facts->document() ) ), '+/', '-_' ), '=' );
		$answer = $this->client->get( '/status', array(), $timeout_s, array( 'X-Crossdock-Site' => $site ) );
		if ( $answer->ok() ) {
			// The key of releases that was noted first stays.
			$noted = array_intersect_key( $this->credentials->connection(), array( 'release_key' => 1 ) );
			$this->credentials->note( $noted + array_intersect_key( $answer->data, array( 'limits' => 1 ) ) + $this->known( $answer->data ) );
		}
		return $answer;
	}

	/**
	 * Takes leave of the hub and forgets the pairing, also when the hub does not answer. A copy of a site takes no leave: the key is
	 * the site's own.
	 *
	 * @param float $timeout_s Seconds.
	 * @return Answer
	 */
	public function disconnect( float $timeout_s = 10.0 ): Answer {
		$copied = '' !== ( new Copies( $this->credentials, $this->facts ) )->reason();
		$answer = $copied ? Answer::unasked( 'copy', '' ) : $this->client->post( '/disconnect', (object) array(), $timeout_s );
		$this->credentials->forget();
		return $answer;
	}

	/**
	 * Lets the rest of the plugin know that the site was paired.
	 *
	 * @param Answer $answer The hub's answer.
	 * @return Answer The same.
	 */
	private function announced( Answer $answer ): Answer {
		if ( $answer->ok() ) {
			do_action( 'crossdock_paired' );
		}
		return $answer;
	}

	/**
	 * Keeps a pairing with what the site is now.
	 *
	 * @param string               $hub    The hub's address.
	 * @param string               $key    The site's key.
	 * @param string               $secret The site's secret.
	 * @param array<string, mixed> $data   What the hub said of the connection.
	 * @return bool
	 */
	private function keep( string $hub, string $key, string $secret, array $data ): bool {
		$details = array( 'site' => $this->facts->marks(), 'at' => (int) $this->clock->now(), 'limits' => $data['limits'] ?? array() );
		return $this->credentials->keep( $hub, $key, $secret, $details + $this->known( $data ) );
	}

	/**
	 * Returns what of the hub's words about the connection is kept.
	 *
	 * @param array<string, mixed> $data The hub's words.
	 * @return array<string, mixed>
	 */
	private function known( array $data ): array {
		$kept = array();
		foreach ( array( 'connection' => array( 'id', 'name', 'connector', 'joined' ), 'hub' => array( 'name', 'version' ) ) as $part => $names ) {
			$told = isset( $data[ $part ] ) && is_array( $data[ $part ] ) ? array_intersect_key( $data[ $part ], array_flip( $names ) ) : array();
			if ( array() !== $told ) {
				$kept[ 'hub' === $part ? 'about' : $part ] = $told;
			}
		}
		$key = $data['hub']['public_key'] ?? null;
		return is_string( $key ) ? $kept + array( 'release_key' => $key ) : $kept;
	}

	/**
	 * Says that this PHP cannot keep a secret.
	 *
	 * @return Answer
	 */
	private function no_sealing(): Answer {
		return Answer::unasked( 'no-sealing', __( 'This PHP has neither sodium nor OpenSSL’s AES-256-GCM, so the secret cannot be kept safely. Ask the host for one of them.', 'crossdock' ) );
	}
}
