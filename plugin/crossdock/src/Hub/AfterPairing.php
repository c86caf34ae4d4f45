<?php
/**
 * What follows a pairing.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Hub;

use Crossdock\Container;
use Crossdock\Monitor\Condition;
use Crossdock\Outbox\Brake;

/**
 * Lets sending go on when it was the old connection that had stopped it. What a person or the hub paused stays paused.
 */
final class AfterPairing {

	/**
	 * Pauses that end with a new connection.
	 */
	private const CURED = array( 'failures', 'unknown-key', 'bad-signature', 'another-site', 'salts-changed', 'damaged', 'unpaired' );

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
	 * Ends the pause that the old connection had caused.
	 *
	 * @return void
	 */
	public function resume(): void {
		$pause = $this->container->get( Condition::class )->pause_reason();
		if ( 0 === (int) ( $pause['by'] ?? 0 ) && ( array() === $pause || in_array( $pause['code'] ?? '', self::CURED, true ) ) ) {
			$this->container->get( Brake::class )->resume();
		}
	}
}
