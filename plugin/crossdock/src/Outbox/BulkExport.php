<?php
/**
 * Telling the hub what was there before.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Settings\Settings;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Database;

/**
 * Walks through all users, products, orders and refunds by their ids and puts them into the outbox at the lowest priority, a
 * page at a time and never more than the outbox can hold well. Where it stands is kept after each page: a process that is
 * killed costs one page that is said again, which the hub knows already.
 */
class BulkExport {

	/**
	 * Ids of a page; rows of the export that wait at most.
	 */
	private const PAGE    = 200;
	private const WAITING = 1000;

	private ExportState $state;
	private Database $database;
	private ExportSource $source;
	private Inserts $inserts;
	private Settings $settings;
	private Clock $clock;

	/**
	 * Takes where it is kept, the database, what finds ids, what writes rows, the settings, the time.
	 */
	public function __construct( ExportState $state, Database $database, ExportSource $source, Inserts $inserts, Settings $settings, Clock $clock ) {
		$this->state    = $state;
		$this->database = $database;
		$this->source   = $source;
		$this->inserts  = $inserts;
		$this->settings = $settings;
		$this->clock    = $clock;
	}

	/**
	 * Begins an export; one that runs already is given up.
	 *
	 * @param array<string> $kinds Of customer, product, order, refund; empty for all there are.
	 * @return array<string, mixed> As `progress`.
	 * @throws \InvalidArgumentException When a kind is none of them.
	 */
	public function start( array $kinds = array() ): array {
		$known = $this->source->kinds();
		$wrong = array_diff( $kinds, $known );
		if ( array() !== $wrong ) {
			/* translators: 1: what was asked for, 2: what there is. */
			throw new \InvalidArgumentException( sprintf( __( 'There is no %1$s to export here; there are: %2$s.', 'crossdock' ), implode( ', ', $wrong ), implode( ', ', $known ) ) );
		}
		$parts = array();
		foreach ( array() === $kinds ? $known : array_values( array_intersect( $known, $kinds ) ) as $kind ) {
			$parts[ $kind ] = array( 'last' => 0, 'queued' => 0, 'total' => $this->source->count( $kind ), 'done' => false );
		}
		$begun = array( 'state' => 'running', 'started_at' => $this->clock->now(), 'ended_at' => null, 'parts' => $parts );
		$this->state->change(
			static function () use ( $begun ): array {
				return $begun;
			}
		);
		return $this->progress();
	}

	/**
	 * Ends an export; what of it waits in the outbox is taken out, what the hub has it keeps.
	 *
	 * @return bool Whether one was running.
	 */
	public function cancel(): bool {
		$running = in_array( $this->progress()['state'], array( 'running', 'sending' ), true );
		if ( $running ) {
			$this->state->change(
				function ( array $export ): array {
					return array( 'state' => 'cancelled', 'ended_at' => $this->clock->now() ) + $export;
				}
			);
		}
		$this->database->run( "DELETE FROM {outbox} WHERE state = 'waiting' AND priority = 3 AND origin = 'bulk'" );
		return $running;
	}

	/**
	 * Returns how far it is.
	 *
	 * @return array<string, mixed> `state` (none, running, sending: all is in the outbox, done, cancelled), `started_at`, `ended_at`
	 *                              (seconds since 1970 or null), `parts` (kind => last, queued, total, done), `total`, `queued`,
	 *                              `waiting` (rows in the outbox), `sent`.
	 */
	public function progress(): array {
		$export  = $this->state->kept() + array( 'state' => 'none', 'started_at' => null, 'ended_at' => null, 'parts' => array() );
		$waiting = $this->waiting();
		$queued  = (int) array_sum( array_column( $export['parts'], 'queued' ) );
		if ( 'done' === $export['state'] && $waiting > 0 ) {
			$export['state'] = 'sending';
		}
		return array(
			'total'   => max( $queued, (int) array_sum( array_column( $export['parts'], 'total' ) ) ),
			'queued'  => $queued,
			'waiting' => $waiting,
			'sent'    => max( 0, $queued - $waiting ),
		) + $export;
	}

	/**
	 * Puts the next pages into the outbox.
	 *
	 * @param Budget $budget What the run may use.
	 * @return int How many ids.
	 */
	public function step( Budget $budget ): int {
		$put  = 0;
		$most = $this->settings->number( 'bulk_per_run', self::WAITING );
		while ( $put < $most && '' === $budget->spent() && $this->waiting() < self::WAITING ) {
			$export = $this->state->kept();
			$kind   = ExportState::unfinished( $export );
			if ( 'running' !== ( $export['state'] ?? '' ) || '' === $kind ) {
				break;
			}
			$last = (int) $export['parts'][ $kind ]['last'];
			$ids  = $this->source->after( $kind, $last, min( self::PAGE, $most - $put ) );
			if ( ! $this->inserts->states( $kind, $ids, 3, 'bulk', 0.0 ) ) {
				break;
			}
			$put += count( $ids );
			$this->advance( $kind, $last, $ids );
		}
		return $put;
	}

	/**
	 * Notes that a page is in the outbox, unless the export was begun anew or cancelled meanwhile.
	 *
	 * @param string          $kind The kind.
	 * @param int             $last The last id before it.
	 * @param array<int, int> $ids  The page's ids; empty when there are no more.
	 * @return void
	 */
	private function advance( string $kind, int $last, array $ids ): void {
		$this->state->change(
			function ( array $export ) use ( $kind, $last, $ids ): array {
				if ( 'running' !== ( $export['state'] ?? '' ) || ( $export['parts'][ $kind ]['last'] ?? -1 ) !== $last ) {
					return $export;
				}
				if ( array() === $ids ) {
					$export['parts'][ $kind ]['done'] = true;
				} else {
					$export['parts'][ $kind ]['last']    = max( $ids );
					$export['parts'][ $kind ]['queued'] += count( $ids );
				}
				return '' === ExportState::unfinished( $export ) ? array( 'state' => 'done', 'ended_at' => $this->clock->now() ) + $export : $export;
			}
		);
	}

	/**
	 * Counts the export's rows that the hub does not have yet.
	 */
	private function waiting(): int {
		return (int) $this->database->value( "SELECT COUNT(*) FROM {outbox} WHERE state IN ('waiting', 'sending') AND priority = 3" );
	}
}
