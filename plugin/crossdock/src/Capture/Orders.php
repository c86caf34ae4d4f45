<?php
/**
 * Orders and refunds.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

use Crossdock\Documents\OrderDocument;
use Crossdock\Part;

/**
 * Notices orders that are made, changed, refunded, trashed, restored or deleted, by whatever way (checkout, Store API, admin,
 * REST, PHP) and in either storage.
 */
class Orders implements Part {

	private Hooks $hooks;
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
	 * @param Hooks $hooks Adds hooks.
	 * @param Gate  $gate  The door to the outbox.
	 */
	public function __construct( Hooks $hooks, Gate $gate ) {
		$this->hooks = $hooks;
		$this->gate  = $gate;
	}

	/**
	 * Adds the hooks.
	 *
	 * @return void
	 */
	public function register(): void {
		foreach ( array( 'woocommerce_new_order', 'woocommerce_update_order' ) as $hook ) {
			$this->hooks->on( $hook, array( $this, 'saved' ), 2 );
		}
		foreach ( array( 'woocommerce_order_status_changed', 'woocommerce_trash_order', 'woocommerce_untrash_order', 'woocommerce_payment_complete' ) as $hook ) {
			$this->hooks->on( $hook, array( $this, 'touched' ) );
		}
		$this->hooks->on( 'woocommerce_order_refunded', array( $this, 'refunded' ), 2 );
		$this->hooks->on( 'woocommerce_update_order_refund', array( $this, 'refund_saved' ) );
		$this->hooks->on( 'woocommerce_refund_deleted', array( $this, 'refund_deleted' ), 2 );
		foreach ( array( 'woocommerce_before_delete_order', 'before_delete_post' ) as $hook ) {
			$this->hooks->on( $hook, array( $this, 'going' ) );
		}
		foreach ( array( 'woocommerce_delete_order', 'woocommerce_delete_order_refund', 'deleted_post' ) as $hook ) {
			$this->hooks->on( $hook, array( $this, 'gone' ), 2 );
		}
		foreach ( array( 'trashed_post', 'untrashed_post' ) as $hook ) {
			$this->hooks->on( $hook, array( $this, 'post_touched' ) );
		}
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
	 * An order's status, payment or place changed.
	 *
	 * @param int $id The order.
	 * @return void
	 */
	public function touched( $id ): void {
		if ( $this->gate->open( 'send_orders' ) ) {
			$this->gate->saved( 'order', (int) $id );
		}
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
	public function refund_saved( $refund ): void {
		if ( $this->gate->open( 'send_orders' ) ) {
			$this->gate->saved( 'refund', (int) $refund );
		}
	}

	/**
	 * A refund was taken back.
	 *
	 * @param int $refund The refund.
	 * @param int $order  The order.
	 * @return void
	 */
	public function refund_deleted( $refund, $order ): void {
		if ( $this->gate->open( 'send_orders' ) ) {
			$this->gate->deleted( 'refund', (int) $refund, array( 'parent_id' => (int) $order ) );
			$this->gate->saved( 'order', (int) $order );
		}
	}

	/**
	 * An order or refund is about to be deleted: notes what a refund belongs to.
	 *
	 * @param int $id The order or refund.
	 * @return void
	 */
	public function going( $id ): void {
		if ( $this->gate->open( 'send_orders' ) && function_exists( 'wc_get_order' ) && ( 'before_delete_post' !== current_action() || $this->is_order( (int) $id ) ) ) {
			$order = wc_get_order( (int) $id );
			if ( $order instanceof \WC_Order_Refund ) {
				$this->parents[ (int) $id ] = $order->get_parent_id();
			}
		}
	}

	/**
	 * An order or refund is gone.
	 *
	 * @param int   $id   The order or refund.
	 * @param mixed $post The post, where orders are posts.
	 * @return void
	 */
	public function gone( $id, $post = null ): void {
		$type = $post instanceof \WP_Post ? $post->post_type : '';
		if ( ! $this->gate->open( 'send_orders' ) || ( 'deleted_post' === current_action() && 0 !== strncmp( $type, 'shop_order', 10 ) ) || 'shop_order_placehold' === $type ) {
			return;
		}
		if ( 'shop_order_refund' === $type || isset( $this->parents[ (int) $id ] ) || 'woocommerce_delete_order_refund' === current_action() ) {
			$parent = $this->parents[ (int) $id ] ?? 0;
			$this->gate->deleted( 'refund', (int) $id, $parent > 0 ? array( 'parent_id' => $parent ) : array() );
		} else {
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
		if ( $this->gate->open( 'send_orders' ) && $this->is_order( (int) $id ) ) {
			$this->gate->saved( 'order', (int) $id );
		}
	}

	/**
	 * Tells whether a post is an order.
	 *
	 * @param int $id The post.
	 */
	private function is_order( int $id ): bool {
		return in_array( get_post_type( $id ), array( 'shop_order', 'shop_order_refund' ), true );
	}
}
