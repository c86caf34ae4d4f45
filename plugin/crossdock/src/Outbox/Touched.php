<?php
/**
 * What one request did to the outbox.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

/**
 * The memory of a request: what it wrote, and what it writes at its end. Bounded, for processes that run for days.
 */
class Touched {

	/**
	 * Entities remembered at most.
	 */
	private const MOST = 500;

	/**
	 * Seconds that something waits for the end of the request at most.
	 */
	private const PATIENCE_S = 3.0;

	/**
	 * What was written: `order:12` => action and until when (monotonic) it needs no second statement.
	 *
	 * @var array<string, array{action: string, until: float}>
	 */
	private array $written = array();

	/**
	 * What is yet to be written: kind and priority => ids.
	 *
	 * @var array<string, array<int, int>>
	 */
	private array $later = array();

	/**
	 * When the first of those was noted (monotonic).
	 *
	 * @var float
	 */
	private float $since = 0.0;

	/**
	 * Returns what is remembered of an entity.
	 *
	 * @param string $key `order:12`.
	 * @return array{action: string, until: float}|null Null when this request did not write it.
	 */
	public function known( string $key ): ?array {
		return $this->written[ $key ] ?? null;
	}

	/**
	 * Remembers what was written.
	 *
	 * @param string $key    Entity or event.
	 * @param string $action Either saved or deleted.
	 * @param float  $until  Until when (monotonic) it needs no second statement; 0 when that is not known.
	 * @return void
	 */
	public function remember( string $key, string $action, float $until ): void {
		if ( count( $this->written ) >= self::MOST ) {
			$this->written = array();
		}
		$this->written[ $key ] = array( 'action' => $action, 'until' => $until );
	}

	/**
	 * Returns the keys of what was written.
	 *
	 * @return array<int, string>
	 */
	public function keys(): array {
		return array_map( 'strval', array_keys( $this->written ) );
	}

	/**
	 * Forgets what was written.
	 *
	 * @return void
	 */
	public function forget(): void {
		$this->written = array();
	}

	/**
	 * Notes what is to be written at the end.
	 *
	 * @param string $kind     The kind.
	 * @param int    $id       The site's id.
	 * @param int    $priority 1 live, 2 standard, 3 bulk.
	 * @param float  $now      The monotonic time.
	 * @return bool Whether it is time to write: there are many, or the request is a long one.
	 */
	public function later( string $kind, int $id, int $priority, float $now ): bool {
		$this->since = array() === $this->later ? $now : $this->since;

		$this->later[ $kind . ' ' . $priority ][ $id ] = $id;
		return $now - $this->since > self::PATIENCE_S || count( $this->later, COUNT_RECURSIVE ) > Inserts::TOGETHER;
	}

	/**
	 * Drops what is no longer to be written.
	 *
	 * @param string $kind The kind.
	 * @param int    $id   The site's id.
	 * @return void
	 */
	public function no_more( string $kind, int $id ): void {
		foreach ( array( 1, 2, 3 ) as $priority ) {
			unset( $this->later[ $kind . ' ' . $priority ][ $id ] );
		}
	}

	/**
	 * Hands out what is to be written, once.
	 *
	 * @return array<int, array{0: string, 1: int, 2: array<int, int>}> Kind, priority, ids.
	 */
	public function take(): array {
		$all = array();
		foreach ( $this->later as $both => $ids ) {
			list( $kind, $priority ) = explode( ' ', $both );
			if ( array() !== $ids ) {
				$all[] = array( $kind, (int) $priority, array_values( $ids ) );
			}
		}
		$this->later = array();
		return $all;
	}
}
