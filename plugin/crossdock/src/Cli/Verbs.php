<?php
/**
 * The plugin on the command line.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Cli;

use Crossdock\Container;
use Crossdock\Part;

/**
 * Adds `wp crossdock status|pair|disconnect|test|hazards|copy`, `wp crossdock settings …` and `wp crossdock backup …`.
 */
final class Verbs implements Part {

	/**
	 * Builds the commands.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Takes what builds the commands.
	 *
	 * @param Container $container Builds the commands.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Adds the commands, where WP-CLI runs.
	 *
	 * @return void
	 */
	public function register(): void {
		if ( ! defined( 'WP_CLI' ) || ! WP_CLI ) {
			return;
		}
		$connection = $this->container->get( ConnectionCommand::class );
		foreach ( array( 'pair', 'connect', 'disconnect', 'test' ) as $verb ) {
			\WP_CLI::add_command( 'crossdock ' . $verb, array( $connection, $verb ) );
		}
		$site = $this->container->get( SiteCommand::class );
		foreach ( array( 'status', 'hazards', 'copy' ) as $verb ) {
			\WP_CLI::add_command( 'crossdock ' . $verb, array( $site, $verb ) );
		}
		\WP_CLI::add_command( 'crossdock settings', $this->container->get( SettingsCommand::class ) );
		\WP_CLI::add_command( 'crossdock backup', $this->container->get( BackupCommand::class ) );
	}
}
