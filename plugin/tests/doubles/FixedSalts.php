<?php
/**
 * Salts that a test chooses.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Tests;

use Crossdock\Wp\Salts;

/**
 * The site's salts without a site.
 */
final class FixedSalts extends Salts {

	/**
	 * The salt.
	 *
	 * @var string
	 */
	public string $salt;

	public function __construct( string $salt = 'a salt of the tests' ) {
		$this->salt = $salt;
	}

	public function value(): string {
		return $this->salt;
	}
}
