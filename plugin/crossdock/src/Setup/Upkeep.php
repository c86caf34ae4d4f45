<?php
/**
 * Notices that the code is another one.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

use Crossdock\Container;
use Crossdock\Wp\Home;

/**
 * Migrates when the code is newer (or older) than what ran last, also where it was updated by copying files, on any site of a network.
 */
final class Upkeep {

	/**
	 * The option with the version of the code that ran last.
	 */
	public const VERSION = 'crossdock_version';

	/**
	 * Builds what migrates when it is wanted.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * The version of the code.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * Takes what it works with.
	 *
	 * @param Container $container Builds what migrates when it is wanted.
	 * @param Home      $home      The version of the code.
	 */
	public function __construct( Container $container, Home $home ) {
		$this->container = $container;
		$this->home      = $home;
	}

	/**
	 * Compares the versions; the option is loaded with every page anyway.
	 *
	 * @return void
	 */
	public function check(): void {
		if ( get_option( self::VERSION, '' ) !== $this->home->version() ) {
			$this->container->get( Migrations::class )->run();
		}
	}
}
