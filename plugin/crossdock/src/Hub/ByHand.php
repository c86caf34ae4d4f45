<?php
/**
 * What a person types to connect.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Hub;

use Crossdock\Settings\Fault;

/**
 * Says what is wrong with an address, key and secret before the hub is asked.
 */
final class ByHand {

	/**
	 * Says what is wrong with what a person typed.
	 *
	 * @param string $hub    The hub's address.
	 * @param string $key    The site's key.
	 * @param string $secret The site's secret.
	 * @param bool   $kept   Whether a secret is there that an empty field keeps.
	 * @return array<int, Fault>
	 */
	public static function faults( string $hub, string $key, string $secret, bool $kept ): array {
		$faults = array();
		if ( ! Code::address( $hub ) ) {
			$faults[] = new Fault( 'hub', 'url', __( 'Give the hub’s address as https://hub.example, without user, query or fragment. http is taken for this machine only.', 'crossdock' ) );
		}
		if ( ! preg_match( '/^cdk_[A-Za-z0-9_-]{16,190}$/D', $key ) ) {
			$faults[] = new Fault( 'key', 'key', __( 'Give the key as the hub shows it; it begins with cdk_.', 'crossdock' ) );
		}
		if ( ! preg_match( '/^cds_[A-Za-z0-9_-]{16,190}$/D', $secret ) && ( '' !== $secret || ! $kept ) ) {
			$faults[] = new Fault( 'secret', 'secret', __( 'Give the secret as the hub shows it; it begins with cds_.', 'crossdock' ) );
		}
		return $faults;
	}
}
