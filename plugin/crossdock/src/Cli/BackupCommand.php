<?php
/**
 * Backups of the settings on the command line.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Cli;

use Crossdock\Container;
use Crossdock\Setup\Backups;
use WP_CLI;

/**
 * Lists backups, makes one and puts one back.
 */
class BackupCommand {

	/**
	 * Builds what is needed.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Takes what builds the rest.
	 *
	 * @param Container $container Builds what is needed.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Lists the backups, newest first.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : Either table, json, csv or yaml.
	 *
	 * @subcommand list
	 *
	 * @param array<int, string>   $args  None.
	 * @param array<string, mixed> $flags The options.
	 */
	public function list_( $args, $flags ): void {
		$rows = array();
		foreach ( $this->container->get( Backups::class )->all() as $backup ) {
			$rows[] = array( 'at' => gmdate( 'Y-m-d\TH:i:s\Z', (int) $backup['at'] ) ) + $backup;
		}
		Told::rows( $rows, array( 'id', 'at', 'why', 'version' ), $flags );
	}

	/**
	 * Backs the settings up now.
	 *
	 * @param array<int, string>   $args  None.
	 * @param array<string, mixed> $flags None.
	 */
	public function make( $args, $flags ): void {
		WP_CLI::success( $this->container->get( Backups::class )->make( 'hand' ) );
	}

	/**
	 * Puts a backup back; the settings of before are backed up too.
	 *
	 * ## OPTIONS
	 *
	 * <id>
	 * : The backup's id, as `list` shows it.
	 *
	 * @param array<int, string>   $args  The id.
	 * @param array<string, mixed> $flags None.
	 */
	public function restore( $args, $flags ): void {
		if ( ! $this->container->get( Backups::class )->restore( (string) $args[0] ) ) {
			WP_CLI::error( __( 'There is no such backup any more.', 'crossdock' ) );
		}
		WP_CLI::success( __( 'The backup was put back; the settings of before are backed up too.', 'crossdock' ) );
	}
}
