<?php
/**
 * Which visit an order or registration came from.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

use Crossdock\Settings\Settings;

/**
 * Keeps the client and session id of Google Analytics 4 with the order (classic and block checkout) and with the person who
 * registers, when the setting is on and the browser has the cookies.
 */
class Visits {

	/**
	 * Meta of orders and users.
	 */
	public const CLIENT  = 'crossdock_ga_client_id';
	public const SESSION = 'crossdock_ga_session_id';

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * Takes what it works with.
	 *
	 * @param Settings $settings The settings.
	 */
	public function __construct( Settings $settings ) {
		$this->settings = $settings;
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
