<?php
/**
 * Customers as documents.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Documents;

/**
 * Reads a user as `wc/v3/customers/{id}` answers it; without WooCommerce in the same shape from what WordPress knows. Meta that
 * holds secrets never gets in.
 */
class CustomerDocument implements Document {

	/**
	 * WooCommerce.
	 *
	 * @var Shop
	 */
	private Shop $shop;

	/**
	 * WordPress' users.
	 *
	 * @var Person
	 */
	private Person $person;

	/**
	 * Takes what it reads from.
	 *
	 * @param Shop   $shop   WooCommerce.
	 * @param Person $person WordPress' users.
	 */
	public function __construct( Shop $shop, Person $person ) {
		$this->shop   = $shop;
		$this->person = $person;
	}

	/**
	 * Reads a user.
	 *
	 * @param int $id The user.
	 * @return Found
	 */
	public function read( int $id ): Found {
		$user = get_userdata( $id );
		if ( ! $user instanceof \WP_User || ! is_user_member_of_blog( $id ) ) {
			return Found::gone();
		}
		if ( ! $this->shop->open() ) {
			return Found::document( $this->person->document( $user ) );
		}
		$found = $this->shop->shown( 'WC_REST_Customers_Controller', 'prepare_item_for_response', $user, array( 'id' => $id ) );
		if ( Found::DOCUMENT === $found->what ) {
			$found->data['meta_data'] = Secrets::without( (array) ( $found->data['meta_data'] ?? $this->meta( $id ) ) );
		}
		return $found;
	}

	/**
	 * Returns a customer's meta as wc/v3 shows it to administrators; to others, such as the runner, it leaves it out.
	 *
	 * @param int $id The user.
	 * @return array<int, mixed>
	 */
	private function meta( int $id ): array {
		$meta = array_filter(
			( new \WC_Customer( $id ) )->get_meta_data(),
			static function ( $entry ): bool {
				return ! is_protected_meta( (string) $entry->key, 'user' );
			}
		);
		return array_map( array( Plain::class, 'of' ), array_values( $meta ) );
	}
}
