<?php
/**
 * Commands that concern the sending.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Commands;

use Crossdock\Monitor\Condition;
use Crossdock\Outbox\Brake;
use Crossdock\Outbox\BulkExport;
use Crossdock\Outbox\Outbox;

/**
 * Pauses and resumes sending, begins an export, and sends some things again, as the hub says.
 */
class Sending {

	/**
	 * How sending goes.
	 *
	 * @var Condition
	 */
	private Condition $condition;

	/**
	 * Stops and starts the sending.
	 *
	 * @var Brake
	 */
	private Brake $brake;

	/**
	 * Exports all there is.
	 *
	 * @var BulkExport
	 */
	private BulkExport $export;

	/**
	 * The outbox.
	 *
	 * @var Outbox
	 */
	private Outbox $outbox;

	/**
	 * Notes what it needs.
	 *
	 * @param Condition  $condition How sending goes.
	 * @param Brake      $brake     Stops and starts the sending.
	 * @param BulkExport $export    Exports all there is.
	 * @param Outbox     $outbox    The outbox.
	 */
	public function __construct( Condition $condition, Brake $brake, BulkExport $export, Outbox $outbox ) {
		$this->condition = $condition;
		$this->brake     = $brake;
		$this->export    = $export;
		$this->outbox    = $outbox;
	}

	/**
	 * Does what a command says.
	 *
	 * @param string       $action  pause, resume, export or refresh.
	 * @param array<mixed> $command The command: `reason`; `kinds`; `kind` and `ids`.
	 * @return void
	 * @throws Refusal When it cannot be done.
	 */
	public function carry_out( string $action, array $command ): void {
		if ( 'pause' === $action ) {
			$reason = is_string( $command['reason'] ?? null ) ? $command['reason'] : '';
			$this->brake->pause( 'hub', sanitize_text_field( $reason ), -1 );
		} elseif ( 'resume' === $action ) {
			$this->resume();
		} elseif ( 'export' === $action ) {
			$this->begin( (array) ( $command['kinds'] ?? array() ) );
		} else {
			$this->refresh( $command['kind'] ?? '', (array) ( $command['ids'] ?? array() ) );
		}
	}

	/**
	 * Lets sending go on when it was the hub or the failures that paused it: what a person paused, a person resumes.
	 *
	 * @return void
	 * @throws Refusal When a person paused it.
	 */
	private function resume(): void {
		$paused = $this->condition->pause_reason();
		if ( array() !== $paused && (int) ( $paused['by'] ?? 0 ) > 0 ) {
			throw new Refusal( 'paused-by-person', 'Somebody on the site paused sending; it is resumed there.', 'action' );
		}
		$this->brake->resume();
	}

	/**
	 * Begins an export.
	 *
	 * @param array<mixed> $kinds The kinds; empty for all.
	 * @return void
	 * @throws Refusal When a kind is none this site has.
	 */
	private function begin( array $kinds ): void {
		try {
			$this->export->start( array_values( array_map( 'strval', array_filter( $kinds, 'is_scalar' ) ) ) );
		} catch ( \InvalidArgumentException $wrong ) {
			throw new Refusal( 'bad-kinds', $wrong->getMessage(), 'kinds' );
		}
	}

	/**
	 * Sends some things now.
	 *
	 * @param mixed        $kind order, customer, product or refund.
	 * @param array<mixed> $ids  1 to 100 ids of the site.
	 * @return void
	 * @throws Refusal When the kind or the ids are none.
	 */
	private function refresh( $kind, array $ids ): void {
		$whole = array_values( array_filter( array_filter( $ids, 'is_int' ), static function ( int $id ): bool {
			return $id > 0;
		} ) );
		if ( ! in_array( $kind, array( 'order', 'customer', 'product', 'refund' ), true ) ) {
			throw new Refusal( 'bad-kind', 'Give a kind: order, customer, product or refund.', 'kind' );
		}
		if ( array() === $whole || count( $whole ) !== count( $ids ) || count( $whole ) > 100 ) {
			throw new Refusal( 'bad-ids', 'Give 1 to 100 numbers of this site.', 'ids' );
		}
		if ( ! $this->outbox->several( (string) $kind, $whole, 1, 'resend' ) ) {
			throw new Refusal( 'not-written', 'The site could not write it into its outbox.', '' );
		}
	}
}
