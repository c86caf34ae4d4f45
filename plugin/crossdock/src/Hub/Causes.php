<?php
/**
 * The causes in plain words.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Hub;

/**
 * Says what each cause of `Diagnosis` means and what to do about it.
 */
final class Causes {

	/**
	 * Returns what a cause means and what to do.
	 *
	 * @param Diagnosis $found The diagnosis.
	 * @return array{title: string, remedy: string}
	 */
	public static function words( Diagnosis $found ): array {
		if ( 'clock-skew' === $found->cause ) {
			return self::clock( $found );
		}
		$all = self::network() + self::hub() + self::here();
		$one = $all[ $found->cause ] ?? $all['refused-by-hub'];
		return array( 'title' => $one[0], 'remedy' => $one[1] );
	}

	/**
	 * What the clocks say.
	 *
	 * @param Diagnosis $found The diagnosis.
	 * @return array{title: string, remedy: string}
	 */
	private static function clock( Diagnosis $found ): array {
		$seconds = (int) round( abs( (float) $found->skew ) );
		if ( $found->skew >= 0 ) {
			/* translators: %d: number of seconds. */
			$title = sprintf( _n( 'This server’s clock is %d second ahead of the hub’s.', 'This server’s clock is %d seconds ahead of the hub’s.', $seconds, 'crossdock' ), $seconds );
		} else {
			/* translators: %d: number of seconds. */
			$title = sprintf( _n( 'This server’s clock is %d second behind the hub’s.', 'This server’s clock is %d seconds behind the hub’s.', $seconds, 'crossdock' ), $seconds );
		}
		return array( 'title' => $title, 'remedy' => __( 'Signed requests are taken within five minutes. Ask your host to set the server’s clock (NTP); the time zone does not matter.', 'crossdock' ) );
	}

	/**
	 * Causes on the way.
	 *
	 * @return array<string, array<int, string>>
	 */
	private static function network(): array {
		return array(
			'dns'          => array( __( 'The hub’s name is not known here (DNS).', 'crossdock' ), __( 'Check the spelling of the hub’s address. If it is right, ask your host whether this server can look up names.', 'crossdock' ) ),
			'refused'      => array( __( 'Nothing answers at the hub’s address.', 'crossdock' ), __( 'Check the port in the address and whether the hub runs. A firewall may also refuse connections from this server.', 'crossdock' ) ),
			'timeout'      => array( __( 'The hub does not answer in time.', 'crossdock' ), __( 'A firewall on the way may drop the packets: ask your host whether outgoing connections to the hub’s address and port are allowed.', 'crossdock' ) ),
			'tls'          => array( __( 'The hub’s certificate is not trusted here (TLS).', 'crossdock' ), __( 'Renew the hub’s certificate or use one from a known authority. If it is valid elsewhere, the list of authorities on this server is too old.', 'crossdock' ) ),
			'network'      => array( __( 'The connection to the hub broke.', 'crossdock' ), __( 'Try again. If it stays, give the words below to your host.', 'crossdock' ) ),
			'firewall'     => array( __( 'A firewall or protection service answers in the hub’s place.', 'crossdock' ), __( 'Let requests of this server to /api/integrations/wordpress/ pass there (no challenge, no browser check).', 'crossdock' ) ),
			'wrong-path'   => array( __( 'There is no hub at this path.', 'crossdock' ), __( 'Check the hub’s address: https, the right name, and no path unless the hub lies in a folder. The site does not follow redirects.', 'crossdock' ) ),
			'not-the-hub'  => array( __( 'What answers is not a Crossdock hub.', 'crossdock' ), __( 'Check the hub’s address. A login page or a parked domain may lie there.', 'crossdock' ) ),
			'blocked-here' => array( __( 'WordPress itself forbids this request.', 'crossdock' ), __( 'WP_HTTP_BLOCK_EXTERNAL is set in wp-config.php: add the hub’s name to WP_ACCESSIBLE_HOSTS. A security plugin may do the same.', 'crossdock' ) ),
		);
	}

	/**
	 * Causes at the hub.
	 *
	 * @return array<string, array<int, string>>
	 */
	private static function hub(): array {
		return array(
			'ok'             => array( __( 'The hub answers and knows this site.', 'crossdock' ), '' ),
			'unknown-key'    => array( __( 'The hub does not know this site’s key (401).', 'crossdock' ), __( 'It was revoked or belongs to another hub. Connect again with a new pairing code; nothing that waits is lost.', 'crossdock' ) ),
			'bad-signature'  => array( __( 'The hub does not accept the signature (401).', 'crossdock' ), __( 'The secret is wrong, or something on the way changes the request. Enter the secret again, or connect with a new pairing code.', 'crossdock' ) ),
			'nonce-replayed' => array( __( 'The hub has seen this request before.', 'crossdock' ), __( 'Something on the way sends requests twice (a proxy that retries). Try again.', 'crossdock' ) ),
			'another-site'   => array( __( 'The hub knows this key as another site’s.', 'crossdock' ), __( 'This site has another address than when it was connected, or is a copy. Connect it with a new pairing code.', 'crossdock' ) ),
			'unknown-code'   => array( __( 'The hub does not know this pairing code.', 'crossdock' ), __( 'Copy it whole, or make a new one in the hub.', 'crossdock' ) ),
			'expired-code'   => array( __( 'This pairing code was used or is older than 15 minutes.', 'crossdock' ), __( 'Make a new one in the hub.', 'crossdock' ) ),
			'busy'           => array( __( 'The hub asks to wait.', 'crossdock' ), __( 'Sending goes on by itself after the time the hub names.', 'crossdock' ) ),
			'hub-trouble'    => array( __( 'The hub has trouble of its own.', 'crossdock' ), __( 'Sending goes on by itself when it is over. See the hub’s own log.', 'crossdock' ) ),
			'refused-by-hub' => array( __( 'The hub refuses the request.', 'crossdock' ), __( 'See what it says below.', 'crossdock' ) ),
		);
	}

	/**
	 * Causes on this site.
	 *
	 * @return array<string, array<int, string>>
	 */
	private static function here(): array {
		return array(
			'unpaired'      => array( __( 'This site is not connected to a hub.', 'crossdock' ), __( 'Paste a pairing code from the hub.', 'crossdock' ) ),
			'no-code'       => array( __( 'This is no pairing code.', 'crossdock' ), __( 'Copy it whole from the hub; it begins with cdp1.', 'crossdock' ) ),
			'salts-changed' => array( __( 'The salts in wp-config.php were changed, so the sealed secret cannot be opened any more.', 'crossdock' ), __( 'Connect again with a new pairing code. What waits is sent afterwards.', 'crossdock' ) ),
			'damaged'       => array( __( 'The kept secret is damaged.', 'crossdock' ), __( 'Connect again with a new pairing code. What waits is sent afterwards.', 'crossdock' ) ),
			'no-sealing'    => array( __( 'This PHP cannot keep a secret safely.', 'crossdock' ), __( 'Ask your host for PHP’s sodium extension, or OpenSSL with AES-256-GCM.', 'crossdock' ) ),
		);
	}
}
