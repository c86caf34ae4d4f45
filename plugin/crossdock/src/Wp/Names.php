<?php
/**
 * Names of machines.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * Looks names up as this server does (DNS, its own list of hosts).
 */
class Names {

	/**
	 * Tells whether a name or address is known here.
	 *
	 * @param string $host Name or address.
	 * @return bool
	 */
	public function known( string $host ): bool {
		if ( false !== filter_var( $host, FILTER_VALIDATE_IP ) || gethostbyname( $host ) !== $host ) {
			return true;
		}
		// An address of IPv6 alone; a resolver that fails warns, which is no news here.
		return function_exists( 'dns_get_record' ) && (bool) @dns_get_record( $host, DNS_AAAA );
	}
}
