<?php
/**
 * WooCommerce, asked for documents.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Documents;

use Crossdock\Wp\Database;

/**
 * Lets WooCommerce's own REST controllers make the documents, so that they are what its REST API answers, filters of other
 * plugins included.
 */
class Shop {

	/**
	 * The site's database.
	 *
	 * @var Database
	 */
	private Database $database;

	/**
	 * The controllers made so far, by class.
	 *
	 * @var array<string, object>
	 */
	private array $controllers = array();

	/**
	 * Takes the database.
	 *
	 * @param Database $database The site's database.
	 */
	public function __construct( Database $database ) {
		$this->database = $database;
	}

	/**
	 * Tells whether WooCommerce is active and can answer.
	 *
	 * @return bool
	 */
	public function open(): bool {
		return function_exists( 'wc_get_order' ) && function_exists( 'wc_get_product' ) && did_action( 'woocommerce_init' ) > 0;
	}

	/**
	 * Returns a document as the controller's `prepare_*_for_response` makes it.
	 *
	 * @param string               $controller Class of the controller.
	 * @param string               $method     `prepare_object_for_response` or `prepare_item_for_response`.
	 * @param object               $thing      What is shown.
	 * @param array<string, mixed> $parameters Parameters of the request.
	 * @return Found
	 */
	public function shown( string $controller, string $method, object $thing, array $parameters ): Found {
		if ( ! class_exists( $controller ) ) {
			/* translators: %s: name of a class of WooCommerce. */
			return Found::unreadable( sprintf( __( 'This WooCommerce has no %s.', 'crossdock' ), $controller ) );
		}
		$this->controllers[ $controller ] = $this->controllers[ $controller ] ?? new $controller();

		$request = new \WP_REST_Request( 'GET' );
		$request->set_query_params( array( 'context' => 'view' ) + $parameters );
		$answer = $this->controllers[ $controller ]->$method( $thing, $request );
		if ( is_wp_error( $answer ) ) {
			return Found::unreadable( $answer->get_error_message() );
		}
		$data = Plain::of( $answer->get_data() );
		unset( $data['_links'] );
		return Found::document( $data );
	}

	/**
	 * Tells whether a post of the site is there, whatever WooCommerce can make of it.
	 *
	 * @param int $id The post.
	 * @return bool
	 */
	public function has_post( int $id ): bool {
		return null !== $this->database->value( "SELECT ID FROM {wp:posts} WHERE ID = %d AND post_type <> 'shop_order_placehold'", $id );
	}

	/**
	 * Tells whether an order or refund is there, whatever WooCommerce can make of it, in either of its storages.
	 *
	 * @param int $id The order.
	 * @return bool
	 */
	public function has_order( int $id ): bool {
		if ( $this->own_tables() && null !== $this->database->value( 'SELECT id FROM {wp:wc_orders} WHERE id = %d', $id ) ) {
			return true;
		}
		return ! $this->own_tables() && $this->has_post( $id );
	}

	/**
	 * Tells whether orders lie in tables of their own (HPOS).
	 *
	 * @return bool
	 */
	public function own_tables(): bool {
		$util = 'Automattic\\WooCommerce\\Utilities\\OrderUtil';
		return class_exists( $util ) && $util::custom_orders_table_usage_is_enabled();
	}
}
