<?php
/**
 * The screen of the mapping.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Answer;
use Crossdock\Hub\Client;
use Crossdock\Hub\Credentials;
use Crossdock\Mapping\Telling;
use Crossdock\Wp\Query;

/**
 * Lists the routes of this site and edits the hub's mapping of one.
 */
final class MappingPage implements Page {

	/**
	 * The slug.
	 */
	public const SLUG = 'crossdock-mapping';

	/**
	 * The way to the hub.
	 *
	 * @var Client
	 */
	private Client $client;

	/**
	 * What is known of the pairing.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * Edits one mapping.
	 *
	 * @var MappingDesk
	 */
	private MappingDesk $desk;

	/**
	 * Tells the hub this site's fields.
	 *
	 * @var Telling
	 */
	private Telling $telling;

	/**
	 * Loads the small script.
	 *
	 * @var Module
	 */
	private Module $module;

	/**
	 * What the address asks for.
	 *
	 * @var Query
	 */
	private Query $query;

	/**
	 * Notes what it needs.
	 *
	 * @param Client      $client      The way to the hub.
	 * @param Credentials $credentials What is known of the pairing.
	 * @param MappingDesk $desk        Edits one mapping.
	 * @param Telling     $telling     Tells the hub this site's fields.
	 * @param Module      $module      Loads the small script.
	 * @param Query       $query       What the address asks for.
	 */
	public function __construct( Client $client, Credentials $credentials, MappingDesk $desk, Telling $telling, Module $module, Query $query ) {
		$this->client      = $client;
		$this->credentials = $credentials;
		$this->desk        = $desk;
		$this->telling     = $telling;
		$this->module      = $module;
		$this->query       = $query;
	}

	/**
	 * Returns the name of the screen.
	 *
	 * @return string
	 */
	public static function title(): string {
		return __( 'Field mapping', 'crossdock' );
	}

	/**
	 * Carries out what a form sent.
	 *
	 * @return void
	 */
	public function load(): void {
		$route = $this->route();
		if ( '' !== $route ) {
			$this->module->load( 'mapping' );
			$this->desk->load( $route );
			return;
		}
		if ( null !== Form::sent( 'mapping-fields' ) ) {
			$answer = $this->telling->tell( true );
			if ( null !== $answer && ! $answer->ok() ) {
				Flash::go( 'error', HubWords::problem( $answer ), Menu::url( self::SLUG ) );
			}
			Flash::go( 'success', __( 'The fields of this site were looked up and told to the hub.', 'crossdock' ), Menu::url( self::SLUG ) );
		}
	}

	/**
	 * Prints the screen.
	 *
	 * @return void
	 */
	public function show(): void {
		if ( ! $this->credentials->paired() ) {
			Flash::notice( 'info', __( 'The mapping lies in the hub. Connect this site with one first.', 'crossdock' ) );
			return;
		}
		if ( '' !== $this->route() ) {
			$this->desk->show();
			return;
		}
		echo '<p>' . esc_html__( 'The hub turns what this site tells into fields of each destination. Choose what you want to change; a change acts within a second and older versions are kept in the hub.', 'crossdock' ) . '</p>';
		$answer = $this->client->get( '/mappings', array(), 10.0 );
		if ( ! $answer->ok() ) {
			HubWords::notice( $answer );
			return;
		}
		$this->routes( $answer );
		echo '<h2>' . esc_html__( 'Fields of this site', 'crossdock' ) . '</h2><p>' . esc_html__( 'Once a day the newest people, orders and products are looked at, so that fields and meta of other plugins can be chosen. Samples are shortened; nobody can be recognised by them.', 'crossdock' ) . '</p>';
		Form::button( 'mapping-fields', __( 'Look for fields now', 'crossdock' ) );
	}

	/**
	 * Prints the routes.
	 *
	 * @param Answer $answer What the hub says.
	 * @return void
	 */
	private function routes( Answer $answer ): void {
		$table = new Table(
			__( 'What this site tells and where it goes', 'crossdock' ),
			array(
				'what'    => __( 'What', 'crossdock' ),
				'to'      => __( 'Destination', 'crossdock' ),
				'action'  => __( 'Becomes', 'crossdock' ),
				'rules'   => __( 'Rules', 'crossdock' ),
				'version' => __( 'Version', 'crossdock' ),
			)
		);
		$table->show(
			array_values( array_filter( (array) ( $answer->data['routes'] ?? array() ), 'is_array' ) ),
			static function ( array $row, string $column ): void {
				$to   = $row['destination'] ?? '';
				$name = is_array( $to ) ? (string) ( $to['name'] ?? '' ) : (string) $to;
				if ( 'what' === $column ) {
					$url = Menu::url( self::SLUG, array( 'route' => (string) ( $row['route'] ?? '' ) ) );
					echo '<strong><a href="' . esc_url( $url ) . '">' . esc_html( Words::kind( (string) ( $row['entity'] ?? '' ) ) ) . '<span class="screen-reader-text"> ' . esc_html( $name ) . '</span></a></strong>';
				} elseif ( 'to' === $column ) {
					echo esc_html( $name );
				} elseif ( 'version' === $column ) {
					echo esc_html( 0 === (int) ( $row['version'] ?? 0 ) ? __( 'default', 'crossdock' ) : (string) (int) $row['version'] );
				} else {
					echo esc_html( (string) ( $row[ $column ] ?? '' ) );
				}
			},
			__( 'The hub has no route with a mapping for this site yet. Add a destination in the hub first.', 'crossdock' )
		);
	}

	/**
	 * Returns which route is edited.
	 *
	 * @return string Empty for none.
	 */
	private function route(): string {
		$route = $this->query->text( 'route' );
		return 1 === preg_match( '/^rte_[A-Za-z0-9]{1,40}$/D', $route ) ? $route : '';
	}
}
