<?php
/**
 * Writes meta the hub sends.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Commands;

/**
 * Writes meta of users and orders: only keys of the allow-list, only plain values, and nothing when it stands there already.
 */
class Writer {

	/**
	 * The keys the hub may write without anybody's doing.
	 */
	public const KEYS = array( 'crossdock_crm_id', 'crossdock_crm_url', 'crossdock_lead_status', 'crossdock_subscription_status' );

	/**
	 * Keys that give rights or open doors: no filter can allow them.
	 */
	private const NEVER = '/(?:^_|capabilities$|user_level$|^session_tokens$|password|^user_pass|activation_key$)/i';

	/**
	 * The most characters of a value.
	 */
	private const LONGEST = 2000;

	/**
	 * Returns which keys may be written.
	 *
	 * @param string $kind user or order.
	 * @return array<int, string>
	 */
	public function keys( string $kind ): array {
		/**
		 * Filters which meta keys the hub may write on this site.
		 *
		 * @param array  $keys The keys.
		 * @param string $kind user or order.
		 */
		$keys = (array) apply_filters( 'crossdock_writable_meta', self::KEYS, $kind );
		$good = array_filter(
			$keys,
			static function ( $key ): bool {
				return is_string( $key ) && '' !== $key && strlen( $key ) <= 191 && ! preg_match( self::NEVER, $key );
			}
		);
		return array_values( array_unique( $good ) );
	}

	/**
	 * Writes meta.
	 *
	 * @param array<mixed> $target `kind` (user, order) and `id`.
	 * @param array<mixed> $meta   Key => text, number, boolean, or null to take it away.
	 * @return void
	 * @throws Refusal When the target does not exist, a key is not allowed or a value is none.
	 */
	public function write( array $target, array $meta ): void {
		$kind = is_string( $target['kind'] ?? null ) ? $target['kind'] : '';
		$id   = is_int( $target['id'] ?? null ) ? $target['id'] : 0;
		if ( ! in_array( $kind, array( 'user', 'order' ), true ) || $id < 1 ) {
			throw new Refusal( 'bad-target', 'Give a target of kind user or order with its number.', 'target' );
		}
		$values = $this->values( $kind, $meta );
		if ( 'user' === $kind ) {
			$this->user( $id, $values );
		} else {
			$this->order( $id, $values );
		}
	}

	/**
	 * Returns the values to write.
	 *
	 * @param string       $kind user or order.
	 * @param array<mixed> $meta What the hub gave.
	 * @return array<string, string|null>
	 * @throws Refusal When a key is not allowed or a value is none.
	 */
	private function values( string $kind, array $meta ): array {
		if ( array() === $meta || count( $meta ) > 20 ) {
			throw new Refusal( 'bad-meta', 'Give 1 to 20 keys with their values.', 'meta' );
		}
		$allowed = $this->keys( $kind );
		$values  = array();
		foreach ( $meta as $key => $value ) {
			$key = (string) $key;
			if ( ! in_array( $key, $allowed, true ) ) {
				throw new Refusal( 'key-not-allowed', 'This site does not let the hub write this key; its filter crossdock_writable_meta names those it may.', 'meta.' . substr( $key, 0, 100 ) );
			}
			if ( is_bool( $value ) ) {
				$value = $value ? 'true' : 'false';
			}
			if ( null !== $value && ( ! is_scalar( $value ) || strlen( (string) $value ) > self::LONGEST ) ) {
				throw new Refusal( 'bad-value', 'Give a text of at most 2,000 bytes, a number, true, false or null.', 'meta.' . $key );
			}
			$values[ $key ] = null === $value ? null : sanitize_textarea_field( (string) $value );
		}
		return $values;
	}

	/**
	 * Writes a user's meta.
	 *
	 * @param int                        $id     The user.
	 * @param array<string, string|null> $values Key => value.
	 * @return void
	 * @throws Refusal When there is no such user here.
	 */
	private function user( int $id, array $values ): void {
		$user = get_userdata( $id );
		if ( false === $user || ( is_multisite() && ! is_user_member_of_blog( $id ) ) ) {
			throw new Refusal( 'no-such-user', 'There is no user with this number on this site.', 'target.id' );
		}
		foreach ( $values as $key => $value ) {
			if ( null === $value ) {
				delete_user_meta( $id, $key );
			} elseif ( get_user_meta( $id, $key, true ) !== $value ) {
				// WordPress takes slashes away from what it is given.
				update_user_meta( $id, $key, wp_slash( $value ) );
			}
		}
	}

	/**
	 * Writes an order's meta through the order itself, so that it lands where the shop keeps orders.
	 *
	 * @param int                        $id     The order.
	 * @param array<string, string|null> $values Key => value.
	 * @return void
	 * @throws Refusal When there is no such order, or no shop.
	 */
	private function order( int $id, array $values ): void {
		$order = function_exists( 'wc_get_order' ) ? wc_get_order( $id ) : false;
		if ( ! is_object( $order ) || ! method_exists( $order, 'update_meta_data' ) || 'shop_order_refund' === $order->get_type() ) {
			throw new Refusal( 'no-such-order', 'There is no order with this number on this site.', 'target.id' );
		}
		$changed = false;
		foreach ( $values as $key => $value ) {
			if ( null === $value ) {
				$changed = $changed || $order->meta_exists( $key );
				$order->delete_meta_data( $key );
			} elseif ( $order->get_meta( $key, true ) !== $value ) {
				$changed = true;
				$order->update_meta_data( $key, $value );
			}
		}
		if ( $changed ) {
			$order->save_meta_data();
		}
	}
}
