<?php
/**
 * The story of one order or person.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Answer;
use Crossdock\Hub\Client;
use Crossdock\Hub\Credentials;
use Crossdock\Monitor\Queue;
use Crossdock\Wp\Clock;

/**
 * Prints what waits on the site, where the record stands in the CRM, and the newest events of one order or person.
 */
class Story {

	/**
	 * Seconds the hub may take for its part.
	 */
	private const PATIENCE_S = 8.0;

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
	 * What lies in the outbox.
	 *
	 * @var Queue
	 */
	private Queue $queue;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Loads the script.
	 *
	 * @var Module
	 */
	private Module $module;

	/**
	 * Notes what it needs.
	 *
	 * @param Client      $client      The way to the hub.
	 * @param Credentials $credentials What is known of the pairing.
	 * @param Queue       $queue       What lies in the outbox.
	 * @param Clock       $clock       The clock.
	 * @param Module      $module      Loads the script.
	 */
	public function __construct( Client $client, Credentials $credentials, Queue $queue, Clock $clock, Module $module ) {
		$this->client      = $client;
		$this->credentials = $credentials;
		$this->queue       = $queue;
		$this->clock       = $clock;
		$this->module      = $module;
	}

	/**
	 * Prints what the site itself knows, and a place for what the hub knows: a screen that people work in never waits
	 * for the hub. The place is filled by `assets/story.js`; without it there are the links below.
	 *
	 * @param string $kind order or customer.
	 * @param int    $id   The site's id.
	 * @return void
	 */
	public function show( string $kind, int $id ): void {
		echo '<div class="crossdock crossdock-story">';
		$this->waiting( $kind . ':' . $id );
		if ( ! $this->credentials->paired() ) {
			echo '<p>' . esc_html__( 'This site is not connected with a hub.', 'crossdock' ) . '</p></div>';
			return;
		}
		$url = add_query_arg(
			array(
				'action'      => StoryAjax::ACTION,
				'kind'        => $kind,
				'id'          => $id,
				'_ajax_nonce' => wp_create_nonce( StoryAjax::ACTION ),
			),
			admin_url( 'admin-ajax.php' )
		);
		echo '<div data-crossdock-story="' . esc_url( $url ) . '" aria-live="polite"></div>';
		$this->more( $kind, $id );
		echo '</div>';
		$this->module->load( 'story' );
	}

	/**
	 * Prints what the hub knows.
	 *
	 * @param string $kind order or customer.
	 * @param int    $id   The site's id.
	 * @return void
	 */
	public function told( string $kind, int $id ): void {
		$answer = $this->client->get( '/entities/' . $kind . '/' . $id, array(), self::PATIENCE_S );
		if ( 404 === $answer->status ) {
			echo '<p>' . esc_html__( 'The hub does not know it yet.', 'crossdock' ) . '</p>';
		} elseif ( ! $answer->ok() ) {
			echo '<p>' . esc_html( HubWords::problem( $answer ) ) . '</p>';
		} else {
			$this->links( $answer );
			$items = array_values( array_filter( (array) ( $answer->data['items'] ?? array() ), 'is_array' ) );
			( new ActivityList( $this->clock->now(), false ) )->show( $items, false );
		}
	}

	/**
	 * Prints the way to all events: a person's own (logins, consent, custom ones) stand under the user.
	 *
	 * @param string $kind order or customer.
	 * @param int    $id   The site's id.
	 * @return void
	 */
	private function more( string $kind, int $id ): void {
		$all = array( $kind . ':' . $id => __( 'All changes', 'crossdock' ) );
		if ( 'customer' === $kind ) {
			$all[ 'user:' . $id ] = __( 'All events of this person', 'crossdock' );
		}
		echo '<p>';
		foreach ( $all as $entity => $words ) {
			Filters::link( ActivityPage::SLUG, array( 'entity' => $entity ), $words );
			echo ' ';
		}
		echo '</p>';
	}

	/**
	 * Prints what of it still waits on the site.
	 *
	 * @param string $entity E.g. `order:12`.
	 * @return void
	 */
	private function waiting( string $entity ): void {
		foreach ( $this->queue->find( array( 'entity' => $entity ), 3 ) as $row ) {
			if ( 'sent' === $row['state'] ) {
				continue;
			}
			echo '<p>';
			State::show( (string) $row['state'], 'dead' === $row['state'] ? __( 'Could not be sent', 'crossdock' ) : __( 'Still on this site', 'crossdock' ) );
			echo ' ';
			Words::moment( $row['changed_at'], $this->clock->now() );
			if ( '' !== (string) $row['error'] ) {
				echo '<br>' . esc_html( (string) $row['error'] );
			}
			echo '</p>';
		}
	}

	/**
	 * Prints where the record stands elsewhere.
	 *
	 * @param Answer $answer What the hub says.
	 * @return void
	 */
	private function links( Answer $answer ): void {
		$links = array_filter( (array) ( $answer->data['links'] ?? array() ), 'is_array' );
		if ( array() === $links ) {
			return;
		}
		echo '<ul class="crossdock-deliveries">';
		foreach ( $links as $link ) {
			$to   = $link['destination'] ?? '';
			$name = is_array( $to ) ? (string) ( $to['name'] ?? $to['title'] ?? '' ) : (string) $to;
			echo '<li>' . esc_html( $name . ', ' . (string) ( $link['object'] ?? '' ) ) . ': ';
			ActivityList::record( $link, $name );
			echo '</li>';
		}
		echo '</ul>';
	}
}
