<?php
/**
 * The connection test.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Hub;

use Crossdock\Site\Probe;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Names;
use Crossdock\Wp\Reply;

/**
 * Tries the connection step by step, so that a person sees how far it comes: the name, the hub itself, our key, the clocks, and the
 * way back from the hub into this site.
 */
class Trial {

	/**
	 * The steps in order.
	 */
	public const STEPS = array( 'name', 'hub', 'key', 'clock', 'back' );

	/**
	 * Seconds that a step may take.
	 */
	private const PATIENCE = 10.0;

	/**
	 * The way to the hub.
	 *
	 * @var Client
	 */
	private Client $client;

	/**
	 * Asks the hub how it is.
	 *
	 * @var Pairing
	 */
	private Pairing $pairing;

	/**
	 * What the site proves itself with.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * The way into this site.
	 *
	 * @var Probe
	 */
	private Probe $probe;

	/**
	 * What looks names up.
	 *
	 * @var Names
	 */
	private Names $names;

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
	 * @param Pairing     $pairing     Asks the hub how it is.
	 * @param Credentials $credentials What the site proves itself with.
	 * @param Probe       $probe       The way into this site.
	 * @param Names       $names       What looks names up.
	 * @param Clock       $clock       The time.
	 */
	public function __construct( Client $client, Pairing $pairing, Credentials $credentials, Probe $probe, Names $names, Clock $clock ) {
		$this->client      = $client;
		$this->pairing     = $pairing;
		$this->credentials = $credentials;
		$this->probe       = $probe;
		$this->names       = $names;
		$this->clock       = $clock;
	}

	/**
	 * Tries the steps until one fails; the way back is tried in any case.
	 *
	 * @return array<int, array<string, mixed>> What `step` gives, each.
	 */
	public function all(): array {
		$results = array();
		$failed  = false;
		foreach ( self::STEPS as $step ) {
			if ( ! $failed || 'back' === $step ) {
				$result    = $this->step( $step );
				$results[] = $result;
				$failed    = $failed || ! $result['ok'];
			}
		}
		return $results;
	}

	/**
	 * Tries one step.
	 *
	 * @param string $step One of STEPS.
	 * @return array<string, mixed> step, title, ok, cause, text, remedy, said (the transport's or hub's own words).
	 */
	public function step( string $step ): array {
		if ( 'back' === $step ) {
			return array( 'step' => $step, 'title' => Verdict::titles()[ $step ] ) + $this->probe->told();
		}
		$trouble = $this->credentials->trouble();
		if ( '' !== $trouble ) {
			return Verdict::of( $step, new Diagnosis( Answer::unasked( $trouble, '' ), $this->clock->now() ) );
		}
		switch ( $step ) {
			case 'name':
				return $this->name();
			case 'hub':
				return $this->hub();
			case 'clock':
				return $this->clock();
			default:
				$answer = $this->pairing->status( self::PATIENCE );
				return Verdict::of( $step, new Diagnosis( $answer, $this->clock->now() ) );
		}
	}

	/**
	 * Looks the hub's name up. Behind a proxy this server need not know it: then the next step tells.
	 *
	 * @return array<string, mixed>
	 */
	private function name(): array {
		$host = trim( (string) wp_parse_url( $this->credentials->hub(), PHP_URL_HOST ), '[]' );
		if ( defined( 'WP_PROXY_HOST' ) || $this->names->known( $host ) ) {
			return Verdict::good( 'name', $host );
		}
		$answer = new Answer( new Reply( 0, array(), '', 'could not resolve ' . $host ), 0.0 );
		return Verdict::of( 'name', new Diagnosis( $answer, $this->clock->now() ) );
	}

	/**
	 * Asks without a key: a hub says that one is wanted.
	 *
	 * @return array<string, mixed>
	 */
	private function hub(): array {
		$answer = $this->client->unsigned( 'GET', $this->credentials->hub() . Client::BASE . '/status', null, self::PATIENCE );
		$found  = new Diagnosis( $answer, $this->clock->now() );
		if ( 401 === $answer->status && '' !== $answer->code() && 0 !== strpos( $answer->code(), 'http-' ) && 'not-the-hub' !== $answer->code() ) {
			$found->cause = 'ok';
			$found->said  = '';
		}
		$result = Verdict::of( 'hub', $found );
		if ( $found->ok() ) {
			/* translators: %d: number of milliseconds. */
			$result['text'] = sprintf( __( 'It answers in %d ms.', 'crossdock' ), (int) ceil( $answer->took * 1000 ) );
		}
		return $result;
	}

	/**
	 * Compares the clocks.
	 *
	 * @return array<string, mixed>
	 */
	private function clock(): array {
		$found = new Diagnosis( $this->client->get( '/status', array(), self::PATIENCE ), $this->clock->now() );
		if ( $found->ok() && $found->skewed() ) {
			$found->cause = 'clock-skew';
		}
		$result = Verdict::of( 'clock', $found );
		if ( $found->ok() ) {
			$result['text'] = __( 'They agree.', 'crossdock' );
		}
		return $result;
	}
}
