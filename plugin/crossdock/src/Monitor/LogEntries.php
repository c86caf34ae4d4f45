<?php
/**
 * Reading the log.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Settings\Settings;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Database;
use Crossdock\Wp\Moment;

/**
 * Finds, counts, empties and rotates what `Log` wrote. A line: id, at, last_at, times, level, code, message, context.
 */
class LogEntries {

	/**
	 * Lines deleted by one statement.
	 */
	private const STEP = 1000;

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
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * Notes what it needs.
	 *
	 * @param Database $database The site's database.
	 * @param Clock    $clock    The clock.
	 * @param Settings $settings The settings: how long and how many lines are kept.
	 */
	public function __construct( Database $database, Clock $clock, Settings $settings ) {
		$this->database = $database;
		$this->clock    = $clock;
		$this->settings = $settings;
	}

	/**
	 * Returns lines, the newest first.
	 *
	 * @param string $level Only this level; empty for all.
	 * @param string $text  Only lines whose code or message holds this; empty for all.
	 * @param int    $most  How many at most.
	 * @param int    $skip  How many are left out first.
	 * @return array<int, array<string, string|null>>
	 */
	public function find( string $level, string $text, int $most, int $skip = 0 ): array {
		list( $where, $args ) = $this->where( $level, $text );
		return $this->database->rows( 'SELECT id, at, last_at, times, level, code, message, context FROM {log} WHERE ' . $where . ' ORDER BY last_at DESC, id DESC LIMIT %d OFFSET %d', ...array_merge( $args, array( $most, $skip ) ) );
	}

	/**
	 * Counts lines.
	 *
	 * @param string $level Only this level; empty for all.
	 * @param string $text  Only lines whose code or message holds this; empty for all.
	 * @return int
	 */
	public function count( string $level = '', string $text = '' ): int {
		list( $where, $args ) = $this->where( $level, $text );
		return (int) $this->database->value( 'SELECT COUNT(*) FROM {log} WHERE ' . $where, ...$args );
	}

	/**
	 * Deletes what is older or more than the settings keep, in small statements.
	 *
	 * @return int Lines deleted.
	 */
	public function rotate(): int {
		$old     = Moment::stored( $this->clock->now() - 86400 * $this->settings->number( 'keep_log_days' ) );
		$deleted = $this->all_of( 'DELETE FROM {log} WHERE last_at < %s LIMIT %d', $old );
		$oldest  = $this->database->value( 'SELECT id FROM {log} ORDER BY last_at DESC, id DESC LIMIT 1 OFFSET %d', $this->settings->number( 'keep_log_rows' ) );
		if ( null === $oldest ) {
			return $deleted;
		}
		$last = $this->database->value( 'SELECT last_at FROM {log} WHERE id = %d', (int) $oldest );
		return $deleted + $this->all_of( 'DELETE FROM {log} WHERE last_at <= %s ORDER BY last_at LIMIT %d', (string) $last );
	}

	/**
	 * Deletes all lines.
	 *
	 * @return int Lines deleted.
	 */
	public function clear(): int {
		return max( 0, $this->database->run( 'DELETE FROM {log}' ) );
	}

	/**
	 * Runs a deletion until nothing is left of it.
	 *
	 * @param string $sql  A statement with a moment and a limit.
	 * @param string $till The moment.
	 * @return int Lines deleted.
	 */
	private function all_of( string $sql, string $till ): int {
		$deleted = 0;
		do {
			$gone     = max( 0, $this->database->run( $sql, $till, self::STEP ) );
			$deleted += $gone;
		} while ( self::STEP === $gone );
		return $deleted;
	}

	/**
	 * Returns the condition of a search and its arguments.
	 *
	 * @param string $level Only this level; empty for all.
	 * @param string $text  Only lines that hold this; empty for all.
	 * @return array{0: string, 1: array<int, string>}
	 */
	private function where( string $level, string $text ): array {
		$where = array( '1 = 1' );
		$args  = array();
		if ( '' !== $level ) {
			$where[] = 'level = %s';
			$args[]  = $level;
		}
		if ( '' !== $text ) {
			$like    = '%' . addcslashes( $text, '_%\\' ) . '%';
			$where[] = '(code LIKE %s OR message LIKE %s OR context LIKE %s)';
			array_push( $args, $like, $like, $like );
		}
		return array( implode( ' AND ', $where ), $args );
	}
}
