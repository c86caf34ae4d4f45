<?php
/**
 * The queue on the command line.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Cli;

use Crossdock\Container;
use Crossdock\Monitor\Queue;
use Crossdock\Outbox\Brake;
use Crossdock\Outbox\Hands;
use Crossdock\Outbox\Outbox;
use Crossdock\Outbox\Queue as Rows;
use Crossdock\Outbox\Runner;
use WP_CLI;

/**
 * Looks at the queue and works on it.
 */
class QueueCommand {

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
	 * Sends what is due now.
	 *
	 * ## OPTIONS
	 *
	 * [--seconds=<seconds>]
	 * : Seconds at most; 60 when not given.
	 *
	 * [--limit=<rows>]
	 * : Rows at most.
	 *
	 * [--format=<format>]
	 * : Either text or json.
	 *
	 * @param array<int, string>    $args  None.
	 * @param array<string, string> $flags The options.
	 */
	public function run( $args, $flags ): void {
		// What was written a moment ago is held back for the page that wrote it; that page has ended by then.
		$this->container->get( Outbox::class )->flush();
		usleep( (int) ceil( 1000000 * $this->container->get( Rows::class )->held_s() ) );
		$report = $this->container->get( Runner::class )->run( (float) ( $flags['seconds'] ?? 60 ), 0.0, (int) ( $flags['limit'] ?? 0 ), true );
		if ( 'json' === ( $flags['format'] ?? '' ) ) {
			WP_CLI::line( (string) wp_json_encode( $report ) );
			return;
		}
		/* translators: 1 to 3: numbers of rows, 4: why the run ended, as a code. */
		$said = sprintf( __( '%1$d sent, %2$d refused, %3$d to be tried again (%4$s).', 'crossdock' ), $report->sent, $report->refused, $report->failed, $report->stopped );
		if ( '' !== $report->trouble ) {
			WP_CLI::warning( $report->trouble );
		}
		WP_CLI::success( $said );
	}

	/**
	 * Lists rows.
	 *
	 * ## OPTIONS
	 *
	 * [--state=<state>]
	 * : Either waiting, sending, sent or dead.
	 *
	 * [--kind=<kind>]
	 * : Either order, customer, product, refund or event.
	 *
	 * [--entity=<entity>]
	 * : Such as order:12.
	 *
	 * [--limit=<rows>]
	 * : Rows at most.
	 *
	 * [--format=<format>]
	 * : Either table, json, csv, yaml or count.
	 *
	 * @subcommand list
	 * @param array<int, string>    $args  None.
	 * @param array<string, string> $flags The options.
	 */
	public function list_( $args, $flags ): void {
		$rows = $this->container->get( Queue::class )->find( $this->filter( $flags ), (int) ( $flags['limit'] ?? 50 ) );
		\WP_CLI\Utils\format_items( $flags['format'] ?? 'table', $rows, array( 'id', 'kind', 'action', 'type', 'entity', 'priority', 'state', 'attempts', 'next_at', 'created_at', 'error_code', 'error', 'hub_event' ) );
	}

	/**
	 * Tries rows again: those given, or all dead ones, or those of a filter.
	 *
	 * ## OPTIONS
	 *
	 * [<id>...]
	 * : Rows.
	 *
	 * [--state=<state>]
	 * : Either waiting or dead.
	 *
	 * [--kind=<kind>]
	 * : Either order, customer, product, refund or event.
	 *
	 * [--entity=<entity>]
	 * : Such as order:12.
	 *
	 * @param array<int, string>    $args  Rows.
	 * @param array<string, string> $flags The options.
	 */
	public function retry( $args, $flags ): void {
		$which = array() === $args ? $this->filter( $flags ) + array( 'state' => 'dead' ) : array( 'ids' => $args );
		/* translators: %d: number of rows. */
		WP_CLI::success( sprintf( __( '%d rows go again.', 'crossdock' ), $this->container->get( Hands::class )->retry( $which ) ) );
	}

	/**
	 * Throws rows away. What is thrown away the hub is never told.
	 *
	 * ## OPTIONS
	 *
	 * [<id>...]
	 * : Rows.
	 *
	 * [--state=<state>]
	 * : Either waiting or dead.
	 *
	 * [--kind=<kind>]
	 * : Either order, customer, product, refund or event.
	 *
	 * [--entity=<entity>]
	 * : Such as order:12.
	 *
	 * --reason=<reason>
	 * : Why; it is kept in the log.
	 *
	 * [--yes]
	 * : Do not ask.
	 *
	 * @param array<int, string>    $args  Rows.
	 * @param array<string, string> $flags The options.
	 */
	public function discard( $args, $flags ): void {
		$reason = trim( (string) ( $flags['reason'] ?? '' ) );
		$which  = array() === $args ? $this->filter( $flags ) : array( 'ids' => $args );
		if ( '' === $reason || array() === $which ) {
			WP_CLI::error( __( 'Name the rows (or a filter) and give a --reason.', 'crossdock' ) );
		}
		WP_CLI::confirm( __( 'Throw these rows away for good?', 'crossdock' ), $flags );
		/* translators: %d: number of rows. */
		WP_CLI::success( sprintf( __( '%d rows were discarded.', 'crossdock' ), $this->container->get( Hands::class )->discard( $which, $reason, get_current_user_id() ) ) );
	}

	/**
	 * Stops the sending. What happens on the site is still written down.
	 *
	 * ## OPTIONS
	 *
	 * [--reason=<reason>]
	 * : Why.
	 *
	 * @param array<int, string>    $args  None.
	 * @param array<string, string> $flags The options.
	 */
	public function pause( $args, $flags ): void {
		$this->container->get( Brake::class )->pause( 'by-hand', (string) ( $flags['reason'] ?? '' ), get_current_user_id() );
		WP_CLI::success( __( 'Sending is paused.', 'crossdock' ) );
	}

	/** Lets the sending go on. */
	public function resume(): void {
		$this->container->get( Brake::class )->resume();
		WP_CLI::success( __( 'Sending goes on.', 'crossdock' ) );
	}

	/**
	 * Returns the filter of the options.
	 *
	 * @param array<string, string> $flags The options.
	 * @return array<string, string>
	 */
	private function filter( array $flags ): array {
		return array_filter( array_intersect_key( $flags, array( 'state' => 1, 'kind' => 1, 'entity' => 1 ) ), 'strlen' );
	}
}
