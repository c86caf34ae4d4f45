<?php
/**
 * How much is sent at once, and how fast.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Hub\Answer;
use Crossdock\Hub\Credentials;
use Crossdock\Monitor\Condition;
use Crossdock\Settings\Settings;

/**
 * Keeps the size of a batch and the rests between requests. Both follow what the hub allows (its limits and `RateLimit`
 * headers), what the host allows (memory, time) and how long requests really take. The last reason for each change is kept
 * for the screen.
 */
class Pace {

	/**
	 * The first batch, before anything was measured.
	 */
	private const FIRST = 25;

	/**
	 * Bytes of memory that reading and writing one document may take.
	 */
	private const DOCUMENT = 400000;

	/**
	 * What is remembered.
	 *
	 * @var Condition
	 */
	private Condition $condition;

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * What the hub allowed when it was paired.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * What this machine allows.
	 *
	 * @var Host
	 */
	private Host $host;

	/**
	 * Takes what it works with.
	 *
	 * @param Condition   $condition   What is remembered.
	 * @param Settings    $settings    The settings.
	 * @param Credentials $credentials What the hub allowed.
	 * @param Host        $host        What this machine allows.
	 */
	public function __construct( Condition $condition, Settings $settings, Credentials $credentials, Host $host ) {
		$this->condition   = $condition;
		$this->settings    = $settings;
		$this->credentials = $credentials;
		$this->host        = $host;
	}

	/**
	 * Returns the present pace.
	 *
	 * @return array{items: int, bytes: int, rest_s: float, seconds: int, timeout_s: float, memory: int, why: string}
	 *         Items and bytes of a batch; seconds of rest before the next request; seconds of a run and of a request; bytes of memory
	 *         at which a run ends (0: no bound); why: `first`, `steady`, `set-by-hand`, `hub-limit`, `slow-answers`, `quick-answers`,
	 *         `little-memory`, `rate-limit`, `too-large`.
	 */
	public function now(): array {
		$kept    = (array) ( $this->condition->get( 'pace', array() ) );
		$limits  = (array) ( $this->credentials->connection()['limits'] ?? array() );
		$most    = max( 1, min( 100, (int) ( $limits['items'] ?? 100 ) ) );
		$items   = max( 1, (int) ( $kept['items'] ?? self::FIRST ) );
		$why     = (string) ( $kept['why'] ?? 'first' );
		$by_hand = ! $this->settings->auto( 'batch_size' );
		if ( $by_hand ) {
			$items = $this->settings->number( 'batch_size', self::FIRST );
			$why   = 'set-by-hand';
		}
		if ( $items > $most ) {
			$items = $most;
			$why   = 'hub-limit';
		}
		$room = $this->room();
		if ( $room < $items ) {
			$items = $room;
			$why   = 'little-memory';
		}
		return array(
			'items'     => $items,
			'bytes'     => max( 10000, (int) ( $limits['bytes'] ?? 1048576 ) ),
			'rest_s'    => (float) ( $kept['rest_s'] ?? 0.0 ),
			'seconds'   => $this->seconds(),
			'timeout_s' => $this->timeout(),
			'memory'    => (int) ( 0.8 * $this->host->memory() ),
			'why'       => $why,
		);
	}

	/**
	 * Learns from an answer.
	 *
	 * @param Answer $answer What the hub said; how long it took.
	 * @param int    $items  How many items it was asked to take.
	 * @param float  $spent  Seconds that reading the documents took.
	 * @return void
	 */
	public function learn( Answer $answer, int $items, float $spent ): void {
		$now = $this->now();
		list( $next, $why ) = Steps::next( $now['items'], $now['why'], $items, $answer->took + $spent, 413 === $answer->status );

		$rest = Steps::rest( $answer->limits );
		$this->condition->note(
			array(
				'pace' => array(
					'items'  => $next,
					'why'    => $rest > 0 ? 'rate-limit' : $why,
					'rest_s' => $rest,
					'took_s' => round( $answer->took, 3 ),
					'read_s' => round( $spent, 3 ),
					'told'   => $items,
					'limits' => $answer->limits,
				),
			)
		);
	}

	/**
	 * Returns how many documents fit into a third of the memory that is left.
	 *
	 * @return int At least one.
	 */
	private function room(): int {
		$limit = $this->host->memory();
		return $limit <= 0 ? 100 : max( 1, intdiv( max( 0, $limit - $this->host->used() ), 3 * self::DOCUMENT ) );
	}

	/**
	 * Returns the seconds of a run: the setting's, else 20, and never more than half of what PHP allows.
	 *
	 * @return int
	 */
	private function seconds(): int {
		$allowed = $this->host->seconds();
		$wanted  = $this->settings->number( 'run_seconds', 20 );
		return $allowed > 0 ? max( 2, min( $wanted, intdiv( $allowed, 2 ) ) ) : $wanted;
	}

	/**
	 * Returns the seconds of a request: the setting's, and never more than half of what PHP allows.
	 *
	 * @return float
	 */
	private function timeout(): float {
		$allowed = $this->host->seconds();
		$wanted  = (float) $this->settings->number( 'timeout' );
		return $allowed > 0 ? max( 2.0, min( $wanted, $allowed / 2 ) ) : $wanted;
	}
}
