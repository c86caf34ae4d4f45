<?php
/**
 * The newest version of the plugin.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

use Crossdock\Hub\Client;
use Crossdock\Hub\Credentials;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Home;
use Crossdock\Wp\Json;
use Crossdock\Wp\Options;

/**
 * Asks the hub which version it has and verifies what it gives: an Ed25519 signature over version, digest and needs, by the key that
 * was noted when the site was paired, and the digest of the ZIP.
 */
class Release {

	/**
	 * Where the hub tells of the newest version, and where its ZIP is.
	 */
	public const UPDATE = '/plugin/update.json';
	public const ZIP    = '/plugin/crossdock.zip';

	/**
	 * The option with what the hub said last.
	 */
	private const KEPT = 'crossdock_release';

	/**
	 * Seconds that it is believed.
	 */
	private const LIFE = 600;

	/**
	 * The way to the hub.
	 *
	 * @var Client
	 */
	private Client $client;

	/**
	 * The hub and the key that was noted.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * WordPress' options.
	 *
	 * @var Options
	 */
	private Options $options;

	/**
	 * The time.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * The version of the code.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * Takes what it works with.
	 *
	 * @param Client      $client      The way to the hub.
	 * @param Credentials $credentials The hub and the key that was noted.
	 * @param Options     $options     WordPress' options.
	 * @param Clock       $clock       The time.
	 * @param Home        $home        The version of the code.
	 */
	public function __construct( Client $client, Credentials $credentials, Options $options, Clock $clock, Home $home ) {
		$this->client      = $client;
		$this->credentials = $credentials;
		$this->options     = $options;
		$this->clock       = $clock;
		$this->home        = $home;
	}

	/**
	 * Returns what the hub tells of the newest version.
	 *
	 * @param bool $fresh Whether it is asked in any case.
	 * @return array<string, mixed> Empty when the site is not paired or the hub does not say.
	 */
	public function document( bool $fresh = false ): array {
		$hub  = $this->credentials->hub();
		$kept = $this->options->get( self::KEPT, array() );
		if ( '' === $hub ) {
			return array();
		}
		if ( ! $fresh && is_array( $kept ) && ( $kept['hub'] ?? '' ) === $hub && $this->clock->now() - (float) $kept['at'] < self::LIFE ) {
			return (array) $kept['document'];
		}
		$answer   = $this->client->unsigned( 'GET', $hub . self::UPDATE, null, 8.0 );
		$document = 200 === $answer->status ? (array) Json::decode( $answer->reply->body ) : array();
		$document = isset( $document['version'], $document['sha256'] ) ? $document : array();
		$this->options->set( self::KEPT, array( 'hub' => $hub, 'at' => $this->clock->now(), 'document' => $document ), false );
		return $document;
	}

	/**
	 * Returns where the ZIP is: at the hub the site is paired with, whatever the document says.
	 *
	 * @return string Empty when the site is not paired.
	 */
	public function package(): string {
		$hub = $this->credentials->hub();
		return '' === $hub ? '' : $hub . self::ZIP;
	}

	/**
	 * Says why a file must not be installed.
	 *
	 * @param array<string, mixed> $document What the hub told.
	 * @param string               $file     The ZIP that was fetched.
	 * @return string Empty when it may; `sodium`, `unsigned`, `key`, `signature`, `older` or `digest`.
	 */
	public function fault( array $document, string $file ): string {
		$fault = self::signed( $document, $this->key() );
		if ( '' !== $fault ) {
			return $fault;
		}
		// An old release keeps its signature for ever: it must not come back with the holes it had.
		if ( version_compare( (string) $document['version'], $this->home->version(), '<' ) ) {
			return 'older';
		}
		$digest = (string) hash_file( 'sha256', $file );
		return hash_equals( (string) $document['sha256'], $digest ) ? '' : 'digest';
	}

	/**
	 * Says what is wrong with a document's signature.
	 *
	 * @param array<string, mixed> $document What the hub told.
	 * @param string               $key      The key that was noted at pairing, base64.
	 * @return string Empty when it is right; `sodium`, `unsigned`, `key` or `signature`.
	 */
	public static function signed( array $document, string $key ): string {
		$public     = base64_decode( $key, true );
		$signatures = $document['signatures'] ?? array( $document );
		if ( ! function_exists( 'sodium_crypto_sign_verify_detached' ) ) {
			return 'sodium';
		}
		if ( ! is_array( $signatures ) || array() === $signatures || '' === $key ) {
			return 'unsigned';
		}
		$named = array( 'crossdock-plugin-v1' );
		foreach ( array( 'version', 'sha256', 'requires', 'requires_php' ) as $name ) {
			$named[] = is_string( $document[ $name ] ?? null ) ? $document[ $name ] : '';
		}
		foreach ( $signatures as $one ) {
			if ( ! is_array( $one ) || ( $one['public_key'] ?? '' ) !== $key ) {
				continue;
			}
			$signature = base64_decode( (string) ( $one['signature'] ?? '' ), true );
			$whole     = false !== $public && 32 === strlen( $public ) && false !== $signature && 64 === strlen( $signature );
			return $whole && sodium_crypto_sign_verify_detached( $signature, implode( "\n", $named ), $public ) ? '' : 'signature';
		}
		return 'key';
	}

	/**
	 * Returns the key that was noted.
	 *
	 * @return string
	 */
	private function key(): string {
		return (string) ( $this->credentials->connection()['release_key'] ?? '' );
	}
}
