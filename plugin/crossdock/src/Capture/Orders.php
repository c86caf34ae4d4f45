<?php
/**
 * Orders.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

use Crossdock\Documents\OrderDocument;

/**
 * Notices orders that are made, changed, trashed, restored or deleted, by whatever way (checkout, Store API, admin,
 * REST, PHP) and in either storage.
 */
class Orders {

	private Gate $gate;

	/**
	 * Takes what it works with.
	 *
	 * @param Gate $gate The door to the outbox.
	 */
	public function __construct( Gate $gate ) {
		$this->gate = $gate;
	}

	/**
	 * An order was saved.
	 *
	 * @param int   $id    The order.
	 * @param mixed $order The order itself, where this WooCommerce gives it.
	 * @return void
	 */
	public function saved( $id, $order = null ): void {
		if ( ! $this->gate->open( 'send_orders' ) ) {
			return;
		}
		if ( $order instanceof \WC_Order && in_array( $order->get_status(), OrderDocument::NOT_YET, true ) ) {
			return;
		}
		$this->gate->saved( 'order', (int) $id );
	}

	/**
	 * An order's status changed. What becomes a draft is no order yet.
	 *
	 * @param int    $id   The order.
	 * @param string $from The status before.
	 * @param string $to   The status now.
	 * @return void
	 */
	public function status_changed( $id, $from, $to ): void {
		if ( ! in_array( $to, OrderDocument::NOT_YET, true ) ) {
			$this->touched( $id );
		}
	}

	/**
	 * An order's payment or place changed.
	 *
	 * @param int $id The order.
	 */
	public function touched( $id ): void {
		if ( $this->gate->open( 'send_orders' ) ) {
			$this->gate->saved( 'order', (int) $id );
		}
	}

	/**
	 * An order is gone; or a post, which may be one.
	 *
	 * @param int   $id   The order or post.
	 * @param mixed $post The post.
	 * @return void
	 */
	public function gone( $id, $post = null ): void {
		if ( $this->gate->open( 'send_orders' ) && ( 'deleted_post' !== current_action() || ( $post instanceof \WP_Post && 'shop_order' === $post->post_type ) ) ) {
			$this->gate->deleted( 'order', (int) $id );
		}
	}

	/**
	 * A post went into the trash or came back: it may be an order.
	 *
	 * @param int $id The post.
	 * @return void
	 */
	public function post_touched( $id ): void {
		if ( $this->gate->open( 'send_orders' ) && 'shop_order' === get_post_type( (int) $id ) ) {
			$this->gate->saved( 'order', (int) $id );
		}
	}
}
