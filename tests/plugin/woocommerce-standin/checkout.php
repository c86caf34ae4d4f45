<?php
/**
 * A cart of one product (in a cookie), the form of the classic checkout and the three routes of the block's: with the hooks
 * that the real ones fire, in their order.
 */
function woocommerce_register_additional_checkout_field( $field ) {
	$GLOBALS['crossdock_standin_fields'][ $field['id'] ] = $field;
}
function crossdock_standin_checkout_fields() {
	$billing = array();
	foreach ( array( 'first_name', 'last_name', 'country', 'address_1', 'city', 'postcode', 'phone', 'email' ) as $name ) {
		$billing[ "billing_$name" ] = array( 'type' => 'text', 'label' => $name, 'required' => in_array( $name, array( 'email', 'last_name' ), true ) );
	}
	return apply_filters( 'woocommerce_checkout_fields', array( 'billing' => $billing, 'shipping' => array(), 'account' => array(), 'order' => array( 'order_comments' => array( 'type' => 'textarea', 'label' => 'Notes' ) ) ) );
}
function crossdock_standin_form() {
	ob_start();
	echo '<form name="checkout" method="post" class="checkout woocommerce-checkout">';
	foreach ( crossdock_standin_checkout_fields() as $fields ) {
		foreach ( $fields as $name => $field ) {
			$value = apply_filters( 'woocommerce_checkout_get_value', null, $name ) ?? ( $field['default'] ?? '' );
			$type  = 'checkbox' === $field['type'] ? ' type="checkbox" value="1"' . ( $value ? ' checked' : '' ) : ' value="' . esc_attr( (string) $value ) . '"';
			echo '<p class="form-row"><label>' . wp_kses_post( $field['label'] ) . ' <input name="' . esc_attr( $name ) . '"' . $type . '></label></p>';
		}
	}
	wp_nonce_field( 'woocommerce-process_checkout', 'woocommerce-process-checkout-nonce' );
	do_action( 'woocommerce_review_order_before_submit' );
	return ob_get_clean() . '<button name="woocommerce_checkout_place_order">Place order</button></form>';
}
add_shortcode( 'woocommerce_checkout', 'crossdock_standin_form' );

class WC_Checkout {
	public function create_order( $data ) {
		$order = new WC_Order();
		foreach ( array( 'first_name', 'last_name', 'country', 'address_1', 'city', 'postcode', 'phone', 'email' ) as $name ) {
			$order->{"set_billing_$name"}( (string) ( $data[ "billing_$name" ] ?? '' ) );
		}
		$order->set_created_via( 'checkout' );
		$order->set_customer_id( get_current_user_id() );
		$order->set_payment_method( 'cod' );
		$order->add_product( wc_get_product( (int) $_COOKIE['standin_cart'] ), 1 );
		$order->set_total( $order->get_items()[0]['total'] );
		do_action( 'woocommerce_checkout_create_order', $order, $data );
		$id = $order->save();
		do_action( 'woocommerce_checkout_update_order_meta', $id, $data );
		do_action( 'woocommerce_checkout_order_created', $order );
		return $order;
	}
	public function process_checkout() {
		nocache_headers();
		if ( ! wp_verify_nonce( wp_unslash( $_REQUEST['woocommerce-process-checkout-nonce'] ?? '' ), 'woocommerce-process_checkout' ) || empty( $_COOKIE['standin_cart'] ) ) {
			wp_send_json( array( 'result' => 'failure', 'messages' => 'nonce or cart' ) );
		}
		do_action( 'woocommerce_checkout_process' );
		$data = array();
		foreach ( crossdock_standin_checkout_fields() as $fields ) {
			foreach ( $fields as $name => $field ) {
				$data[ $name ] = 'checkbox' === $field['type'] ? (int) isset( $_POST[ $name ] ) : sanitize_text_field( wp_unslash( $_POST[ $name ] ?? '' ) );
				if ( ! empty( $field['required'] ) && '' === $data[ $name ] ) {
					wp_send_json( array( 'result' => 'failure', 'messages' => "$name is required" ) );
				}
			}
		}
		$order = $this->create_order( $data );
		do_action( 'woocommerce_checkout_order_processed', $order->get_id(), $data, $order );
		$order->update_status( 'processing' );
		wp_send_json( array( 'result' => 'success', 'order_id' => $order->get_id(), 'redirect' => home_url( '/' ) ) );
	}
}
add_action(
	'wp_loaded',
	static function () {
		if ( isset( $_GET['add-to-cart'] ) ) {
			setcookie( 'standin_cart', (string) (int) $_GET['add-to-cart'], 0, '/' );
		}
	}
);
add_action(
	'template_redirect',
	static function () {
		if ( 'checkout' === ( $_GET['wc-ajax'] ?? '' ) ) {
			define( 'WOOCOMMERCE_CHECKOUT', true );
			( new WC_Checkout() )->process_checkout();
		}
	},
	0
);
add_action(
	'rest_api_init',
	static function () {
		$open = static function ( $request ) {
			return 'GET' === $request->get_method() || wp_verify_nonce( (string) $request->get_header( 'Nonce' ), 'wc_store_api' ) ? true : new WP_Error( 'woocommerce_rest_missing_nonce', 'nonce', array( 'status' => 401 ) );
		};
		$cart = static function ( $request ) {
			$id = (int) ( $request->get_param( 'id' ) ?? $_COOKIE['standin_cart'] ?? 0 );
			if ( 'POST' === $request->get_method() ) {
				setcookie( 'standin_cart', (string) $id, 0, '/' );
			}
			$response = new WP_REST_Response( array( 'items' => $id ? array( array( 'id' => $id ) ) : array() ), 'POST' === $request->get_method() ? 201 : 200 );
			$response->header( 'Nonce', wp_create_nonce( 'wc_store_api' ) );
			return $response;
		};
		register_rest_route( 'wc/store/v1', '/cart', array( 'methods' => 'GET', 'callback' => $cart, 'permission_callback' => $open ) );
		register_rest_route( 'wc/store/v1', '/cart/add-item', array( 'methods' => 'POST', 'callback' => $cart, 'permission_callback' => $open ) );
		register_rest_route(
			'wc/store/v1',
			'/checkout',
			array(
				'methods'             => 'POST',
				'permission_callback' => $open,
				'callback'            => static function ( $request ) {
					$order = new WC_Order();
					$order->set_status( 'checkout-draft' );
					$order->set_created_via( 'store-api' );
					$order->add_product( wc_get_product( (int) $_COOKIE['standin_cart'] ), 1 );
					$order->save();
					do_action( 'woocommerce_store_api_checkout_update_order_meta', $order );
					foreach ( (array) $request->get_param( 'billing_address' ) as $name => $value ) {
						if ( array_key_exists( $name, $order->get_data()['billing'] ) ) {
							$order->{"set_billing_$name"}( (string) $value );
						}
					}
					foreach ( (array) $request->get_param( 'additional_fields' ) as $name => $value ) {
						if ( isset( $GLOBALS['crossdock_standin_fields'][ $name ] ) ) {
							$order->update_meta_data( "_wc_other/$name", (int) $value );
						}
					}
					do_action( 'woocommerce_store_api_checkout_update_order_from_request', $order, $request );
					$order->set_total( $order->get_items()[0]['total'] );
					$order->save();
					$order->set_status( 'pending' );
					$order->save();
					do_action( 'woocommerce_store_api_checkout_order_processed', $order );
					$order->update_status( 'processing' );
					return new WP_REST_Response( array( 'order_id' => $order->get_id(), 'status' => $order->get_status() ), 200 );
				},
			)
		);
	}
);
