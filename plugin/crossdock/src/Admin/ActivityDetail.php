<?php
/**
 * One event with its attempts.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Client;
use Crossdock\Wp\Clock;

/**
 * Prints an event with every attempt at every destination, as the hub tells it.
 */
class ActivityDetail {

	/**
	 * The way to the hub.
	 *
	 * @var Client
	 */
	private Client $client;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param Client $client The way to the hub.
	 * @param Clock  $clock  The clock.
	 */
	public function __construct( Client $client, Clock $clock ) {
		$this->client = $client;
		$this->clock  = $clock;
	}

	/**
	 * Prints the event.
	 *
	 * @param string $event The event (`evt_…`).
	 * @return void
	 */
	public function show( string $event ): void {
		echo '<p><a href="' . esc_url( Menu::url( ActivityPage::SLUG ) ) . '">' . esc_html__( '← All activity', 'crossdock' ) . '</a></p>';
		$answer = $this->client->get( '/activity/' . $event, array(), 10.0 );
		if ( ! $answer->ok() ) {
			HubWords::notice( $answer );
			return;
		}
		( new ActivityList( $this->clock->now() ) )->show( array( $answer->data ), false );
		foreach ( array_filter( (array) ( $answer->data['deliveries'] ?? array() ), 'is_array' ) as $delivery ) {
			$to = is_array( $delivery['destination'] ?? null ) ? $delivery['destination'] : array();
			/* translators: %s: name of a destination. */
			$words = sprintf( __( 'Attempts at %s', 'crossdock' ), is_scalar( $to['name'] ?? null ) ? (string) $to['name'] : '' );
			echo '<h2>' . esc_html( $words ) . '</h2>';
			$this->tries( array_values( array_filter( (array) ( $delivery['tries'] ?? array() ), 'is_array' ) ), $words );
		}
	}

	/**
	 * Prints attempts.
	 *
	 * @param array<int, array<string, mixed>> $tries   Each number, step, outcome, code, reason, took_ms, ended_at.
	 * @param string                           $caption What the table shows.
	 * @return void
	 */
	private function tries( array $tries, string $caption ): void {
		$now   = $this->clock->now();
		$table = new Table(
			$caption,
			array(
				'number'   => __( 'Attempt', 'crossdock' ),
				'step'     => __( 'Step', 'crossdock' ),
				'outcome'  => __( 'Outcome', 'crossdock' ),
				'reason'   => __( 'Why', 'crossdock' ),
				'took_ms'  => __( 'Took', 'crossdock' ),
				'ended_at' => __( 'When', 'crossdock' ),
			)
		);
		$table->show(
			$tries,
			static function ( array $try, string $column ) use ( $now ): void {
				$value = is_scalar( $try[ $column ] ?? null ) ? (string) $try[ $column ] : '';
				if ( 'ended_at' === $column ) {
					Words::time( (float) strtotime( $value ), $now );
				} elseif ( 'outcome' === $column ) {
					State::show( $value );
				} elseif ( 'took_ms' === $column && '' !== $value ) {
					/* translators: %s: a number of milliseconds. */
					echo esc_html( sprintf( __( '%s ms', 'crossdock' ), number_format_i18n( (int) $value ) ) );
				} else {
					echo esc_html( $value );
				}
			},
			__( 'No attempt was made yet, or they are no longer kept.', 'crossdock' )
		);
	}
}
