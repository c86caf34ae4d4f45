<?php
/**
 * Figures about what was sent.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Wp\Clock;
use Crossdock\Wp\Database;
use Crossdock\Wp\Moment;

/**
 * Counts what was sent and what failed, by day and kind, and how long it took, as far back as rows are kept.
 */
class Stats {

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
	 * Counts by day and kind.
	 *
	 * @param int $days     How many days, today included.
	 * @param int $offset_s Seconds by which the site's days begin before UTC's.
	 * @return array<string, array{sent: array<string, int>, dead: array<string, int>}> Day (`2026-11-21`) => counts by kind;
	 *                                                                                  every day is there, the newest first.
	 */
	public function days( int $days, int $offset_s = 0 ): array {
		$now   = $this->clock->now();
		$found = array();
		for ( $back = 0; $back < $days; $back++ ) {
			$found[ gmdate( 'Y-m-d', (int) $now + $offset_s - 86400 * $back ) ] = array(
				'sent' => array_fill_keys( Queue::KINDS, 0 ),
				'dead' => array_fill_keys( Queue::KINDS, 0 ),
			);
		}
		$since = Moment::stored( $now - 86400 * $days );
		$sent  = $this->database->rows( "SELECT DATE(DATE_ADD(sent_at, INTERVAL %d SECOND)) AS day, kind, COUNT(*) AS n FROM {outbox} WHERE state = 'sent' AND sent_at >= %s GROUP BY day, kind", $offset_s, $since );
		$dead  = $this->database->rows( "SELECT DATE(DATE_ADD(changed_at, INTERVAL %d SECOND)) AS day, kind, COUNT(*) AS n FROM {outbox} WHERE state = 'dead' AND changed_at >= %s GROUP BY day, kind", $offset_s, $since );
		foreach ( array( 'sent' => $sent, 'dead' => $dead ) as $state => $rows ) {
			foreach ( $rows as $row ) {
				if ( isset( $found[ (string) $row['day'] ] ) ) {
					$found[ (string) $row['day'] ][ $state ][ (string) $row['kind'] ] = (int) $row['n'];
				}
			}
		}
		return $found;
	}

	/**
	 * Returns how long live changes took from the site to the hub.
	 *
	 * @param int $hours Of how many hours.
	 * @return array{count: int, half_s: float, most_s: float, longest_s: float} Half of them took at most half_s, 95 of 100 at most most_s.
	 */
	public function latency( int $hours = 24 ): array {
		$since = Moment::stored( $this->clock->now() - 3600 * $hours );
		$where = "state = 'sent' AND origin = 'live' AND sent_at >= %s";
		$count = (int) $this->database->value( 'SELECT COUNT(*) FROM {outbox} WHERE ' . $where, $since );
		$at    = function ( float $part ) use ( $where, $since, $count ): float {
			$place = max( 0, (int) ceil( $count * $part ) - 1 );
			$took  = $this->database->value( 'SELECT TIMESTAMPDIFF(MICROSECOND, created_at, sent_at) AS took FROM {outbox} WHERE ' . $where . ' ORDER BY took LIMIT 1 OFFSET %d', $since, $place );
			return max( 0.0, (float) $took / 1e6 );
		};
		return array(
			'count'     => $count,
			'half_s'    => 0 === $count ? 0.0 : $at( 0.5 ),
			'most_s'    => 0 === $count ? 0.0 : $at( 0.95 ),
			'longest_s' => 0 === $count ? 0.0 : $at( 1.0 ),
		);
	}
}
