<?php
/**
 * The destinations of the site.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Answer;

/**
 * Prints where the hub brings what this site tells it, and how each destination does.
 */
final class Destinations {

	/**
	 * Prints the destinations.
	 *
	 * @param Answer $answer What the hub says.
	 * @return void
	 */
	public static function show( Answer $answer ): void {
		if ( ! $answer->ok() ) {
			echo '<p>' . esc_html__( 'They are shown when the hub answers.', 'crossdock' ) . '</p>';
			return;
		}
		$table = new Table(
			__( 'Where the hub brings what this site tells it', 'crossdock' ),
			array(
				'name'    => __( 'Destination', 'crossdock' ),
				'state'   => __( 'State', 'crossdock' ),
				'problem' => __( 'Trouble', 'crossdock' ),
			)
		);
		$rows  = array_values( array_filter( (array) ( $answer->data['destinations'] ?? array() ), 'is_array' ) );
		$table->show(
			$rows,
			static function ( array $row, string $column ): void {
				if ( 'name' === $column ) {
					echo '<strong>' . esc_html( (string) ( $row['name'] ?? '' ) ) . '</strong> ' . esc_html( (string) ( $row['title'] ?? '' ) );
				} elseif ( 'state' === $column ) {
					State::show( (string) ( $row['state'] ?? '' ) );
				} else {
					echo esc_html( HubWords::text( $row['problem'] ?? null ) );
				}
			},
			__( 'The hub has no destination for this site yet. Add one in the hub; what this site tells is kept there meanwhile.', 'crossdock' )
		);
	}
}
