<?php
/**
 * How rows leave the outbox.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Wp\Clock;
use Crossdock\Wp\Database;
use Crossdock\Wp\Moment;
use Crossdock\Wp\Uuid;

/**
 * Takes rows for a while (a lease) so that two runners never have the same one; the rows of a runner that was killed come
 * back when their lease ends. One entity is told by one runner at a time, so that an older state never overtakes a newer.
 */
class Queue {

	/**
	 * Seconds for which rows are taken.
	 */
	public const LEASE_S = 120.0;

	/**
	 * How often a row may take its runner with it before it is given up.
	 */
	private const DEATHS = 5;

	/**
	 * Which rows go first: the priorities that go together, and whether those are meant that may have killed a runner.
	 */
	private const ORDER = array(
		array( array( 1, 2 ), false ),
		array( array( 1, 2 ), true ),
		array( array( 3 ), false ),
		array( array( 3 ), true ),
	);

	/**
	 * Marks a row whose runner was killed.
	 */
	public const INTERRUPTED = 'interrupted';

	private Database $database;
	private Clock $clock;

	/**
	 * Takes what it works with.
	 *
	 * @param Database $database The site's database.
	 * @param Clock    $clock    The time.
	 */
	public function __construct( Database $database, Clock $clock ) {
		$this->database = $database;
		$this->clock    = $clock;
	}

	/**
	 * Takes the next rows, the most urgent first; rows that may have killed a runner come after the others of their kind, and alone.
	 *
	 * @param int $most     How many at most.
	 * @param int $priority The least urgent priority that may go now (1 to 3).
	 * @return Taken
	 */
	public function take( int $most, int $priority ): Taken {
		$taken = new Taken( Uuid::make() );
		do {
			$ids = $this->candidates( $most, $priority );
			// Another runner may have taken all of them since: then there may be more.
		} while ( array() !== $ids && ! $this->claimed( $taken, $ids ) );
		return $taken;
	}

	/**
	 * Returns the ids of the rows that are next.
	 *
	 * @param int $most     How many at most.
	 * @param int $priority The least urgent priority that may go now (1 to 3).
	 * @return array<int, int>
	 */
	private function candidates( int $most, int $priority ): array {
		$ids = array();
		foreach ( self::ORDER as list( $urgencies, $suspects ) ) {
			foreach ( $urgencies as $urgency ) {
				$room = $suspects ? min( 1, $most ) : $most;
				if ( $urgency <= $priority && count( $ids ) < $room ) {
					$ids = array_merge( $ids, $this->next( $urgency, $room - count( $ids ), $suspects ) );
				}
			}
			if ( array() !== $ids ) {
				break;
			}
		}
		return $ids;
	}

	/**
	 * Claims rows for a runner.
	 *
	 * @param Taken           $taken The runner; its rows are filled in.
	 * @param array<int, int> $ids   Which ones.
	 * @return bool Whether any of them is now this runner's; true as well when the database refused.
	 */
	private function claimed( Taken $taken, array $ids ): bool {
		$places = implode( ', ', array_fill( 0, count( $ids ), '%d' ) );
		$done   = $this->database->run(
			"UPDATE {outbox} SET state = 'sending', waiting_key = NULL, attempts = attempts + 1, claimed_by = %s, claimed_until = %s WHERE state = 'waiting' AND id IN ($places)",
			$taken->by,
			Moment::stored( $this->clock->now() + self::LEASE_S ),
			...$ids
		);
		foreach ( 0 === $done ? array() : $this->database->rows( "SELECT * FROM {outbox} WHERE claimed_by = %s AND state = 'sending' ORDER BY priority, id", $taken->by ) as $row ) {
			$taken->rows[ (int) $row['id'] ] = new Row( $row );
		}
		return 0 !== $done;
	}

	/**
	 * Makes sure, before anything leaves the site, that all taken rows are still this runner's, and lengthens the lease.
	 *
	 * @param Taken $taken What was taken; rows that another has by now are dropped from it.
	 * @return void
	 */
	public function hold( Taken $taken ): void {
		$until = Moment::stored( $this->clock->now() + self::LEASE_S );
		$kept  = $this->database->run( "UPDATE {outbox} SET claimed_until = %s WHERE claimed_by = %s AND state = 'sending'", $until, $taken->by );
		if ( $kept < count( $taken->rows ) ) {
			$mine = array_column( $this->database->rows( "SELECT id FROM {outbox} WHERE claimed_by = %s AND state = 'sending'", $taken->by ), 'id', 'id' );

			$taken->rows = array_intersect_key( $taken->rows, $mine );
		}
	}

	/**
	 * Brings back what a killed runner had.
	 *
	 * @return int How many rows came back.
	 */
	public function bring_back(): int {
		$now = Moment::stored( $this->clock->now() );
		$this->database->run(
			"UPDATE {outbox} SET state = 'dead', claimed_by = NULL, claimed_until = NULL, error_code = 'kills-the-runner', error = %s WHERE state = 'sending' AND claimed_until < %s AND error_code = %s AND attempts > %d",
			'Each time this was sent alone the process was killed: memory or time ran out, or another plugin ends the request.',
			$now,
			self::INTERRUPTED,
			self::DEATHS
		);
		$back = $this->database->run(
			"UPDATE IGNORE {outbox} SET state = 'waiting', waiting_key = IF(kind = 'event', NULL, entity), next_at = %s, claimed_by = NULL, claimed_until = NULL, error_code = %s, error = NULL WHERE state = 'sending' AND claimed_until < %s",
			$now,
			self::INTERRUPTED,
			$now
		);
		// What is left is older than a change of the same entity that waits already: that one tells all there is to tell.
		$this->database->run( "DELETE d FROM {outbox} d JOIN {outbox} w ON w.waiting_key = d.entity WHERE d.state = 'sending' AND d.claimed_until < %s AND d.kind <> 'event'", $now );
		return max( 0, $back );
	}

	/**
	 * Returns how long the last row is held back that a page has just written.
	 *
	 * @return float Seconds; 0.0 when none is.
	 */
	public function held_s(): float {
		$now  = $this->clock->now();
		$last = $this->database->value( "SELECT MAX(next_at) FROM {outbox} WHERE state = 'waiting' AND attempts = 0 AND next_at > %s AND next_at <= %s", Moment::stored( $now ), Moment::stored( $now + Outbox::HOLD_S ) );
		return null === $last ? 0.0 : max( 0.0, Moment::read( $last ) - $now );
	}

	/**
	 * Returns the ids of the next rows of a priority.
	 *
	 * @param int  $priority The priority.
	 * @param int  $most     How many at most.
	 * @param bool $suspects Whether those are meant that may have killed a runner.
	 * @return array<int, int>
	 */
	private function next( int $priority, int $most, bool $suspects ): array {
		$which = $suspects ? "AND o.error_code = 'interrupted'" : "AND (o.error_code IS NULL OR o.error_code <> 'interrupted')";
		$rows  = $this->database->rows(
			"SELECT o.id FROM {outbox} o LEFT JOIN {outbox} s ON s.entity = o.entity AND s.kind = o.kind AND s.state = 'sending' AND o.kind <> 'event' WHERE o.state = 'waiting' AND o.priority = %d AND o.next_at <= %s $which AND s.id IS NULL ORDER BY o.next_at, o.id LIMIT %d",
			$priority,
			Moment::stored( $this->clock->now() ),
			$most
		);
		return array_map( 'intval', array_column( $rows, 'id' ) );
	}
}
