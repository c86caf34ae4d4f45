<?php
/**
 * What lies in the outbox.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Wp\Clock;
use Crossdock\Wp\Database;
use Crossdock\Wp\Moment;

/**
 * Counts the rows of the outbox and finds them for the screens.
 */
class Queue {

	/**
	 * The states of a row.
	 */
	public const STATES = array( 'waiting', 'sending', 'sent', 'dead' );

	/**
	 * The kinds of a row.
	 */
	public const KINDS = array( 'order', 'customer', 'product', 'refund', 'event' );

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
	 * Notes what it needs.
	 *
	 * @param Database $database The site's database.
	 * @param Clock    $clock    The clock.
	 */
	public function __construct( Database $database, Clock $clock ) {
		$this->database = $database;
		$this->clock    = $clock;
	}

	/**
	 * Counts the rows.
	 *
	 * @return array<string, array<string, int>> State => kind => rows; every state and kind is there.
	 */
	public function table(): array {
		$table = array_fill_keys( self::STATES, array_fill_keys( self::KINDS, 0 ) );
		foreach ( $this->database->rows( 'SELECT state, kind, COUNT(*) AS n FROM {outbox} GROUP BY state, kind' ) as $row ) {
			$table[ (string) $row['state'] ][ (string) $row['kind'] ] = (int) $row['n'];
		}
		return $table;
	}

	/**
	 * Counts the rows by state.
	 *
	 * @return array<string, int>
	 */
	public function counts(): array {
		return array_map( 'array_sum', $this->table() );
	}

	/**
	 * Returns for how many seconds the oldest row has waited.
	 *
	 * @return float 0.0 when nothing waits.
	 */
	public function oldest_s(): float {
		$oldest = $this->database->value( "SELECT MIN(created_at) FROM {outbox} WHERE state IN ('waiting', 'sending')" );
		return null === $oldest ? 0.0 : max( 0.0, $this->clock->now() - Moment::read( $oldest ) );
	}

	/**
	 * Returns rows, the one that goes next first; of those that are done the newest first.
	 *
	 * @param array<string, string> $filter state, kind, entity (exact), q (in type, entity, error), each may be missing.
	 * @param int                   $most   How many at most.
	 * @param int                   $skip   How many are left out first.
	 * @return array<int, array<string, string|null>>
	 */
	public function find( array $filter, int $most, int $skip = 0 ): array {
		list( $where, $args ) = self::where( $filter );
		$order                = in_array( $filter['state'] ?? '', array( 'waiting', 'sending' ), true ) ? 'priority, next_at, id' : 'id DESC';
		return $this->database->rows(
			'SELECT id, event_id, kind, action, type, entity, priority, state, origin, changes, attempts, next_at, created_at, changed_at, sent_at, error_code, error, hub_event FROM {outbox} WHERE '
			. $where . ' ORDER BY ' . $order . ' LIMIT %d OFFSET %d',
			...array_merge( $args, array( $most, $skip ) )
		);
	}

	/**
	 * Counts the rows of a filter.
	 *
	 * @param array<string, string> $filter As for `find`.
	 * @return int
	 */
	public function count( array $filter ): int {
		list( $where, $args ) = self::where( $filter );
		return (int) $this->database->value( 'SELECT COUNT(*) FROM {outbox} WHERE ' . $where, ...$args );
	}

	/**
	 * Returns the condition of a filter and its arguments.
	 *
	 * @param array<string, string> $filter As for `find`.
	 * @return array{0: string, 1: array<int, string>}
	 */
	public static function where( array $filter ): array {
		$where = array( '1 = 1' );
		$args  = array();
		foreach ( array( 'state', 'kind', 'entity' ) as $column ) {
			if ( '' !== ( $filter[ $column ] ?? '' ) ) {
				$where[] = $column . ' = %s';
				$args[]  = $filter[ $column ];
			}
		}
		if ( '' !== ( $filter['q'] ?? '' ) ) {
			$like    = '%' . addcslashes( $filter['q'], '_%\\' ) . '%';
			$where[] = '(type LIKE %s OR entity LIKE %s OR error LIKE %s OR error_code LIKE %s)';
			array_push( $args, $like, $like, $like, $like );
		}
		return array( implode( ' AND ', $where ), $args );
	}
}
