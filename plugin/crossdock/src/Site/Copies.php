<?php
/**
 * Copies of a site.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

use Crossdock\Hub\Credentials;

/**
 * Tells whether this is still the site that was paired, or a copy of it (staging, a developer's machine). A copy must not
 * send in the name of the site.
 */
class Copies {

	/**
	 * What the site proves itself with.
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
	 * Takes what it compares.
	 *
	 * @param Credentials $credentials What the site proves itself with.
	 * @param Facts       $facts       What the site is.
	 */
	public function __construct( Credentials $credentials, Facts $facts ) {
		$this->credentials = $credentials;
		$this->facts       = $facts;
	}

	/**
	 * Says why this may be a copy of the site that was paired. While it is not empty nothing is sent.
	 *
	 * @return string Empty when it is the site itself; `address`, `instance`, `environment` or `database`.
	 */
	public function reason(): string {
		$then = $this->then();
		return array() === $then ? '' : self::compare( $then, $this->facts->marks() );
	}

	/**
	 * Compares the marks of two moments.
	 *
	 * @param array<string, mixed> $then The marks at pairing.
	 * @param array<string, mixed> $now  The marks now.
	 * @return string As `reason`.
	 */
	public static function compare( array $then, array $now ): string {
		if ( isset( $then['url'] ) && self::place( (string) $then['url'] ) !== self::place( (string) $now['url'] ) ) {
			return 'address';
		}
		if ( isset( $then['instance'] ) && $then['instance'] !== $now['instance'] ) {
			return 'instance';
		}
		if ( isset( $then['environment'] ) && $then['environment'] !== $now['environment'] && 'production' !== $now['environment'] ) {
			return 'environment';
		}
		if ( isset( $then['database'] ) && $then['database'] !== $now['database'] ) {
			return 'database';
		}
		return '';
	}

	/**
	 * Returns where a site is, as the hub tells sites apart: host, port and folder; http and https are the same.
	 *
	 * @param string $url Absolute address.
	 * @return string
	 */
	public static function place( string $url ): string {
		$parts = parse_url( strtolower( $url ) );
		if ( ! is_array( $parts ) || ! isset( $parts['host'] ) ) {
			return rtrim( strtolower( $url ), '/' );
		}
		$usual = array( 'http' => 80, 'https' => 443 );
		$port  = $parts['port'] ?? 0;
		$port  = 0 === $port || ( $usual[ $parts['scheme'] ?? '' ] ?? -1 ) === $port ? '' : ':' . $port;
		return $parts['host'] . $port . rtrim( $parts['path'] ?? '', '/' );
	}

	/**
	 * Notes that this is the same site, moved: its present marks are those of the pairing from now on.
	 *
	 * @return void
	 */
	public function same(): void {
		$this->credentials->note( array( 'site' => $this->facts->marks() ) );
	}

	/**
	 * Returns what changed in plain words; empty when nothing did.
	 *
	 * @return string
	 */
	public function words(): string {
		$then = $this->then();
		$now  = $this->facts->marks();
		switch ( $this->reason() ) {
			case 'address':
				/* translators: 1: address at pairing, 2: address now. */
				return sprintf( __( 'This site was connected as %1$s and is now %2$s.', 'crossdock' ), $then['url'], $now['url'] );
			case 'instance':
				return __( 'The settings of this site come from another installation.', 'crossdock' );
			case 'environment':
				/* translators: 1: kind of environment at pairing (production, staging …), 2: kind of environment now. */
				return sprintf( __( 'This site was connected as an environment of kind “%1$s” and is now of kind “%2$s”.', 'crossdock' ), $then['environment'], $now['environment'] );
			case 'database':
				return __( 'The database of this site lies in another place than when it was connected: it may be a copy.', 'crossdock' );
			default:
				return '';
		}
	}

	/**
	 * Returns the marks at pairing; empty when not paired.
	 *
	 * @return array<string, mixed>
	 */
	private function then(): array {
		$then = $this->credentials->connection()['site'] ?? array();
		return is_array( $then ) ? $then : array();
	}
}
