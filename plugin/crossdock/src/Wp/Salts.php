<?php
/**
 * The site's own secrets.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * What only this site knows (`AUTH_KEY`, `AUTH_SALT` of wp-config.php, or what WordPress made in their place).
 */
class Salts {

	/**
	 * Returns the site's salt for sealing.
	 *
	 * @return string
	 */
	public function value(): string {
		return wp_salt( 'auth' );
	}
}
