<?php
/**
 * What people do with rows.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Monitor\Log;
use Crossdock\Monitor\Queue as Rows;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Database;
use Crossdock\Wp\Moment;

/**
 * Tries rows again, discards them with a reason, makes them more or less urgent: one, many, or all of a filter. What is being
 * sent at this moment is left alone.
 */
class Hands {

	/**
	 * The site's database.
	 *
	 * @var Database
	 */
	private Database $database;

	/**
	 * The time.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * The log.
	 *
	 * @var Log
	 */
	private Log $log;

	/**
	 * Takes what it works with.
	 *
	 * @param Database $database The site's database.
	 * @param Clock    $clock    The time.
	 * @param Log      $log      The log.
	 */
	public function __construct( Database $database, Clock $clock, Log $log ) {
		$this->database = $database;
		$this->clock    = $clock;
		$this->log      = $log;
	}

	/**
	 * Lets dead and waiting rows go at once, with all their days before them again. A dead state of which a newer change waits
	 * has nothing more to tell and goes.
	 *
	 * @param array<mixed> $which `ids` (list), or the filter of `Monitor\Queue::where`: state, kind, entity, q.
	 * @return int How many rows.
	 */
	public function retry( array $which ): int {
		list( $where, $args ) = self::which( $which );
		$now                  = Moment::stored( $this->clock->now() );
		$done                 = $this->database->run(
			"UPDATE IGNORE {outbox} SET waiting_key = IF(kind = 'event', NULL, entity), state = 'waiting', attempts = 0, created_at = %s, next_at = %s, error_code = NULL, error = NULL WHERE state IN ('dead', 'waiting') AND ($where)",
			$now,
			$now,
			...$args
		);
		$this->database->run( "DELETE d FROM {outbox} d JOIN {outbox} w ON w.waiting_key = d.entity WHERE d.state = 'dead' AND d.kind <> 'event' AND d.id IN (SELECT id FROM (SELECT id FROM {outbox} WHERE state = 'dead' AND ($where)) x)", ...$args );
		return max( 0, $done );
	}

	/**
	 * Throws rows away that wait or are dead, with the reason in the log.
	 *
	 * @param array<mixed> $which  As for `retry`.
	 * @param string       $reason Why, in plain words.
	 * @param int          $by     A person's id; 0 for WP-CLI.
	 * @return int How many rows.
	 */
	public function discard( array $which, string $reason, int $by ): int {
		list( $where, $args ) = self::which( $which );
		$done                 = max( 0, $this->database->run( "DELETE FROM {outbox} WHERE state IN ('dead', 'waiting') AND ($where)", ...$args ) );
		if ( $done > 0 ) {
			$this->log->warning( 'rows-discarded', 'Rows of the queue were discarded: ' . $reason, array( 'count' => $done, 'user' => $by, 'source' => 'queue' ) );
		}
		return $done;
	}

	/**
	 * Makes waiting rows more or less urgent.
	 *
	 * @param array<mixed> $which    As for `retry`.
	 * @param int          $priority 1 live, 2 standard, 3 bulk.
	 * @return int How many rows changed.
	 */
	public function reprioritise( array $which, int $priority ): int {
		list( $where, $args ) = self::which( $which );
		return max( 0, $this->database->run( "UPDATE {outbox} SET priority = %d WHERE state = 'waiting' AND ($where)", max( 1, min( 3, $priority ) ), ...$args ) );
	}

	/**
	 * Returns the condition for the rows that are meant.
	 *
	 * @param array<mixed> $which As for `retry`.
	 * @return array{0: string, 1: array<int, mixed>}
	 */
	private static function which( array $which ): array {
		if ( ! isset( $which['ids'] ) ) {
			return Rows::where( array_map( 'strval', $which ) );
		}
		$ids = array_values( array_filter( array_map( 'intval', (array) $which['ids'] ) ) );
		return array() === $ids ? array( '1 = 0', array() ) : array( 'id IN (' . implode( ', ', array_fill( 0, count( $ids ), '%d' ) ) . ')', $ids );
	}
}
