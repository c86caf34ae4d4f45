<?php
/**
 * Where it is written what the hub shall know.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Wp\Clock;
use Crossdock\Wp\Database;
use Crossdock\Wp\Json;
use Crossdock\Wp\Moment;

/**
 * Writes into the outbox in the request in which something happened. A page pays one statement for each entity however often
 * it is saved: its row is held back a moment, so that nobody reads the document while the page still works on it.
 */
class Outbox {

	/**
	 * Seconds a state's row is held back.
	 */
	public const HOLD_S = 4.0;

	/**
	 * Seconds in which a row that this request made needs no second statement: it cannot have been taken yet.
	 */
	private const SURE_S = 3.0;

	/**
	 * The statement.
	 *
	 * @var Inserts
	 */
	private Inserts $inserts;

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
	 * What this request wrote and what it has yet to write.
	 *
	 * @var Touched
	 */
	private Touched $touched;

	/**
	 * Takes what it works with, each as its property says.
	 */
	public function __construct( Inserts $inserts, Database $database, Clock $clock, Touched $touched ) {
		$this->inserts  = $inserts;
		$this->database = $database;
		$this->clock    = $clock;
		$this->touched  = $touched;
	}

	/**
	 * Notes that something was saved; its document is read when it is sent.
	 *
	 * @param string $kind     Either order, customer, product or refund.
	 * @param int    $id       The site's id.
	 * @param int    $priority 1 live, 2 standard, 3 bulk.
	 * @param string $origin   Either live, bulk, resend or test.
	 * @return bool Whether it is written, or will be at the end of the request.
	 */
	public function saved( string $kind, int $id, int $priority = 1, string $origin = 'live' ): bool {
		$mine = $this->touched->known( "$kind:$id" );
		if ( 'live' === $origin && null !== $mine && 'saved' === $mine['action'] ) {
			if ( $this->clock->monotonic() < $mine['until'] ) {
				return true;
			}
			if ( 0.0 === $mine['until'] ) {
				$this->later( $kind, $id, $priority );
				return true;
			}
		}
		return $this->write( $kind, $id, 'saved', '', $priority, $origin );
	}

	/**
	 * Notes that something is gone for good.
	 *
	 * @param string       $kind Either order, customer, product or refund.
	 * @param int          $id   The site's id.
	 * @param array<mixed> $more What else the hub is told: `parent_id` of a refund or variation.
	 * @return bool Whether it is written.
	 */
	public function deleted( string $kind, int $id, array $more = array() ): bool {
		$this->touched->no_more( $kind, $id );
		return $this->write( $kind, $id, 'deleted', Json::encode( array( 'id' => $id ) + $more ), 1, 'live' );
	}

	/**
	 * Notes that something was saved, written with all others of its like at the end of the request (or soon, in a long one).
	 *
	 * @param string $kind     Either order, customer, product or refund.
	 * @param int    $id       The site's id.
	 * @param int    $priority 1 live, 2 standard, 3 bulk.
	 * @return void
	 */
	public function later( string $kind, int $id, int $priority = 2 ): void {
		if ( $this->touched->later( $kind, $id, $priority, $this->clock->monotonic() ) ) {
			$this->flush();
		}
	}

	/**
	 * Writes what waits for the end of the request.
	 */
	public function flush(): void {
		foreach ( $this->touched->take() as list( $kind, $priority, $ids ) ) {
			$this->several( $kind, $ids, $priority, 'live' );
		}
	}

	/**
	 * Notes that several of a kind shall be told, in few statements.
	 *
	 * @param string     $kind     Either order, customer, product or refund.
	 * @param array<int> $ids      The site's ids.
	 * @param int        $priority 1 live, 2 standard, 3 bulk.
	 * @param string     $origin   Either live, bulk, resend or test.
	 * @return bool Whether all are written.
	 */
	public function several( string $kind, array $ids, int $priority, string $origin ): bool {
		foreach ( 'live' === $origin ? $ids : array() as $id ) {
			$this->touched->remember( "$kind:$id", 'saved', 0.0 );
		}
		return $this->inserts->states( $kind, $ids, $priority, $origin, 'live' === $origin ? self::HOLD_S : 0.0 );
	}

	/**
	 * Notes that something happened.
	 *
	 * @param string       $type     Lower-case words joined by dots: `user.login`.
	 * @param array<mixed> $data     What happened, as it will be told.
	 * @param string       $entity   Whom it is about: `user:12`; empty for nobody.
	 * @param string       $subject  The person's e-mail address; empty for nobody's.
	 * @param int          $priority 1 live, 2 standard, 3 bulk.
	 * @param string       $origin   Either live, bulk, resend or test.
	 * @return string The event's id; empty when it could not be written.
	 */
	public function happened( string $type, array $data, string $entity = '', string $subject = '', int $priority = 1, string $origin = 'live' ): string {
		$payload = Json::encode( array( 'data' => (object) $data, 'subject' => '' === $subject ? null : $subject ) );
		$id      = $this->inserts->event( $type, $payload, $entity, $priority, $origin );
		$this->touched->remember( $id, 'saved', 0.0 );
		return $id;
	}

	/**
	 * Tells whether this request wrote anything.
	 */
	public function used(): bool {
		return array() !== $this->touched->keys();
	}

	/**
	 * Lets the rows of this request go at once: it has ended.
	 */
	public function let_go(): void {
		$keys = $this->touched->keys();
		if ( array() !== $keys ) {
			$places = implode( ', ', array_fill( 0, count( $keys ), '%s' ) );
			$this->database->run( "UPDATE {outbox} SET next_at = LEAST(next_at, %s) WHERE state = 'waiting' AND attempts = 0 AND waiting_key IN ($places)", Moment::stored( $this->clock->now() ), ...$keys );
		}
		$this->touched->forget();
	}

	/**
	 * Writes a state's row, or raises the count of the one that waits.
	 *
	 * @param string $kind     The kind.
	 * @param int    $id       The site's id.
	 * @param string $action   Either saved or deleted.
	 * @param string $payload  JSON; empty for a saved one.
	 * @param int    $priority 1 live, 2 standard, 3 bulk.
	 * @param string $origin   Where it comes from.
	 * @return bool Whether it is written.
	 */
	private function write( string $kind, int $id, string $action, string $payload, int $priority, string $origin ): bool {
		$done = $this->inserts->state( $kind, $id, $action, $payload, $priority, $origin, 'live' === $origin ? self::HOLD_S : 0.0 );
		// One row: made here, so nobody takes it before its hold ends. Two: another's, whose hold may end at any time.
		$this->touched->remember( "$kind:$id", $action, 1 === $done && 'live' === $origin ? $this->clock->monotonic() + self::SURE_S : 0.0 );
		return $done >= 0;
	}
}
