<?php
/**
 * What people do with rows of the outbox.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Wp\Clock;
use Crossdock\Wp\Database;
use Crossdock\Wp\Moment;

/**
 * Sends again, reprioritises and discards rows: some, or all of a filter. Rows that are being sent at this moment are
 * left alone.
 */
class QueueActions {

	/**
	 * Rows of one statement.
	 */
	private const STEP = 500;

	/**
	 * The site's database.
	 *
	 * @var Database
	 */
	private Database $database;

	/**
	 * The clock.
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
	 * Notes what it needs.
	 *
	 * @param Database $database The site's database.
	 * @param Clock    $clock    The clock.
	 * @param Log      $log      The log.
	 */
	public function __construct( Database $database, Clock $clock, Log $log ) {
		$this->database = $database;
		$this->clock    = $clock;
		$this->log      = $log;
	}

	/**
	 * Returns the ids of a filter's rows that may be touched (waiting or dead).
	 *
	 * @param array<string, string> $filter As for `Queue::find`.
	 * @return array<int, int>
	 */
	public function ids( array $filter ): array {
		list( $where, $args ) = Queue::where( $filter );
		$rows                 = $this->database->rows( "SELECT id FROM {outbox} WHERE state IN ('waiting', 'dead') AND " . $where . ' ORDER BY id', ...$args );
		return array_map( 'intval', array_column( $rows, 'id' ) );
	}

	/**
	 * Lets rows go at once, dead ones with a clean count of attempts. A dead state whose successor waits already is
	 * dropped: the successor tells the same.
	 *
	 * @param array<int, int> $ids The rows.
	 * @return int Rows that will be sent.
	 */
	public function retry( array $ids ): int {
		$now  = Moment::stored( $this->clock->now() );
		$done = 0;
		foreach ( array_chunk( $ids, self::STEP ) as $some ) {
			$places = self::places( $some );
			$done  += max( 0, $this->database->run( "UPDATE {outbox} SET next_at = %s, changed_at = %s WHERE state = 'waiting' AND id IN ($places)", $now, $now, ...$some ) );
			$done  += max(
				0,
				$this->database->run(
					"UPDATE IGNORE {outbox} SET state = 'waiting', waiting_key = IF(kind = 'event', NULL, entity), attempts = 0, error_code = NULL, error = NULL, next_at = %s, changed_at = %s WHERE state = 'dead' AND id IN ($places)",
					$now,
					$now,
					...$some
				)
			);
			$this->database->run( "DELETE d FROM {outbox} d JOIN {outbox} w ON w.waiting_key = d.entity WHERE d.state = 'dead' AND d.kind <> 'event' AND d.id IN ($places)", ...$some );
		}
		return $done;
	}

	/**
	 * Changes how urgent rows are.
	 *
	 * @param array<int, int> $ids      The rows.
	 * @param int             $priority 1 at once, 2 standard, 3 bulk.
	 * @return int Rows changed.
	 */
	public function reprioritise( array $ids, int $priority ): int {
		$done = 0;
		foreach ( array_chunk( $ids, self::STEP ) as $some ) {
			$places = self::places( $some );
			$done  += max( 0, $this->database->run( "UPDATE {outbox} SET priority = %d WHERE state IN ('waiting', 'dead') AND id IN ($places)", max( 1, min( 3, $priority ) ), ...$some ) );
		}
		return $done;
	}

	/**
	 * Drops rows for good and notes why in the log.
	 *
	 * @param array<int, int> $ids    The rows.
	 * @param string          $reason Why, in the person's words.
	 * @param int             $by     The person.
	 * @return int Rows dropped.
	 */
	public function discard( array $ids, string $reason, int $by ): int {
		$done = 0;
		foreach ( array_chunk( $ids, self::STEP ) as $some ) {
			$places = self::places( $some );
			$told   = $this->database->rows( "SELECT kind, type, entity FROM {outbox} WHERE state IN ('waiting', 'dead') AND id IN ($places) ORDER BY id LIMIT 20", ...$some );
			$gone   = max( 0, $this->database->run( "DELETE FROM {outbox} WHERE state IN ('waiting', 'dead') AND id IN ($places)", ...$some ) );
			$done  += $gone;
			if ( $gone > 0 ) {
				$names = array_map(
					static function ( array $row ): string {
						return '' === (string) $row['entity'] ? (string) $row['type'] : (string) $row['entity'];
					},
					$told
				);
				$this->log->warning( 'queue-discarded', sprintf( 'User %d discarded %d rows (%s). Reason: %s', $by, $gone, implode( ', ', array_unique( $names ) ), $reason ), array( 'count' => $gone ) );
			}
		}
		return $done;
	}

	/**
	 * Returns the placeholders for ids.
	 *
	 * @param array<int, int> $ids The ids.
	 * @return string
	 */
	private static function places( array $ids ): string {
		return implode( ', ', array_fill( 0, count( $ids ), '%d' ) );
	}
}
