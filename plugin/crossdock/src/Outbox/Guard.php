<?php
/**
 * What happens when a run is ended by an error of PHP.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Wp\Clock;

/**
 * When memory or time runs out while a document is read, the row at fault is named and all others go back at once, not only
 * when their lease ends.
 */
final class Guard {

	/**
	 * Whether it went well.
	 *
	 * @var bool
	 */
	private bool $over = false;

	/**
	 * Watches the end of the request.
	 *
	 * @param Composer   $composer   What reads the documents.
	 * @param Settlement $settlement What becomes of rows.
	 * @param Taken      $taken      The rows.
	 * @param Clock      $clock      The time.
	 */
	public function __construct( Composer $composer, Settlement $settlement, Taken $taken, Clock $clock ) {
		register_shutdown_function(
			function () use ( $composer, $settlement, $taken, $clock ): void {
				if ( $this->over ) {
					return;
				}
				$error  = error_get_last();
				$reason = null === $error ? 'the request was ended by another plugin' : $error['message'];
				$fault  = $taken->rows[ $composer->reading ] ?? null;
				if ( null !== $fault ) {
					$settlement->failed( $taken, $fault, Queue::INTERRUPTED, substr( $reason, 0, 500 ) );
					$settlement->back( $taken, array_values( array_diff( array_keys( $taken->rows ), array( $fault->id ) ) ), $clock->now() );
				}
			}
		);
	}

	/**
	 * Says that it went well.
	 *
	 * @return void
	 */
	public function over(): void {
		$this->over = true;
	}
}
