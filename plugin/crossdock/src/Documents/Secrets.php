<?php
/**
 * What never leaves the site.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Documents;

/**
 * Knows by their names the pieces of meta that hold secrets: passwords, tokens, keys, sessions, rights.
 */
final class Secrets {

	/**
	 * Parts of names that mean a secret.
	 */
	private const PARTS = '/passw|passphrase|secret|token|_pass$|^pass$|api_?key|private_?key|consumer_?key|auth_?key|2fa|two_?factor|totp|otp_|_otp$|webauthn|passkey|backup_?codes?|recovery_?codes?|session|nonce|_salt$|activation_?key|credential/i';

	/**
	 * Names that mean rights or the inside of WordPress.
	 */
	private const RIGHTS = '/(^|_)(capabilities|user_level|user-settings|user-settings-time|dashboard_quick_press_last_post_id)$/';

	/**
	 * Tells whether a piece of meta must stay on the site.
	 *
	 * @param string $key Its name.
	 * @return bool
	 */
	public static function is( string $key ): bool {
		if ( 0 === strncmp( $key, 'crossdock_ga_', 13 ) ) {
			return false;
		}
		return 1 === preg_match( self::PARTS, $key ) || 1 === preg_match( self::RIGHTS, $key );
	}

	/**
	 * Returns a document's `meta_data` without the secrets; the order stays.
	 *
	 * @param array<mixed> $meta Entries with id, key, value.
	 * @return array<int, mixed>
	 */
	public static function without( array $meta ): array {
		return array_values(
			array_filter(
				$meta,
				static function ( $entry ): bool {
					return ! is_array( $entry ) || ! isset( $entry['key'] ) || ! self::is( (string) $entry['key'] );
				}
			)
		);
	}
}
