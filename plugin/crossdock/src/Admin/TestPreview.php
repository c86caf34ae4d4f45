<?php
/**
 * What would become of a test.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Client;

/**
 * Tries sample data on the mappings of this site: nothing is kept, nothing is sent.
 */
final class TestPreview {

	/**
	 * Mappings that are tried at most.
	 */
	private const MOST = 8;

	/**
	 * Asks the hub what each mapping makes of the data.
	 *
	 * @param Client    $client The way to the hub.
	 * @param string    $kind   The kind.
	 * @param \stdClass $data   The data.
	 * @return array<int, array<string, mixed>> Each destination, action, and fields or problem.
	 */
	public static function of( Client $client, string $kind, \stdClass $data ): array {
		$known = $client->get( '/mappings', array(), 10.0 );
		$made  = array();
		foreach ( array_filter( (array) ( $known->data['routes'] ?? array() ), 'is_array' ) as $route ) {
			if ( $kind !== ( $route['entity'] ?? '' ) || count( $made ) >= self::MOST || ! is_string( $route['route'] ?? null ) ) {
				continue;
			}
			$asked  = array(
				'mapping' => null,
				'kind'    => $kind,
				'data'    => $data,
			);
			$answer = $client->post( '/mappings/' . $route['route'] . '/preview', $asked, 10.0 );
			$made[] = array(
				'destination' => $route['destination'] ?? '',
				'action'      => $route['action'] ?? '',
				'fields'      => $answer->ok() ? ( $answer->data['fields'] ?? array() ) : null,
				'problem'     => $answer->ok() ? null : HubWords::problem( $answer ),
			);
		}
		return $made;
	}
}
