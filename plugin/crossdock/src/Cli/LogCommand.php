<?php
/**
 * The log by WP-CLI.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Cli;

use Crossdock\Monitor\LogEntries;
use WP_CLI;

/**
 * Lists, rotates and empties the log.
 */
class LogCommand {

	/**
	 * The log.
	 *
	 * @var LogEntries
	 */
	private LogEntries $entries;

	/**
	 * Takes the log.
	 *
	 * @param LogEntries $entries The log.
	 */
	public function __construct( LogEntries $entries ) {
		$this->entries = $entries;
	}

	/**
	 * Lists lines, the newest first.
	 *
	 * ## OPTIONS
	 *
	 * [--level=<level>]
	 * : Either debug, info, warning or error.
	 *
	 * [--search=<text>]
	 * : Text of the code or the message.
	 *
	 * [--limit=<lines>]
	 * : Lines at most.
	 *
	 * [--format=<format>]
	 * : Either table, json, csv, yaml or count.
	 *
	 * @subcommand list
	 * @param array<int, string>    $args  None.
	 * @param array<string, string> $flags The options.
	 */
	public function list_( $args, $flags ): void {
		$lines = $this->entries->find( (string) ( $flags['level'] ?? '' ), (string) ( $flags['search'] ?? '' ), max( 1, (int) ( $flags['limit'] ?? 50 ) ) );
		Told::rows( $lines, array( 'last_at', 'times', 'level', 'code', 'message', 'context' ), $flags );
	}

	/**
	 * Deletes what is older or more than the settings keep.
	 */
	public function rotate(): void {
		/* translators: %d: number of lines. */
		WP_CLI::success( sprintf( __( '%d lines deleted.', 'crossdock' ), $this->entries->rotate() ) );
	}

	/**
	 * Deletes all lines.
	 *
	 * ## OPTIONS
	 *
	 * [--yes]
	 * : Do not ask.
	 *
	 * @param array<int, string>    $args  None.
	 * @param array<string, string> $flags The options.
	 */
	public function clear( $args, $flags ): void {
		WP_CLI::confirm( __( 'Delete all lines of the log?', 'crossdock' ), $flags );
		/* translators: %d: number of lines. */
		WP_CLI::success( sprintf( __( '%d lines deleted.', 'crossdock' ), $this->entries->clear() ) );
	}
}
