<?php
/**
 * Where people are asked at the checkout.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

use Crossdock\Container;
use Crossdock\Settings\Settings;

/**
 * Adds a box to the checkout (classic, and block where WooCommerce lets fields be added: 8.9 and newer). It is never ticked
 * beforehand; who does not tick it has agreed to nothing, and an older consent is not withdrawn by it.
 */
class Consent {

	/**
	 * The box's name at the classic checkout.
	 */
	public const FIELD = 'crossdock_marketing';

	/**
	 * The box's name at the block checkout.
	 */
	public const BLOCK_FIELD = 'crossdock/marketing';

	private Settings $settings;
	private Container $container;

	/**
	 * Takes what it works with.
	 *
	 * @param Settings  $settings  The settings.
	 * @param Container $container Builds what keeps consents, where somebody is asked.
	 */
	public function __construct( Settings $settings, Container $container ) {
		$this->settings  = $settings;
		$this->container = $container;
	}

	/**
	 * Adds the box to the classic checkout.
	 *
	 * @param mixed $fields The checkout's fields by group.
	 * @return mixed
	 */
	public function field( $fields ) {
		if ( is_array( $fields ) && $this->settings->on( 'consent_checkout' ) ) {
			$fields['order'][ self::FIELD ] = array(
				'type'     => 'checkbox',
				'label'    => esc_html( $this->permission()->text() ),
				'required' => false,
				'default'  => 0,
				'priority' => 200,
			);
		}
		return $fields;
	}

	/**
	 * Sees to it that the box is empty whatever is remembered of the person.
	 *
	 * @param mixed  $value The field's value.
	 * @param string $name  The field's name.
	 * @return mixed
	 */
	public function unticked( $value, $name = '' ) {
		return self::FIELD === $name ? 0 : $value;
	}

	/**
	 * Notes a consent on the order that the classic checkout is about to save.
	 *
	 * @param mixed $order The order.
	 * @param mixed $data  What was posted, checked by WooCommerce with its nonce.
	 * @return void
	 */
	public function classic( $order, $data = array() ): void {
		if ( $order instanceof \WC_Order && $this->settings->on( 'consent_checkout' ) && is_array( $data ) && ! empty( $data[ self::FIELD ] ) ) {
			$this->note( $order, 'checkout' );
		}
	}

	/**
	 * Adds the box to the block checkout.
	 *
	 * @return void
	 */
	public function block_field(): void {
		if ( $this->settings->on( 'consent_checkout' ) && function_exists( 'woocommerce_register_additional_checkout_field' ) ) {
			woocommerce_register_additional_checkout_field(
				array(
					'id'       => self::BLOCK_FIELD,
					'label'    => $this->permission()->text(),
					'location' => 'order',
					'type'     => 'checkbox',
					'required' => false,
				)
			);
		}
	}

	/**
	 * Notes a consent on the order that the block checkout is about to save.
	 *
	 * @param mixed $order   The order.
	 * @param mixed $request The request to the Store API.
	 * @return void
	 */
	public function block( $order, $request = null ): void {
		if ( ! $order instanceof \WC_Order || ! $request instanceof \WP_REST_Request || ! $this->settings->on( 'consent_checkout' ) || ! function_exists( 'woocommerce_register_additional_checkout_field' ) ) {
			return;
		}
		$fields = (array) $request->get_param( 'additional_fields' );
		if ( true === filter_var( $fields[ self::BLOCK_FIELD ] ?? false, FILTER_VALIDATE_BOOLEAN ) ) {
			$this->note( $order, 'checkout-block' );
		} elseif ( 'checkout-block' === $order->get_meta( Permission::PLACE ) && isset( $fields[ self::BLOCK_FIELD ] ) ) {
			// The box was ticked and unticked again before the order was placed.
			foreach ( array( Permission::GIVEN, Permission::AT, Permission::TEXT, Permission::PLACE ) as $key ) {
				$order->delete_meta_data( $key );
			}
		}
	}

	/**
	 * The order was placed: what was agreed to becomes known.
	 *
	 * @param mixed $order The order, or its id.
	 * @param mixed $data  What was posted (classic checkout).
	 * @param mixed $other The order (classic checkout).
	 * @return void
	 */
	public function ordered( $order, $data = null, $other = null ): void {
		$order = $order instanceof \WC_Order ? $order : $other;
		if ( ! $order instanceof \WC_Order || 'yes' !== $order->get_meta( Permission::GIVEN ) ) {
			return;
		}
		$place = (string) $order->get_meta( Permission::PLACE );
		$user  = (int) $order->get_customer_id();
		if ( $user > 0 ) {
			$this->permission()->of_user( $user, true, $place, (string) $order->get_meta( Permission::TEXT ) );
			return;
		}
		$meta = array(
			Permission::AT    => (string) $order->get_meta( Permission::AT ),
			Permission::TEXT  => (string) $order->get_meta( Permission::TEXT ),
			Permission::PLACE => $place,
		);
		$this->permission()->tell( true, $meta, 'order:' . $order->get_id(), (string) $order->get_billing_email() );
	}

	/**
	 * Notes a consent on an order that is about to be saved.
	 *
	 * @param \WC_Order $order The order.
	 * @param string    $place Where it was given.
	 * @return void
	 */
	private function note( \WC_Order $order, string $place ): void {
		foreach ( $this->permission()->meta( true, $place ) as $key => $value ) {
			$order->update_meta_data( $key, $value );
		}
	}

	/**
	 * Returns what keeps consents.
	 *
	 * @return Permission
	 */
	private function permission(): Permission {
		return $this->container->get( Permission::class );
	}
}
