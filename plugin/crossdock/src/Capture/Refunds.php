<?php
/**
 * Refunds.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

/**
 * Notices refunds that are made, changed or taken back, in either storage. Each changes its order's document too.
 */
class Refunds {

	private Gate $gate;

	/**
	 * Orders of refunds that are being deleted: refund => order.
	 *
	 * @var array<int, int>
	 */
	private array $parents = array();

	/**
	 * Takes what it works with.
	 *
	 * @param Gate $gate The door to the outbox.
	 */
	public function __construct( Gate $gate ) {
		$this->gate = $gate;
	}

	/**
	 * An order was refunded, wholly or in part.
	 *
	 * @param int $order  The order.
	 * @param int $refund The refund.
	 * @return void
	 */
	public function refunded( $order, $refund ): void {
		if ( $this->gate->open( 'send_orders' ) ) {
			$this->gate->saved( 'refund', (int) $refund );
			$this->gate->saved( 'order', (int) $order );
		}
	}

	/**
	 * A refund was changed.
	 *
	 * @param int $refund The refund.
	 * @return void
	 */
	public function saved( $refund ): void {
		if ( $this->gate->open( 'send_orders' ) ) {
			$this->gate->saved( 'refund', (int) $refund );
		}
	}

	/**
	 * A refund was taken back.
	 *
	 * @param int $refund The refund.
	 * @param int $order  The order; 0 when it is not known.
	 * @return void
	 */
	public function deleted( $refund, $order ): void {
		if ( ! $this->gate->open( 'send_orders' ) ) {
			return;
		}
		$this->gate->deleted( 'refund', (int) $refund, $order > 0 ? array( 'parent_id' => (int) $order ) : array() );
		if ( $order > 0 ) {
			$this->gate->saved( 'order', (int) $order );
		}
	}

	/**
	 * Somebody asks whether a refund may be deleted. In tables of its own it goes without a further word, so it is looked at when
	 * it is sent: if it is gone by then, that is told.
	 *
	 * @param mixed $answer What others answered.
	 * @param mixed $refund The refund.
	 * @return mixed The answer, unchanged.
	 */
	public function asked( $answer, $refund = null ) {
		if ( $refund instanceof \WC_Order_Refund ) {
			$this->refunded( $refund->get_parent_id(), $refund->get_id() );
		}
		return $answer;
	}

	/**
	 * A post is about to be deleted: notes what a refund belongs to.
	 *
	 * @param int $id The post.
	 * @return void
	 */
	public function going( $id ): void {
		if ( 'shop_order_refund' === get_post_type( (int) $id ) ) {
			$this->parents[ (int) $id ] = (int) wp_get_post_parent_id( (int) $id );
		}
	}

	/**
	 * A post is gone: it may be a refund.
	 *
	 * @param int   $id   The post.
	 * @param mixed $post What it was.
	 * @return void
	 */
	public function gone( $id, $post = null ): void {
		if ( $post instanceof \WP_Post && 'shop_order_refund' === $post->post_type ) {
			$this->deleted( (int) $id, $this->parents[ (int) $id ] ?? 0 );
		}
	}
}
