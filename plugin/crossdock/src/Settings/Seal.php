<?php
/**
 * Sealing of secrets.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Settings;

use Crossdock\Wp\Salts;

/**
 * Seals secrets with a key made of the site's salts, so that a copy of the database alone gives nothing away.
 * With libsodium (WordPress brings a stand-in of its own), else with OpenSSL's AES-256-GCM.
 */
final class Seal {

	/**
	 * The site's salts.
	 *
	 * @var Salts
	 */
	private Salts $salts;

	/**
	 * Takes the site's salts.
	 *
	 * @param Salts $salts The site's salts.
	 */
	public function __construct( Salts $salts ) {
		$this->salts = $salts;
	}

	/**
	 * Returns which ways of sealing this PHP has, best first.
	 *
	 * @return array<int, string> sodium, openssl.
	 */
	public function ways(): array {
		$ways = array();
		if ( function_exists( 'sodium_crypto_secretbox' ) ) {
			$ways[] = 'sodium';
		}
		if ( function_exists( 'openssl_encrypt' ) && in_array( 'aes-256-gcm', openssl_get_cipher_methods(), true ) ) {
			$ways[] = 'openssl';
		}
		return $ways;
	}

	/**
	 * Seals a text.
	 *
	 * @param string $text The secret.
	 * @param string $way  sodium or openssl; empty for the best there is.
	 * @return string|null Null when this PHP can seal nothing.
	 */
	public function close( string $text, string $way = '' ): ?string {
		$ways = $this->ways();
		$way  = '' === $way ? ( $ways[0] ?? '' ) : $way;
		$key  = $this->key();
		if ( ! in_array( $way, $ways, true ) ) {
			return null;
		}
		if ( 'sodium' === $way ) {
			$nonce = random_bytes( 24 );
			$box   = $nonce . sodium_crypto_secretbox( $text, $nonce, $key );
		} else {
			$nonce = random_bytes( 12 );
			$tag   = '';
			$box   = openssl_encrypt( $text, 'aes-256-gcm', $key, OPENSSL_RAW_DATA, $nonce, $tag, '', 16 );
			$box   = $nonce . $tag . $box;
		}
		return implode( ':', array( 'v1', $way, $this->mark( $key ), base64_encode( $box ) ) );
	}

	/**
	 * Opens what was sealed.
	 *
	 * @param string $sealed What `close` gave.
	 * @return string|null Null when it cannot be opened; see `foreign`.
	 */
	public function open( string $sealed ): ?string {
		$parts = explode( ':', $sealed );
		$box   = 4 === count( $parts ) && 'v1' === $parts[0] ? base64_decode( $parts[3], true ) : false;
		if ( false === $box || strlen( $box ) < 28 || ! in_array( $parts[1], $this->ways(), true ) ) {
			return null;
		}
		$key = $this->key();
		if ( 'sodium' === $parts[1] ) {
			$text = strlen( $box ) < 40 ? false : sodium_crypto_secretbox_open( substr( $box, 24 ), substr( $box, 0, 24 ), $key );
		} else {
			$text = openssl_decrypt( substr( $box, 28 ), 'aes-256-gcm', $key, OPENSSL_RAW_DATA, substr( $box, 0, 12 ), substr( $box, 12, 16 ) );
		}
		return false === $text ? null : $text;
	}

	/**
	 * Tells whether something was sealed with other salts than the site has now.
	 *
	 * @param string $sealed What `close` gave.
	 * @return bool
	 */
	public function foreign( string $sealed ): bool {
		$parts = explode( ':', $sealed );
		return 4 === count( $parts ) && ! hash_equals( $this->mark( $this->key() ), $parts[2] );
	}

	/**
	 * Returns the key that the salts give, 32 bytes.
	 *
	 * @return string
	 */
	private function key(): string {
		return hash_hkdf( 'sha256', $this->salts->value(), 32, 'crossdock seal v1' );
	}

	/**
	 * Returns a mark by which keys are told apart; it tells nothing about the key.
	 *
	 * @param string $key The key.
	 * @return string 16 hex digits.
	 */
	private function mark( string $key ): string {
		return substr( hash_hmac( 'sha256', 'crossdock mark v1', $key ), 0, 16 );
	}
}
