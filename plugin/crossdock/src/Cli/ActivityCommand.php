<?php
/**
 * What became of events, by WP-CLI.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Cli;

use Crossdock\Hub\Client;
use WP_CLI;

/**
 * Lists what became of this site's events at every destination, and delivers one again.
 */
class ActivityCommand {

	/**
	 * The way to the hub.
	 *
	 * @var Client
	 */
	private Client $client;

	/**
	 * Takes the way to the hub.
	 *
	 * @param Client $client The way to the hub.
	 */
	public function __construct( Client $client ) {
		$this->client = $client;
	}

	/**
	 * Lists events and their deliveries, the newest first.
	 *
	 * ## OPTIONS
	 *
	 * [--kind=<kind>]
	 * : Either order, customer, product, refund or event.
	 *
	 * [--state=<state>]
	 * : Either waiting, delivered, skipped or dead.
	 *
	 * [--entity=<entity>]
	 * : Such as order:12.
	 *
	 * [--search=<text>]
	 * : A number, a SKU or an e-mail address.
	 *
	 * [--cursor=<cursor>]
	 * : Where the page begins.
	 *
	 * [--limit=<events>]
	 * : Events of a page.
	 *
	 * [--format=<format>]
	 * : Either table, json, csv, yaml or count.
	 *
	 * @subcommand list
	 * @param array<int, string>    $args  None.
	 * @param array<string, string> $flags The options.
	 */
	public function list_( $args, $flags ): void {
		$query  = array_intersect_key( $flags, array_flip( array( 'kind', 'state', 'entity', 'cursor' ) ) );
		$query += isset( $flags['search'] ) ? array( 'q' => $flags['search'] ) : array();
		$answer = $this->client->get( '/activity', $query + array( 'limit' => (int) ( $flags['limit'] ?? 50 ) ) );
		Told::answer( $answer );
		$rows = array();
		foreach ( array_filter( (array) ( $answer->data['items'] ?? array() ), 'is_array' ) as $item ) {
			$rows = array_merge( $rows, self::rows( $item ) );
		}
		Told::rows( $rows, array( 'event', 'type', 'entity', 'occurred_at', 'destination', 'state', 'record_id', 'reason' ), $flags );
		if ( is_string( $answer->data['next'] ?? null ) && 'table' === ( $flags['format'] ?? 'table' ) ) {
			WP_CLI::line( '--cursor=' . $answer->data['next'] );
		}
	}

	/**
	 * Delivers an event again to all its destinations.
	 *
	 * ## OPTIONS
	 *
	 * <event>
	 * : The event (evt_…).
	 *
	 * @param array<int, string> $args The event.
	 */
	public function resend( $args ): void {
		$answer = $this->client->post( '/activity/' . rawurlencode( $args[0] ) . '/resend', new \stdClass() );
		Told::answer( $answer );
		WP_CLI::success( __( 'The hub delivers it again.', 'crossdock' ) );
	}

	/**
	 * Returns a row for every delivery of an event; one when it has none.
	 *
	 * @param array<string, mixed> $item The event.
	 * @return array<int, array<string, mixed>>
	 */
	private static function rows( array $item ): array {
		$event = array();
		foreach ( array( 'event', 'type', 'entity', 'occurred_at' ) as $name ) {
			$event[ $name ] = is_scalar( $item[ $name ] ?? null ) ? (string) $item[ $name ] : '';
		}
		$rows = array();
		foreach ( array_filter( (array) ( $item['deliveries'] ?? array() ), 'is_array' ) as $delivery ) {
			$to     = is_array( $delivery['destination'] ?? null ) ? $delivery['destination'] : array();
			$rows[] = $event + array(
				'destination' => (string) ( $to['name'] ?? '' ),
				'state'       => (string) ( $delivery['state'] ?? '' ),
				'record_id'   => (string) ( $delivery['record_id'] ?? '' ),
				'reason'      => (string) ( $delivery['reason'] ?? '' ),
			);
		}
		$none = array( 'destination' => '', 'state' => '', 'record_id' => '', 'reason' => '' );
		return array() === $rows ? array( $event + $none ) : $rows;
	}
}
