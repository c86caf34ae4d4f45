<?php
/**
 * The verbs that look.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Cli;

use Crossdock\Container;
use Crossdock\Part;

/**
 * Adds `wp crossdock activity …`, `wp crossdock log …` and `wp crossdock mapping …`.
 */
final class MonitorVerbs implements Part {

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
		foreach ( array( 'activity' => ActivityCommand::class, 'log' => LogCommand::class, 'mapping' => MappingCommand::class ) as $verb => $class ) {
			\WP_CLI::add_command( 'crossdock ' . $verb, $this->container->get( $class ) );
		}
	}
}
