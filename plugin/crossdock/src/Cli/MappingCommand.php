<?php
/**
 * The mapping by WP-CLI.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Cli;

use Crossdock\Documents\Found;
use Crossdock\Hub\Client;
use Crossdock\Mapping\Discovery;
use Crossdock\Mapping\Telling;
use WP_CLI;

/**
 * Looks at the hub's mappings of this site, previews, replaces and resets them; finds this site's fields.
 */
class MappingCommand {

	/**
	 * The way to the hub.
	 *
	 * @var Client
	 */
	private Client $client;

	/**
	 * Finds fields and records.
	 *
	 * @var Discovery
	 */
	private Discovery $discovery;

	/**
	 * Tells the hub the fields.
	 *
	 * @var Telling
	 */
	private Telling $telling;

	/**
	 * Takes what it works with.
	 *
	 * @param Client    $client    The way to the hub.
	 * @param Discovery $discovery Finds fields and records.
	 * @param Telling   $telling   Tells the hub the fields.
	 */
	public function __construct( Client $client, Discovery $discovery, Telling $telling ) {
		$this->client    = $client;
		$this->discovery = $discovery;
		$this->telling   = $telling;
	}

	/**
	 * Lists the routes of this site that have a mapping.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : Either table, json, csv, yaml or count.
	 *
	 * @subcommand list
	 * @param array<int, string>    $args  None.
	 * @param array<string, string> $flags The options.
	 */
	public function list_( $args, $flags ): void {
		$answer = $this->client->get( '/mappings' );
		Told::answer( $answer );
		$rows = array();
		foreach ( array_filter( (array) ( $answer->data['routes'] ?? array() ), 'is_array' ) as $row ) {
			$to     = $row['destination'] ?? '';
			$rows[] = array( 'destination' => is_array( $to ) ? (string) ( $to['name'] ?? '' ) : (string) $to ) + $row;
		}
		Told::rows( $rows, array( 'route', 'entity', 'action', 'destination', 'version', 'rules' ), $flags );
	}

	/**
	 * Prints a mapping as JSON; its version stands in it.
	 *
	 * ## OPTIONS
	 *
	 * <route>
	 * : The route (rte_…).
	 *
	 * @param array<int, string> $args The route.
	 */
	public function get( $args ): void {
		$answer = $this->client->get( '/mappings/' . rawurlencode( $args[0] ) );
		Told::answer( $answer );
		$whole = json_decode( $answer->reply->body );
		WP_CLI::line( (string) wp_json_encode( $whole->data->mapping ?? null, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ) );
	}

	/**
	 * Puts a mapping from standard input in the place of the present one.
	 *
	 * ## OPTIONS
	 *
	 * <route>
	 * : The route (rte_…).
	 *
	 * --if-match=<version>
	 * : The version that was edited; another one now is a conflict.
	 *
	 * @param array<int, string>    $args  The route.
	 * @param array<string, string> $flags The options.
	 */
	public function put( $args, $flags ): void {
		$mapping = json_decode( (string) file_get_contents( 'php://stdin' ) );
		if ( ! $mapping instanceof \stdClass ) {
			WP_CLI::error( __( 'Give the mapping as a JSON object on standard input.', 'crossdock' ) );
		}
		Told::answer( $this->client->put( '/mappings/' . rawurlencode( $args[0] ), array( 'mapping' => $mapping ), array( 'If-Match' => (string) $flags['if-match'] ) ) );
		WP_CLI::success( __( 'The mapping was saved and acts now.', 'crossdock' ) );
	}

	/**
	 * Lets the destination's own mapping act again.
	 *
	 * ## OPTIONS
	 *
	 * <route>
	 * : The route (rte_…).
	 *
	 * @param array<int, string> $args The route.
	 */
	public function reset( $args ): void {
		Told::answer( $this->client->post( '/mappings/' . rawurlencode( $args[0] ) . '/reset', new \stdClass() ) );
		WP_CLI::success( __( 'The destination’s own mapping acts again.', 'crossdock' ) );
	}

	/**
	 * Shows what a mapping makes of a record of this site.
	 *
	 * ## OPTIONS
	 *
	 * <route>
	 * : The route (rte_…).
	 *
	 * <kind>
	 * : Either customer, order or product: the route's.
	 *
	 * [--id=<id>]
	 * : The record; the newest when not given.
	 *
	 * [--format=<format>]
	 * : Either table, json, csv, yaml or count.
	 *
	 * @param array<int, string>    $args  Route and kind.
	 * @param array<string, string> $flags The options.
	 */
	public function preview( $args, $flags ): void {
		$found = $this->discovery->document( $args[1], (int) ( $flags['id'] ?? 0 ) );
		if ( null === $found || Found::DOCUMENT !== $found->what ) {
			WP_CLI::error( __( 'There is no such record on this site.', 'crossdock' ) );
		}
		$answer = $this->client->post( '/mappings/' . rawurlencode( $args[0] ) . '/preview', array( 'mapping' => null, 'kind' => $args[1], 'data' => $found->data ) );
		Told::answer( $answer );
		$rows = array();
		foreach ( array_filter( (array) ( $answer->data['fields'] ?? array() ), 'is_array' ) as $row ) {
			$rows[] = array_map(
				static function ( $value ): string {
					return is_scalar( $value ) ? (string) $value : ( null === $value ? '' : (string) wp_json_encode( $value ) );
				},
				$row
			);
		}
		Told::rows( $rows, array( 'object', 'name', 'value', 'from', 'problem' ), $flags );
	}

	/**
	 * Lists the fields of this site.
	 *
	 * ## OPTIONS
	 *
	 * <kind>
	 * : Either customer, order or product.
	 *
	 * [--fresh]
	 * : Look them up now and tell the hub.
	 *
	 * [--format=<format>]
	 * : Either table, json, csv, yaml or count.
	 *
	 * @param array<int, string>    $args  The kind.
	 * @param array<string, string> $flags The options.
	 */
	public function fields( $args, $flags ): void {
		$fields = $this->discovery->fields( $args[0], isset( $flags['fresh'] ) );
		$told   = isset( $flags['fresh'] ) ? $this->telling->tell( false ) : null;
		if ( null !== $told ) {
			Told::answer( $told );
		}
		Told::rows( $fields, array( 'path', 'type', 'sample' ), $flags );
	}
}
