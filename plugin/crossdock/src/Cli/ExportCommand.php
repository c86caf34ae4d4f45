<?php
/**
 * The bulk export on the command line.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Cli;

use Crossdock\Outbox\BulkExport;
use WP_CLI;

/**
 * Tells the hub what was on the site before.
 */
class ExportCommand {

	/**
	 * The export.
	 *
	 * @var BulkExport
	 */
	private BulkExport $export;

	/**
	 * Takes the export.
	 *
	 * @param BulkExport $export The export.
	 */
	public function __construct( BulkExport $export ) {
		$this->export = $export;
	}

	/**
	 * Begins an export; it goes on by itself, in the hours of little traffic when they are set.
	 *
	 * ## OPTIONS
	 *
	 * [<kind>...]
	 * : Of customer, product, order, refund; all when none is given.
	 *
	 * @param array<int, string>    $args  Kinds.
	 * @param array<string, string> $flags None.
	 * @return void
	 */
	public function start( $args, $flags ): void {
		try {
			$progress = $this->export->start( $args );
		} catch ( \InvalidArgumentException $wrong ) {
			WP_CLI::error( $wrong->getMessage() );
			return;
		}
		/* translators: %d: number of things. */
		WP_CLI::success( sprintf( __( 'The export of %d things has begun.', 'crossdock' ), $progress['total'] ) );
	}

	/**
	 * Says how far the export is.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : Either text or json.
	 *
	 * @param array<int, string>    $args  None.
	 * @param array<string, string> $flags The options.
	 * @return void
	 */
	public function status( $args, $flags ): void {
		$progress = $this->export->progress();
		if ( 'json' === ( $flags['format'] ?? '' ) ) {
			WP_CLI::line( (string) wp_json_encode( $progress ) );
			return;
		}
		/* translators: 1: state, 2 to 4: numbers of things. */
		WP_CLI::line( sprintf( __( '%1$s: %2$d of %3$d in the queue, %4$d sent.', 'crossdock' ), $progress['state'], $progress['queued'], $progress['total'], $progress['sent'] ) );
	}

	/**
	 * Ends the export; what of it waits is taken out of the queue.
	 *
	 * @param array<int, string>    $args  None.
	 * @param array<string, string> $flags None.
	 * @return void
	 */
	public function cancel( $args, $flags ): void {
		WP_CLI::success( $this->export->cancel() ? __( 'The export was cancelled.', 'crossdock' ) : __( 'No export was running.', 'crossdock' ) );
	}
}
