<?php
/**
 * What the site proves itself with at the hub.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Hub;

use Crossdock\Settings\Seal;
use Crossdock\Wp\Options;

/**
 * Keeps the hub's address and the connection (`crossdock_connection`, no secret in it) and the sealed key and secret
 * (`crossdock_secret`).
 */
class Credentials {

	/**
	 * The option with the sealed key and secret.
	 */
	public const SECRET = 'crossdock_secret';

	/**
	 * The option with hub, connection and what the site was when it was paired.
	 */
	public const CONNECTION = 'crossdock_connection';

	/**
	 * WordPress' options.
	 *
	 * @var Options
	 */
	private Options $options;

	/**
	 * What seals.
	 *
	 * @var Seal
	 */
	private Seal $seal;

	/**
	 * Takes where it keeps and what seals.
	 *
	 * @param Options $options WordPress' options.
	 * @param Seal    $seal    What seals.
	 */
	public function __construct( Options $options, Seal $seal ) {
		$this->options = $options;
		$this->seal    = $seal;
	}

	/**
	 * Tells whether the site is paired with a hub. Cheap: asked on every page.
	 *
	 * @return bool
	 */
	public function paired(): bool {
		return '' !== $this->hub();
	}

	/**
	 * Returns the hub's address without a slash at its end; empty when not paired.
	 *
	 * @return string
	 */
	public function hub(): string {
		$hub = $this->connection()['hub'] ?? '';
		return is_string( $hub ) ? $hub : '';
	}

	/**
	 * Returns what is known of the pairing: hub, signed, connection (id, name, connector, joined), limits, site (what it was then), at.
	 *
	 * @return array<string, mixed> Empty when not paired.
	 */
	public function connection(): array {
		$kept = $this->options->get( self::CONNECTION, array() );
		return is_array( $kept ) ? $kept : array();
	}

	/**
	 * Returns key and secret.
	 *
	 * @return array{key: string, secret: string}|null Null when there are none or they cannot be opened; see `trouble`.
	 */
	public function read(): ?array {
		$sealed = $this->options->get( self::SECRET, '' );
		$text   = is_string( $sealed ) && '' !== $sealed ? $this->seal->open( $sealed ) : null;
		$pair   = null === $text ? array() : explode( "\n", $text, 2 );
		return 2 === count( $pair ) ? array( 'key' => $pair[0], 'secret' => $pair[1] ) : null;
	}

	/**
	 * Returns key and secret as the database holds them now, whatever this process remembers of them and of the hub.
	 *
	 * @return array{key: string, secret: string}|null As `read`.
	 */
	public function fresh(): ?array {
		$this->options->fresh( self::SECRET );
		$this->options->fresh( self::CONNECTION );
		return $this->read();
	}

	/**
	 * Says why there is nothing to sign with.
	 *
	 * @return string Empty when all is well; `unpaired`, `salts-changed`, `no-sealing` or `damaged`.
	 */
	public function trouble(): string {
		if ( ! $this->paired() ) {
			return 'unpaired';
		}
		if ( null !== $this->read() ) {
			return '';
		}
		$sealed = (string) $this->options->get( self::SECRET, '' );
		if ( array() === $this->seal->ways() ) {
			return 'no-sealing';
		}
		return $this->seal->foreign( $sealed ) ? 'salts-changed' : 'damaged';
	}

	/**
	 * Keeps a pairing.
	 *
	 * @param string               $hub     The hub's address.
	 * @param string               $key     The site's key.
	 * @param string               $secret  The site's secret.
	 * @param array<string, mixed> $details signed, connection, limits, site, at.
	 * @return bool False when this PHP can seal nothing: then nothing is kept.
	 */
	public function keep( string $hub, string $key, string $secret, array $details ): bool {
		$sealed = $this->seal->close( $key . "\n" . $secret );
		if ( null === $sealed ) {
			return false;
		}
		$this->options->set( self::SECRET, $sealed, false );
		$this->options->set( self::CONNECTION, array( 'hub' => rtrim( $hub, '/' ) ) + $details, true );
		return true;
	}

	/**
	 * Changes what is known of the pairing (new limits, a site that moved), the secret stays.
	 *
	 * @param array<string, mixed> $details What changes.
	 * @return void
	 */
	public function note( array $details ): void {
		if ( $this->paired() ) {
			$this->options->set( self::CONNECTION, $details + $this->connection(), true );
		}
	}

	/**
	 * Forgets the pairing.
	 *
	 * @return void
	 */
	public function forget(): void {
		$this->options->drop( self::SECRET );
		$this->options->drop( self::CONNECTION );
	}
}
