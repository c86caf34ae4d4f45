<?php
abstract class WC_Abstract_Order extends WC_Data {}

class WC_Order extends WC_Abstract_Order {
	protected $shape = 'order';
	protected $post  = 'shop_order';
	private $store   = null;
	private $from    = null;

	public function __construct( $id = 0 ) {
		parent::__construct( $id );
		if ( 0 === $this->id ) {
			$this->doc['currency']  = get_woocommerce_currency();
			$this->doc['version']   = WC_VERSION;
			$this->doc['order_key'] = 'wc_order_' . wp_generate_password( 13, false );
		}
	}
	public function get_type() {
		return 'shop_order';
	}
	public function get_order_number() {
		return (string) $this->id;
	}
	public function get_edit_order_url() {
		return admin_url( "post.php?post=$this->id&action=edit" );
	}
	public function get_status( $context = 'view' ) {
		return $this->doc['status'];
	}
	public function set_status( $status, $note = '', $manual = false ) {
		$status = preg_replace( '/^wc-/', '', $status );
		if ( $this->doc['status'] !== $status ) {
			$this->from          = $this->from ?? $this->doc['status'];
			$this->doc['status'] = $status;
			if ( in_array( $status, array( 'processing', 'completed' ), true ) && null === $this->doc['date_paid'] ) {
				$this->at( 'date_paid' );
			}
			if ( 'completed' === $status ) {
				$this->at( 'date_completed' );
			}
		}
	}
	public function get_items( $type = 'line_item' ) {
		return $this->doc['line_items'];
	}
	public function add_product( $product, $quantity = 1, $args = array() ) {
		$line          = json_decode( file_get_contents( __DIR__ . '/documents.json' ), true )['line_item'];
		$total         = number_format( (float) $product->get_price() * $quantity, 2, '.', '' );
		$variation     = 'variation' === $product->get_type();
		$line['id']    = 10 * max( 1, $this->id ) + count( $this->doc['line_items'] );
		$line['price'] = (float) $product->get_price();
		$more          = array( 'name' => $product->get_name(), 'sku' => $product->get_sku(), 'quantity' => $quantity, 'total' => $total, 'subtotal' => $total );
		$ids           = array( 'product_id' => $variation ? $product->get_parent_id() : $product->get_id(), 'variation_id' => $variation ? $product->get_id() : 0 );
		$this->doc['line_items'][] = array_merge( $line, $more, $ids );
		return $line['id'];
	}
	public function calculate_totals( $and_taxes = true ) {
		$this->doc['total'] = number_format( array_sum( array_column( $this->doc['line_items'], 'total' ) ) + (float) $this->doc['shipping_total'], 2, '.', '' );
		$this->save();
		return $this->doc['total'];
	}
	public function save() {
		do_action( 'woocommerce_before_order_object_save', $this, $this->store );
		$fresh = $this->store( 'wc-' . $this->doc['status'] );
		if ( '' === $this->doc['number'] ) {
			$this->doc['number'] = (string) $this->id;
			$this->keep();
		}
		do_action( $fresh ? 'woocommerce_new_order' : 'woocommerce_update_order', $this->id, $this );
		do_action( 'woocommerce_after_order_object_save', $this, $this->store );
		$from       = $this->from;
		$this->from = null;
		if ( null !== $from && ! $fresh ) {
			do_action( 'woocommerce_order_status_' . $this->doc['status'], $this->id, $this, array() );
			if ( 'processing' === $this->doc['status'] ) {
				$this->take_stock();
			}
			do_action( 'woocommerce_order_status_changed', $this->id, $from, $this->doc['status'], $this );
		}
		return $this->id;
	}
	private function take_stock() {
		foreach ( $this->doc['line_items'] as $line ) {
			$product = wc_get_product( $line['variation_id'] ? $line['variation_id'] : $line['product_id'] );
			if ( $product && $product->get_manage_stock() ) {
				wc_update_product_stock( $product, $product->get_stock_quantity() - $line['quantity'] );
			}
		}
		do_action( 'woocommerce_reduce_order_stock', $this );
		$this->save();
	}
	public function update_status( $status, $note = '', $manual = false ) {
		$this->set_status( $status );
		$this->save();
		return true;
	}
	public function payment_complete( $transaction = '' ) {
		do_action( 'woocommerce_pre_payment_complete', $this->id, $transaction );
		$this->doc['transaction_id'] = $transaction;
		$this->set_status( 'processing' );
		$this->save();
		do_action( 'woocommerce_payment_complete', $this->id, $transaction );
		if ( $this->doc['customer_id'] ) {
			( new WC_Customer( $this->doc['customer_id'] ) )->save();
		}
		return true;
	}
	public function delete( $force = false ) {
		$id = $this->id;
		if ( $force ) {
			do_action( 'woocommerce_before_delete_order', $id, $this );
			wp_delete_post( $id, true );
			do_action( 'woocommerce_delete_order', $id );
		} else {
			do_action( 'woocommerce_before_trash_order', $id, $this );
			wp_trash_post( $id );
			$this->doc['status'] = 'trash';
			$this->keep();
			do_action( 'woocommerce_trash_order', $id );
		}
		$this->id = 0;
		return true;
	}
	public function untrash() {
		$status = preg_replace( '/^wc-/', '', (string) get_post_meta( $this->id, '_wp_trash_meta_status', true ) );
		wp_untrash_post( $this->id );
		$this->set_status( $status );
		$this->save();
		do_action( 'woocommerce_untrash_order', $this->id, "wc-$status" );
		return true;
	}
}

class WC_Order_Refund extends WC_Abstract_Order {
	protected $shape = 'refund';
	protected $post  = 'shop_order_refund';
	public function get_type() {
		return 'shop_order_refund';
	}
	public function get_parent_id() {
		return (int) wp_get_post_parent_id( $this->id );
	}
	public function get_status() {
		return 'completed';
	}
	public function save_of( $order ) {
		$this->store( 'wc-completed', $order );
		return $this->id;
	}
	public function delete( $force = false ) {
		wp_delete_post( $this->id, true );
		do_action( 'woocommerce_delete_order_refund', $this->id );
		$this->id = 0;
		return true;
	}
}

function wc_get_order( $id = false ) {
	if ( $id instanceof WC_Abstract_Order ) {
		return $id;
	}
	$class = array( 'shop_order' => 'WC_Order', 'shop_order_refund' => 'WC_Order_Refund' )[ (string) get_post_type( is_object( $id ) ? $id->ID : (int) $id ) ] ?? null;
	try {
		return null === $class ? false : new $class( is_object( $id ) ? $id->ID : (int) $id );
	} catch ( Exception $none ) {
		return false;
	}
}
function wc_get_orders( $args ) {
	$found = get_posts( array( 'post_type' => $args['type'] ?? 'shop_order', 'post_status' => array_keys( wc_get_order_statuses() ), 'numberposts' => $args['limit'] ?? 10, 'orderby' => 'ID', 'order' => $args['order'] ?? 'DESC', 'fields' => 'ids' ) );
	return 'ids' === ( $args['return'] ?? '' ) ? $found : array_map( 'wc_get_order', $found );
}
function wc_create_order( $args = array() ) {
	$order = new WC_Order();
	$order->set_customer_id( (int) ( $args['customer_id'] ?? 0 ) );
	$order->set_created_via( (string) ( $args['created_via'] ?? '' ) );
	if ( ! empty( $args['status'] ) ) {
		$order->set_status( $args['status'] );
	}
	$order->save();
	return $order;
}
function wc_create_refund( $args = array() ) {
	$order  = wc_get_order( $args['order_id'] );
	$refund = new WC_Order_Refund();
	$amount = number_format( (float) $args['amount'], 2, '.', '' );
	$refund->set_amount( $amount );
	$refund->set_reason( (string) ( $args['reason'] ?? '' ) );
	$refund->set_refunded_by( get_current_user_id() );
	do_action( 'woocommerce_create_refund', $refund, $args );
	$id   = $refund->save_of( $order->get_id() );
	$done = array_sum( array_column( $order->get_data()['refunds'], 'total' ) ) - (float) $amount;
	$order->set_refunds( array_merge( $order->get_data()['refunds'], array( array( 'id' => $id, 'reason' => $refund->get_reason(), 'total' => '-' . $amount ) ) ) );
	$full = -$done >= (float) $order->get_total();
	do_action( $full ? 'woocommerce_order_fully_refunded' : 'woocommerce_order_partially_refunded', $order->get_id(), $id );
	if ( $full ) {
		$order->set_status( 'refunded' );
	}
	$order->save();
	do_action( 'woocommerce_refund_created', $id, $args );
	do_action( 'woocommerce_order_refunded', $order->get_id(), $id );
	return $refund;
}
