<?php
/**
 * The outbox's words on the command line.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Cli\ExportCommand;
use Crossdock\Cli\QueueCommand;
use Crossdock\Container;
use Crossdock\Part;

/**
 * Adds `wp crossdock queue …` and `wp crossdock export …`.
 */
class Verbs implements Part {

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
		if ( defined( 'WP_CLI' ) && WP_CLI ) {
			\WP_CLI::add_command( 'crossdock queue', $this->container->get( QueueCommand::class ) );
			\WP_CLI::add_command( 'crossdock export', $this->container->get( ExportCommand::class ) );
		}
	}
}
