<?php
/**
 * What is told in one request.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

/**
 * Items ready for the wire, by row, and how many bytes they are.
 */
final class Batch {

	/**
	 * Row => item as JSON.
	 *
	 * @var array<int, string>
	 */
	public array $items = array();

	/**
	 * Row => the id by which the hub answers.
	 *
	 * @var array<int, string>
	 */
	public array $ids = array();

	/**
	 * Bytes of the items.
	 *
	 * @var int
	 */
	public int $bytes = 0;

	/**
	 * Puts an item in.
	 *
	 * @param int    $row  The row.
	 * @param string $id   The id by which the hub answers.
	 * @param string $item The item as JSON.
	 * @return void
	 */
	public function put( int $row, string $id, string $item ): void {
		$this->items[ $row ] = $item;
		$this->ids[ $row ]   = $id;
		$this->bytes        += strlen( $item ) + 1;
	}

	/**
	 * Returns the rows of this batch.
	 *
	 * @return array<int, int>
	 */
	public function rows(): array {
		return array_keys( $this->items );
	}

	/**
	 * Returns the two halves of this batch.
	 *
	 * @return array<int, self>
	 */
	public function halves(): array {
		$halves = array();
		foreach ( array_chunk( $this->items, (int) ceil( count( $this->items ) / 2 ), true ) as $items ) {
			$half = new self();
			foreach ( $items as $row => $item ) {
				$half->put( $row, $this->ids[ $row ], $item );
			}
			$halves[] = $half;
		}
		return $halves;
	}

	/**
	 * Returns the request's body.
	 *
	 * @param string $site The part `site` as JSON.
	 * @return string
	 */
	public function body( string $site ): string {
		return '{"site":' . $site . ',"items":[' . implode( ',', $this->items ) . ']}';
	}
}
