<?php
/**
 * What becomes of rows after they were told.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Settings\Settings;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Database;
use Crossdock\Wp\Moment;

/**
 * Settles rows one by one: sent, dead with the reason, or waiting again. It only touches rows that are still the runner's.
 */
class Settlement {

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
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * How long rows wait.
	 *
	 * @var Backoff
	 */
	private Backoff $backoff;

	/**
	 * Takes what it works with.
	 *
	 * @param Database $database The site's database.
	 * @param Clock    $clock    The time.
	 * @param Settings $settings The settings.
	 * @param Backoff  $backoff  How long rows wait.
	 */
	public function __construct( Database $database, Clock $clock, Settings $settings, Backoff $backoff ) {
		$this->database = $database;
		$this->clock    = $clock;
		$this->settings = $settings;
		$this->backoff  = $backoff;
	}

	/**
	 * The hub has them. What they said is no longer needed here.
	 *
	 * @param Taken                $taken Whose they are.
	 * @param array<int, string>   $told  Row => the hub's event (`evt_…`), empty for none.
	 * @param string               $code  Why nothing came of it, `held-back` or `nothing-to-tell`; empty when the hub has it.
	 * @return void
	 */
	public function sent( Taken $taken, array $told, string $code = '' ): void {
		if ( array() === $told ) {
			return;
		}
		$cases = '';
		$args  = array();
		foreach ( $told as $id => $event ) {
			$cases .= ' WHEN %d THEN %s';
			array_push( $args, $id, substr( $event, 0, 40 ) );
		}
		$places = implode( ', ', array_fill( 0, count( $told ), '%d' ) );
		$this->database->run(
			"UPDATE {outbox} SET state = 'sent', hub_event = NULLIF(CASE id $cases END, ''), sent_at = %s, payload = NULL, claimed_by = NULL, claimed_until = NULL, error_code = NULLIF(%s, ''), error = NULL WHERE claimed_by = %s AND state = 'sending' AND id IN ($places)",
			...array_merge( $args, array( Moment::stored( $this->clock->now() ), $code, $taken->by ), array_keys( $told ) )
		);
	}

	/**
	 * It cannot be told as it is: it is kept with the reason until somebody tries again or discards it.
	 *
	 * @param Taken  $taken  Whose it is.
	 * @param int    $id     The row.
	 * @param string $code   Why, as a code.
	 * @param string $reason Why, in plain words, with the remedy.
	 * @return void
	 */
	public function dead( Taken $taken, int $id, string $code, string $reason ): void {
		$this->database->run(
			"UPDATE {outbox} SET state = 'dead', claimed_by = NULL, claimed_until = NULL, error_code = %s, error = %s WHERE claimed_by = %s AND state = 'sending' AND id = %d",
			substr( $code, 0, 64 ),
			mb_substr( $reason, 0, 2000 ),
			$taken->by,
			$id
		);
	}

	/**
	 * This row failed and may succeed later: it waits longer each time, and dies when its days are over.
	 *
	 * @param Taken  $taken  Whose it is.
	 * @param Row    $row    The row.
	 * @param string $code   Why, as a code.
	 * @param string $reason Why, in plain words.
	 * @return void
	 */
	public function failed( Taken $taken, Row $row, string $code, string $reason ): void {
		$wait = $this->backoff->wait( $row->attempts );
		$ends = $row->created_at + 86400 * $this->settings->number( 'retry_days' );
		if ( $this->clock->now() + $wait > $ends && $row->attempts > 1 ) {
			/* translators: 1: number of attempts, 2: the last reason. */
			$this->dead( $taken, $row->id, $code, sprintf( __( 'Given up after %1$d attempts: %2$s', 'crossdock' ), $row->attempts, $reason ) );
			return;
		}
		$this->wait( $taken, array( $row->id ), $this->clock->now() + $wait, $code, $reason, false );
	}

	/**
	 * These were not told through no fault of theirs: they wait, and it is not counted against them.
	 *
	 * @param Taken           $taken  Whose they are.
	 * @param array<int, int> $ids    The rows.
	 * @param float           $until  When they may go, seconds since 1970.
	 * @param string          $code   Why, as a code; empty when nothing failed.
	 * @param string          $reason Why, in plain words.
	 * @return void
	 */
	public function back( Taken $taken, array $ids, float $until, string $code = '', string $reason = '' ): void {
		$this->wait( $taken, $ids, $until, $code, $reason, true );
	}

	/**
	 * Lets rows wait; a state of which a newer change waits already has nothing more to tell.
	 *
	 * @param Taken           $taken  Whose they are.
	 * @param array<int, int> $ids    The rows.
	 * @param float           $until  When they may go.
	 * @param string          $code   Why, as a code.
	 * @param string          $reason Why, in plain words.
	 * @param bool            $free   Whether the attempt is not counted.
	 * @return void
	 */
	private function wait( Taken $taken, array $ids, float $until, string $code, string $reason, bool $free ): void {
		if ( array() === $ids ) {
			return;
		}
		$places = implode( ', ', array_fill( 0, count( $ids ), '%d' ) );
		$this->database->run(
			"UPDATE IGNORE {outbox} SET state = 'waiting', waiting_key = IF(kind = 'event', NULL, entity), attempts = attempts - %d, next_at = %s, claimed_by = NULL, claimed_until = NULL, error_code = NULLIF(%s, ''), error = NULLIF(%s, '') WHERE claimed_by = %s AND state = 'sending' AND id IN ($places)",
			$free ? 1 : 0,
			Moment::stored( $until ),
			substr( $code, 0, 64 ),
			mb_substr( $reason, 0, 2000 ),
			$taken->by,
			...array_values( $ids )
		);
		$this->database->run( "DELETE d FROM {outbox} d JOIN {outbox} w ON w.waiting_key = d.entity WHERE d.claimed_by = %s AND d.state = 'sending' AND d.kind <> 'event' AND d.id IN ($places)", $taken->by, ...array_values( $ids ) );
	}
}
