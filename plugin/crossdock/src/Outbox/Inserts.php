<?php
/**
 * How rows get into the outbox.
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
 * The one statement that writes rows: a state that waits already is not written twice, its count is raised.
 */
class Inserts {

	/**
	 * Rows of one statement at most.
	 */
	public const TOGETHER = 100;

	/**
	 * The statement's beginning.
	 */
	private const INTO = 'INSERT INTO {outbox} (event_id, kind, action, type, entity, waiting_key, priority, state, origin, payload, changes, attempts, next_at, created_at, changed_at) VALUES ';

	/**
	 * One row of it.
	 */
	private const ROW = "(%s, %s, %s, %s, %s, NULLIF(%s, ''), %d, 'waiting', %s, NULLIF(%s, ''), 1, 0, %s, %s, %s)";

	/**
	 * What becomes of a state that waits already.
	 */
	private const AGAIN = ' ON DUPLICATE KEY UPDATE changes = changes + 1, action = VALUES(action), payload = VALUES(payload), origin = IF(VALUES(priority) <= priority, VALUES(origin), origin), priority = LEAST(priority, VALUES(priority)), next_at = LEAST(next_at, VALUES(next_at)), changed_at = VALUES(changed_at)';

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
	 * Writes one state.
	 *
	 * @param string $kind     Either order, customer, product or refund.
	 * @param int    $id       The site's id.
	 * @param string $action   Either saved or deleted.
	 * @param string $payload  JSON; empty for a saved one.
	 * @param int    $priority 1 live, 2 standard, 3 bulk.
	 * @param string $origin   Either live, bulk, resend or test.
	 * @param float  $hold_s   Seconds for which nobody may take it.
	 * @return int 1 when a row was made, 2 when one waited already, -1 when the database refused.
	 */
	public function state( string $kind, int $id, string $action, string $payload, int $priority, string $origin, float $hold_s ): int {
		return $this->database->run( self::INTO . self::ROW . self::AGAIN, ...$this->row( $kind, $action, '', "$kind:$id", "$kind:$id", $priority, $origin, $payload, $hold_s ) );
	}

	/**
	 * Writes several saved states of a kind.
	 *
	 * @param string     $kind     Either order, customer, product or refund.
	 * @param array<int> $ids      The site's ids.
	 * @param int        $priority 1 live, 2 standard, 3 bulk.
	 * @param string     $origin   Either live, bulk, resend or test.
	 * @param float      $hold_s   Seconds for which nobody may take them.
	 * @return bool Whether all are written.
	 */
	public function states( string $kind, array $ids, int $priority, string $origin, float $hold_s ): bool {
		$done = true;
		foreach ( array_chunk( array_values( array_unique( $ids ) ), self::TOGETHER ) as $some ) {
			$args = array();
			foreach ( $some as $id ) {
				array_push( $args, ...$this->row( $kind, 'saved', '', "$kind:$id", "$kind:$id", $priority, $origin, '', $hold_s ) );
			}
			$rows = implode( ', ', array_fill( 0, count( $some ), self::ROW ) );
			$done = $this->database->run( self::INTO . $rows . self::AGAIN, ...$args ) >= 0 && $done;
		}
		return $done;
	}

	/**
	 * Writes an occurrence.
	 *
	 * @param string $type     Its type.
	 * @param string $payload  JSON.
	 * @param string $entity   Whom it is about; empty for nobody.
	 * @param int    $priority 1 live, 2 standard, 3 bulk.
	 * @param string $origin   Either live, bulk, resend or test.
	 * @return string The event's id; empty when the database refused.
	 */
	public function event( string $type, string $payload, string $entity, int $priority, string $origin ): string {
		$row = $this->row( Row::EVENT, 'saved', $type, $entity, '', $priority, $origin, $payload, 0.0 );
		return $this->database->run( self::INTO . self::ROW, ...$row ) > 0 ? $row[0] : '';
	}

	/**
	 * Returns what the placeholders of one row stand for.
	 *
	 * @param string $kind     The kind.
	 * @param string $action   The action.
	 * @param string $type     The type.
	 * @param string $entity   Whom it is about.
	 * @param string $waiting  What may wait once only; empty for an occurrence.
	 * @param int    $priority The priority.
	 * @param string $origin   The origin.
	 * @param string $payload  JSON.
	 * @param float  $hold_s   Seconds for which nobody may take it.
	 * @return array<int, mixed>
	 */
	private function row( string $kind, string $action, string $type, string $entity, string $waiting, int $priority, string $origin, string $payload, float $hold_s ): array {
		$now = $this->clock->now();
		$at  = Moment::stored( $now );
		return array( Uuid::make(), $kind, $action, $type, $entity, $waiting, $priority, $origin, $payload, Moment::stored( $now + $hold_s ), $at, $at );
	}
}
