<?php
/**
 * Tells the hub this site's fields.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Mapping;

use Crossdock\Container;
use Crossdock\Hub\Answer;
use Crossdock\Hub\Client;
use Crossdock\Hub\Credentials;

/**
 * Tells the hub which fields were found, whose lists of sources they appear in: once a day, and when somebody asks.
 */
final class Telling {

	/**
	 * Builds what it needs when it is needed.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Notes what it needs.
	 *
	 * @param Container $container Builds what it needs when it is needed.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Tells the hub what is new, when there is one.
	 *
	 * @return void
	 */
	public function daily(): void {
		if ( $this->container->get( Credentials::class )->paired() ) {
			$this->tell( false );
		}
	}

	/**
	 * Tells the hub the fields of every kind.
	 *
	 * @param bool $fresh Whether they are looked up anew.
	 * @return Answer|null The last answer, or the first that failed; null when there is nothing to tell.
	 */
	public function tell( bool $fresh ): ?Answer {
		$answer    = null;
		$discovery = $this->container->get( Discovery::class );
		foreach ( $this->container->get( Newest::class )->kinds() as $kind ) {
			$fields = $discovery->fields( $kind, $fresh );
			if ( array() === $fields ) {
				continue;
			}
			$told   = array(
				'kind'   => $kind,
				'fields' => $fields,
			);
			$answer = $this->container->get( Client::class )->post( '/fields', $told, 10.0 );
			if ( ! $answer->ok() ) {
				return $answer;
			}
		}
		return $answer;
	}
}
