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
use Crossdock\Monitor\Condition;
use Crossdock\Monitor\Queue;
use Crossdock\Wp\Clock;

/**
 * Prints what waits on the site, where the record stands in the CRM, and the newest events of one order or person.
 */
class Story {

	/**
	 * Seconds after a failure in which the hub is not asked again for an edit screen.
	 */
	private const AWAY_S = 300;

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
	 * How sending goes.
	 *
	 * @var Condition
	 */
	private Condition $condition;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param Client      $client      The way to the hub.
	 * @param Credentials $credentials What is known of the pairing.
	 * @param Queue       $queue       What lies in the outbox.
	 * @param Condition   $condition   How sending goes.
	 * @param Clock       $clock       The clock.
	 */
	public function __construct( Client $client, Credentials $credentials, Queue $queue, Condition $condition, Clock $clock ) {
		$this->client      = $client;
		$this->credentials = $credentials;
		$this->queue       = $queue;
		$this->condition   = $condition;
		$this->clock       = $clock;
	}

	/**
	 * Prints the story.
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
		// The edit screen must open quickly even when the hub does not answer.
		if ( $this->away() ) {
			echo '<p>' . esc_html__( 'The hub could not be reached a moment ago, so it was not asked.', 'crossdock' ) . '</p>';
			$this->more( $kind, $id );
			echo '</div>';
			return;
		}
		$answer = $this->client->get( '/entities/' . $kind . '/' . $id, array(), 4.0 );
		if ( 404 === $answer->status ) {
			echo '<p>' . esc_html__( 'The hub does not know it yet.', 'crossdock' ) . '</p>';
		} elseif ( ! $answer->ok() ) {
			echo '<p>' . esc_html( HubWords::problem( $answer ) ) . '</p>';
		} else {
			$this->links( $answer );
			$items = array_values( array_filter( (array) ( $answer->data['items'] ?? array() ), 'is_array' ) );
			( new ActivityList( $this->clock->now(), false ) )->show( $items, false );
			$this->more( $kind, $id );
		}
		echo '</div>';
	}

	/**
	 * Tells whether the last request of the sending found no hub, a few minutes ago at most.
	 *
	 * @return bool
	 */
	private function away(): bool {
		$state   = $this->condition->all();
		$failure = is_array( $state['last_failure'] ?? null ) ? $state['last_failure'] : array();
		return ! empty( $state['failures'] ) && 'unreachable' === ( $failure['code'] ?? '' ) && $this->clock->now() - (float) ( $failure['at'] ?? 0 ) < self::AWAY_S;
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
