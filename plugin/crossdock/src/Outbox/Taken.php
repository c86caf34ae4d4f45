<?php
/**
 * Rows that a runner has taken.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

/**
 * The rows and the mark in the table that says whose they are.
 */
final class Taken {

	/**
	 * The mark: a UUID of its own for each taking.
	 *
	 * @var string
	 */
	public string $by;

	/**
	 * The rows by id, in the order in which they are to be told.
	 *
	 * @var array<int, Row>
	 */
	public array $rows = array();

	/**
	 * Begins with no rows.
	 *
	 * @param string $by The mark.
	 */
	public function __construct( string $by ) {
		$this->by = $by;
	}
}
