<?php
/** The controllers, as far as the plugin asks them for documents. */
abstract class Crossdock_Standin_Controller {
	const TYPE = '';
	public function prepare_object_for_response( $object, $request ) {
		$document = $object->document();
		if ( isset( $document['meta_data'] ) ) {
			$document['meta_data'] = array_map( static function ( $one ) { return (object) $one; }, $document['meta_data'] );
		}
		$response = rest_ensure_response( $document );
		$response->add_link( 'self', rest_url( 'wc/v3' ) );
		return apply_filters( 'woocommerce_rest_prepare_' . static::TYPE . '_object', $response, $object, $request );
	}
}
class WC_REST_Orders_Controller extends Crossdock_Standin_Controller {
	const TYPE = 'shop_order';
}
class WC_REST_Order_Refunds_Controller extends Crossdock_Standin_Controller {
	const TYPE = 'shop_order_refund';
}
class WC_REST_Products_Controller extends Crossdock_Standin_Controller {
	const TYPE = 'product';
}
class WC_REST_Product_Variations_Controller extends Crossdock_Standin_Controller {
	const TYPE = 'product_variation';
}
class WC_REST_Customers_Controller {
	public function prepare_item_for_response( $user, $request ) {
		$document = json_decode( file_get_contents( __DIR__ . '/documents.json' ), true )['customer'];
		$meta     = array_map( static function ( $values ) { return maybe_unserialize( $values[0] ); }, get_user_meta( $user->ID ) );
		$created  = strtotime( $user->user_registered . ' UTC' );
		$changed  = isset( $meta['last_update'] ) ? (int) $meta['last_update'] : null;
		foreach ( array( 'billing', 'shipping' ) as $part ) {
			foreach ( array_keys( $document[ $part ] ) as $field ) {
				$document[ $part ][ $field ] = (string) ( $meta[ "{$part}_$field" ] ?? '' );
			}
		}
		$own   = array_fill_keys( array_merge( array_keys( _get_additional_user_keys( $user ) ), _get_additional_user_keys( $user ), array( 'first_name', 'last_name', 'nickname', 'description', 'wp_capabilities', 'wp_user_level', 'session_tokens' ) ), 1 );
		$notes = array();
		foreach ( array_diff_key( $meta, $own ) as $key => $value ) {
			if ( ! preg_match( '/^(billing|shipping)_/', (string) $key ) ) {
				$notes[] = (object) array( 'id' => count( $notes ) + 1, 'key' => $key, 'value' => $value );
			}
		}
		$document = array_merge(
			$document,
			array(
				'id' => $user->ID, 'email' => $user->user_email, 'username' => $user->user_login, 'role' => (string) current( $user->roles ),
				'first_name' => (string) ( $meta['first_name'] ?? '' ), 'last_name' => (string) ( $meta['last_name'] ?? '' ),
				'date_created' => wp_date( 'Y-m-d\TH:i:s', $created ), 'date_created_gmt' => gmdate( 'Y-m-d\TH:i:s', $created ),
				'date_modified' => $changed ? wp_date( 'Y-m-d\TH:i:s', $changed ) : null, 'date_modified_gmt' => $changed ? gmdate( 'Y-m-d\TH:i:s', $changed ) : null,
				'meta_data' => $notes, 'avatar_url' => get_avatar_url( $user->user_email ),
			)
		);
		return apply_filters( 'woocommerce_rest_prepare_customer', rest_ensure_response( $document ), $user, $request );
	}
}
