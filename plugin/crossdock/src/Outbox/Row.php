<?php
/**
 * One row of the outbox.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Wp\Json;
use Crossdock\Wp\Moment;

/**
 * What waits to be told: a state (order, customer, product, refund: its document is read when it is sent) or an occurrence
 * (kind `event`: its payload was written when it happened).
 */
final class Row {

	/**
	 * The kind of an occurrence.
	 */
	public const EVENT = 'event';

	/**
	 * The table's id.
	 *
	 * @var int
	 */
	public int $id;

	/**
	 * The event's UUID.
	 *
	 * @var string
	 */
	public string $event_id;

	/**
	 * Either order, customer, product, refund or event.
	 *
	 * @var string
	 */
	public string $kind;

	/**
	 * Either saved or deleted.
	 *
	 * @var string
	 */
	public string $action;

	/**
	 * The event's type; empty for a state.
	 *
	 * @var string
	 */
	public string $type;

	/**
	 * Whom or what it is about: `order:12`, `user:7`; empty when nothing.
	 *
	 * @var string
	 */
	public string $entity;

	/**
	 * Either live, bulk, resend or test.
	 *
	 * @var string
	 */
	public string $origin;

	/**
	 * What was written with it: an occurrence's `data` and `subject`, a deletion's `id`.
	 *
	 * @var array<mixed>
	 */
	public array $payload;

	/**
	 * How often it was taken to be sent, this time included.
	 *
	 * @var int
	 */
	public int $attempts;

	/**
	 * When it was first written, seconds since 1970.
	 *
	 * @var float
	 */
	public float $created_at;

	/**
	 * When it last changed, seconds since 1970.
	 *
	 * @var float
	 */
	public float $changed_at;

	/**
	 * Reads a row of the table.
	 *
	 * @param array<string, string|null> $row Columns by name.
	 */
	public function __construct( array $row ) {
		$this->id         = (int) $row['id'];
		$this->event_id   = (string) $row['event_id'];
		$this->kind       = (string) $row['kind'];
		$this->action     = (string) $row['action'];
		$this->type       = (string) $row['type'];
		$this->entity     = (string) $row['entity'];
		$this->origin     = (string) $row['origin'];
		$this->payload    = Json::decode( (string) $row['payload'] ) ?? array();
		$this->attempts   = (int) $row['attempts'];
		$this->created_at = Moment::read( (string) $row['created_at'] );
		$this->changed_at = Moment::read( (string) $row['changed_at'] );
	}

	/**
	 * Returns the id of the order, customer, product or refund; 0 when the row is about none.
	 *
	 * @return int
	 */
	public function target(): int {
		return (int) substr( (string) strrchr( $this->entity, ':' ), 1 );
	}

	/**
	 * Returns the id under which the hub knows what is told now. An occurrence and a deletion have one for ever. A state has one
	 * for each content: the same content said again is known to the hub, another content after a lost answer is not taken for it.
	 *
	 * @param string $content The document as JSON.
	 * @return string UUID.
	 */
	public function told_as( string $content ): string {
		if ( self::EVENT === $this->kind || 'deleted' === $this->action ) {
			return $this->event_id;
		}
		$hex = sha1( $this->event_id . "\n" . $content );
		return sprintf(
			'%s-%s-5%s-%x%s-%s',
			substr( $hex, 0, 8 ),
			substr( $hex, 8, 4 ),
			substr( $hex, 13, 3 ),
			8 + hexdec( $hex[16] ) % 4,
			substr( $hex, 17, 3 ),
			substr( $hex, 20, 12 )
		);
	}
}
