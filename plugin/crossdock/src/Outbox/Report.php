<?php
/**
 * What a run did.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

/**
 * Counts of a run, and why it ended.
 */
final class Report {

	/**
	 * Rows the hub has.
	 *
	 * @var int
	 */
	public int $sent = 0;

	/**
	 * Rows the hub refused for good.
	 *
	 * @var int
	 */
	public int $refused = 0;

	/**
	 * Rows that wait for another time.
	 *
	 * @var int
	 */
	public int $failed = 0;

	/**
	 * Rows that were settled without being told: held back by a filter, unreadable, too large, nothing to tell.
	 *
	 * @var int
	 */
	public int $settled = 0;

	/**
	 * Requests made.
	 *
	 * @var int
	 */
	public int $requests = 0;

	/**
	 * Why it ended: `empty`, `enough`, `time`, `memory`, `rate-limit`, or what `Brake::reason` says.
	 *
	 * @var string
	 */
	public string $stopped = '';

	/**
	 * What the hub or the way to it last complained of; empty when it did not.
	 *
	 * @var string
	 */
	public string $trouble = '';

	/**
	 * Adds the counts of a request.
	 *
	 * @param array{sent: int, refused: int, failed: int} $counts The counts.
	 * @return void
	 */
	public function add( array $counts ): void {
		$this->sent    += $counts['sent'];
		$this->refused += $counts['refused'];
		$this->failed  += $counts['failed'];
	}

	/**
	 * Returns how many rows were dealt with.
	 *
	 * @return int
	 */
	public function rows(): int {
		return $this->sent + $this->refused + $this->failed + $this->settled;
	}
}
