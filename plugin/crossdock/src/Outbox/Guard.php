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
class Guard {

	/**
	 * What reads the documents.
	 *
	 * @var Composer
	 */
	private Composer $composer;

	/**
	 * What becomes of rows.
	 *
	 * @var Settlement
	 */
	private Settlement $settlement;

	/**
	 * The time.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * The rows that are on their way; null between two batches.
	 *
	 * @var Taken|null
	 */
	private ?Taken $taken = null;

	/**
	 * Whether the end of the process is watched already.
	 *
	 * @var bool
	 */
	private bool $watching = false;

	/**
	 * Takes what it works with.
	 *
	 * @param Composer   $composer   What reads the documents.
	 * @param Settlement $settlement What becomes of rows.
	 * @param Clock      $clock      The time.
	 */
	public function __construct( Composer $composer, Settlement $settlement, Clock $clock ) {
		$this->composer   = $composer;
		$this->settlement = $settlement;
		$this->clock      = $clock;
	}

	/**
	 * Rows are on their way from now on.
	 *
	 * @param Taken $taken The rows.
	 * @return void
	 */
	public function watch( Taken $taken ): void {
		$this->taken = $taken;
		if ( ! $this->watching ) {
			$this->watching = true;
			register_shutdown_function( array( $this, 'ended' ) );
		}
	}

	/**
	 * It went well.
	 *
	 * @return void
	 */
	public function over(): void {
		$this->taken = null;
	}

	/**
	 * The process ends: lets go what was on its way.
	 *
	 * @return void
	 */
	public function ended(): void {
		$taken       = $this->taken;
		$this->taken = null;
		if ( null === $taken ) {
			return;
		}
		$error  = error_get_last();
		$reason = null === $error ? 'the request was ended by another plugin' : substr( $error['message'], 0, 500 );
		$fault  = $taken->rows[ $this->composer->reading ] ?? null;
		$others = array_keys( $taken->rows );
		if ( null !== $fault ) {
			$this->settlement->failed( $taken, $fault, Queue::INTERRUPTED, $reason );
			$others = array_diff( $others, array( $fault->id ) );
		}
		$this->settlement->back( $taken, array_values( $others ), $this->clock->now(), null === $fault ? 'run-ended' : '', null === $fault ? $reason : '' );
	}
}
