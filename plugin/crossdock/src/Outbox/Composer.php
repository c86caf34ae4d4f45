<?php
/**
 * How rows become items.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Documents\Documents;
use Crossdock\Documents\Found;
use Crossdock\Wp\Json;
use Crossdock\Wp\Moment;

/**
 * Reads the documents of taken rows and writes the items. What cannot be told is settled here, one row at a time, and hinders
 * no other.
 */
class Composer {

	/**
	 * The documents of the site.
	 *
	 * @var Documents
	 */
	private Documents $documents;

	/**
	 * What becomes of rows.
	 *
	 * @var Settlement
	 */
	private Settlement $settlement;

	/**
	 * The row that is being read now; 0 for none. A run that dies here knows by it which row it was.
	 *
	 * @var int
	 */
	public int $reading = 0;

	/**
	 * Takes what it works with.
	 *
	 * @param Documents  $documents  The documents of the site.
	 * @param Settlement $settlement What becomes of rows.
	 */
	public function __construct( Documents $documents, Settlement $settlement ) {
		$this->documents  = $documents;
		$this->settlement = $settlement;
	}

	/**
	 * Makes a batch of as many rows as fit.
	 *
	 * @param Taken  $taken  The rows; those that are not in the batch are settled or left in it for another.
	 * @param int    $bytes  Bytes of a batch at most.
	 * @param Budget $budget What the run may use.
	 * @return Batch
	 */
	public function batch( Taken $taken, int $bytes, Budget $budget ): Batch {
		$batch = new Batch();
		$this->documents->afresh();
		foreach ( $taken->rows as $row ) {
			if ( array() !== $batch->items && '' !== $budget->spent() ) {
				break;
			}
			$this->reading = $row->id;
			$item          = $this->item( $taken, $row );
			$this->reading = 0;
			if ( null === $item ) {
				unset( $taken->rows[ $row->id ] );
				continue;
			}
			if ( strlen( $item[1] ) + 200 > $bytes ) {
				/* translators: 1: size in bytes, 2: size in bytes. */
				$this->settlement->dead( $taken, $row->id, 'too-large', sprintf( __( 'The document has %1$d bytes, the hub takes %2$d. Make it smaller with the filter crossdock_document.', 'crossdock' ), strlen( $item[1] ), $bytes ) );
				unset( $taken->rows[ $row->id ] );
				continue;
			}
			if ( $batch->bytes + strlen( $item[1] ) + 200 > $bytes ) {
				break;
			}
			$batch->put( $row->id, $item[0], $item[1] );
		}
		return $batch;
	}

	/**
	 * Makes an item of a row, whatever other plugins' filters throw.
	 *
	 * @param Taken $taken Whose it is.
	 * @param Row   $row   The row.
	 * @return array{0: string, 1: string}|null The item's id and JSON; null when the row is settled.
	 */
	private function item( Taken $taken, Row $row ): ?array {
		try {
			$told = $this->told( $taken, $row );
			if ( null === $told ) {
				return null;
			}
			/**
			 * Says whether something is told at all.
			 *
			 * @param bool   $send   Whether it is.
			 * @param string $kind   Either order, customer, product, refund or event.
			 * @param array  $data   What would be told.
			 * @param string $type   The event's type; empty for a state.
			 * @param string $entity Whom or what it is about.
			 */
			if ( true !== apply_filters( 'crossdock_send', true, $row->kind, $told['data'], $row->type, $row->entity ) ) {
				$this->settlement->sent( $taken, array( $row->id => '' ), 'held-back' );
				return null;
			}
			return $this->written( $row, $told );
		} catch ( \Throwable $thrown ) {
			$this->settlement->failed( $taken, $row, 'unreadable', get_class( $thrown ) . ': ' . $thrown->getMessage() );
			return null;
		}
	}

	/**
	 * Returns what a row tells: its action and data.
	 *
	 * @param Taken $taken Whose it is.
	 * @param Row   $row   The row.
	 * @return array{action: string, data: mixed}|null Null when the row is settled.
	 */
	private function told( Taken $taken, Row $row ): ?array {
		if ( Row::EVENT === $row->kind ) {
			return array( 'action' => 'saved', 'data' => $row->payload['data'] ?? array() );
		}
		if ( 'deleted' === $row->action ) {
			return array( 'action' => 'deleted', 'data' => $row->payload );
		}
		$found = $this->documents->read( $row->kind, $row->target() );
		if ( Found::DOCUMENT === $found->what ) {
			return array( 'action' => 'saved', 'data' => $found->data );
		}
		if ( Found::GONE === $found->what ) {
			return array( 'action' => 'deleted', 'data' => array( 'id' => $row->target() ) );
		}
		if ( Found::NOTHING === $found->what ) {
			$this->settlement->sent( $taken, array( $row->id => '' ), Found::NOTHING );
		} else {
			$this->settlement->failed( $taken, $row, Found::UNREADABLE, $found->why );
		}
		return null;
	}

	/**
	 * Writes an item.
	 *
	 * @param Row                                $row  The row.
	 * @param array{action: string, data: mixed} $told What it tells.
	 * @return array{0: string, 1: string} The item's id and JSON.
	 */
	private function written( Row $row, array $told ): array {
		$data = Json::encode( Row::EVENT === $row->kind ? (object) $told['data'] : $told['data'] );
		$id   = $row->told_as( $told['action'] . $data );
		$item = array(
			'id'          => $id,
			'kind'        => $row->kind,
			'action'      => $told['action'],
			'occurred_at' => Moment::wire( $row->changed_at ),
			'origin'      => $row->origin,
		);
		if ( Row::EVENT === $row->kind ) {
			$item['type']    = $row->type;
			$item['entity']  = '' === $row->entity ? null : $row->entity;
			$item['subject'] = $row->payload['subject'] ?? null;
		}
		return array( $id, substr( Json::encode( $item ), 0, -1 ) . ',"data":' . $data . '}' );
	}
}
