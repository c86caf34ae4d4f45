<?php
/**
 * Which visit an order or registration came from.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

use Crossdock\Part;
use Crossdock\Settings\Settings;

/**
 * Keeps the client and session id of Google Analytics 4 with the order (classic and block checkout) and with the person who
 * registers, when the setting is on and the browser has the cookies.
 */
class Visits implements Part {

	/**
	 * Meta of orders and users.
	 */
	public const CLIENT  = 'crossdock_ga_client_id';
	public const SESSION = 'crossdock_ga_session_id';

	/**
	 * Adds hooks.
	 *
	 * @var Hooks
	 */
	private Hooks $hooks;

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * Takes what it works with.
	 *
	 * @param Hooks    $hooks    Adds hooks.
	 * @param Settings $settings The settings.
	 */
	public function __construct( Hooks $hooks, Settings $settings ) {
		$this->hooks    = $hooks;
		$this->settings = $settings;
	}

	/**
	 * Adds the hooks.
	 *
	 * @return void
	 */
	public function register(): void {
		$this->hooks->on( 'woocommerce_checkout_create_order', array( $this, 'order' ) );
		$this->hooks->on( 'woocommerce_store_api_checkout_update_order_from_request', array( $this, 'order' ) );
		$this->hooks->on( 'user_register', array( $this, 'user' ), 1, 5 );
	}

	/**
	 * Notes the visit on an order that the checkout is about to save.
	 *
	 * @param mixed $order The order.
	 * @return void
	 */
	public function order( $order ): void {
		if ( ! $order instanceof \WC_Order ) {
			return;
		}
		foreach ( $this->ids() as $key => $id ) {
			$order->update_meta_data( $key, $id );
		}
	}

	/**
	 * Notes the visit of a person who registers; not of one whom somebody else makes.
	 *
	 * @param int $id The user.
	 * @return void
	 */
	public function user( $id ): void {
		if ( is_user_logged_in() && get_current_user_id() !== (int) $id ) {
			return;
		}
		foreach ( $this->ids() as $key => $value ) {
			update_user_meta( (int) $id, $key, $value );
		}
	}

	/**
	 * Returns what the browser has.
	 *
	 * @return array<string, string> Key of meta => id.
	 */
	private function ids(): array {
		if ( ! $this->settings->on( 'ga4' ) ) {
			return array();
		}
		$ids = array(
			self::CLIENT  => Cookies::client( $_COOKIE ),
			self::SESSION => Cookies::session( $_COOKIE, $this->settings->text( 'ga4_id' ) ),
		);
		return array_filter( $ids, 'strlen' );
	}
}
