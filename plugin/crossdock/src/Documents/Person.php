<?php
/**
 * Users of a site without a shop.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Documents;

/**
 * Makes of a WordPress user what a shop would tell of a customer: the same fields, empty where WordPress knows nothing.
 */
class Person {

	/**
	 * Meta that WordPress keeps for its own screens; nobody else can use it.
	 */
	private const OWN = '/^(nickname|first_name|last_name|rich_editing|syntax_highlighting|comment_shortcuts|admin_color|use_ssl|show_admin_bar_front|locale|dismissed_wp_pointers|show_welcome_panel|default_password_nag|managenav-menuscolumnshidden|billing_.*|shipping_.*|last_update|wc_last_active|closedpostboxes_.*|metaboxhidden_.*|meta-box-order_.*|screen_layout_.*|edit_.*_per_page)$/';

	/**
	 * Fields of an address.
	 */
	private const ADDRESS = array( 'first_name', 'last_name', 'company', 'address_1', 'address_2', 'city', 'postcode', 'country', 'state' );

	/**
	 * Returns the document of a user.
	 *
	 * @param \WP_User $user The user.
	 * @return array<string, mixed>
	 */
	public function document( \WP_User $user ): array {
		$changed = (int) get_user_meta( $user->ID, 'last_update', true );
		$made    = (int) strtotime( $user->user_registered . ' UTC' );
		$roles   = array_values( $user->roles );
		return array(
			'id'                 => $user->ID,
			'date_created'       => $this->local( $made ),
			'date_created_gmt'   => $this->world( $made ),
			'date_modified'      => $this->local( $changed ),
			'date_modified_gmt'  => $this->world( $changed ),
			'email'              => $user->user_email,
			'first_name'         => (string) $user->first_name,
			'last_name'          => (string) $user->last_name,
			'role'               => $roles[0] ?? '',
			'username'           => $user->user_login,
			'billing'            => $this->address( $user->ID, 'billing_', array_merge( self::ADDRESS, array( 'email', 'phone' ) ) ),
			'shipping'           => $this->address( $user->ID, 'shipping_', array_merge( self::ADDRESS, array( 'phone' ) ) ),
			'is_paying_customer' => '1' === get_user_meta( $user->ID, 'paying_customer', true ),
			'avatar_url'         => (string) get_avatar_url( $user->user_email ),
			'meta_data'          => $this->meta( $user->ID ),
		);
	}

	/**
	 * Returns an address that a shop left behind; empty texts when none did.
	 *
	 * @param int           $id     The user.
	 * @param string        $prefix `billing_` or `shipping_`.
	 * @param array<string> $fields Names of the fields.
	 * @return array<string, string>
	 */
	private function address( int $id, string $prefix, array $fields ): array {
		$address = array();
		foreach ( $fields as $field ) {
			$value             = get_user_meta( $id, $prefix . $field, true );
			$address[ $field ] = is_scalar( $value ) ? (string) $value : '';
		}
		return $address;
	}

	/**
	 * Returns what other plugins know of the user.
	 *
	 * @param int $id The user.
	 * @return array<int, array{id: int, key: string, value: mixed}>
	 */
	private function meta( int $id ): array {
		global $wpdb;
		$entries = array();
		foreach ( (array) $wpdb->get_results( $wpdb->prepare( "SELECT umeta_id, meta_key, meta_value FROM {$wpdb->usermeta} WHERE user_id = %d ORDER BY umeta_id", $id ) ) as $row ) {
			$key = (string) $row->meta_key;
			if ( ! Secrets::is( $key ) && 1 !== preg_match( self::OWN, $key ) && 0 !== strncmp( $key, $wpdb->base_prefix, strlen( $wpdb->base_prefix ) ) ) {
				$entries[] = array(
					'id'    => (int) $row->umeta_id,
					'key'   => $key,
					'value' => Plain::of( maybe_unserialize( $row->meta_value ) ),
				);
			}
		}
		return $entries;
	}

	/**
	 * Returns a moment in the site's time, as wc/v3 writes it.
	 *
	 * @param int $at Seconds since 1970; 0 for none.
	 * @return string|null
	 */
	private function local( int $at ): ?string {
		return $at > 0 ? (string) wp_date( 'Y-m-d\TH:i:s', $at ) : null;
	}

	/**
	 * Returns a moment in UTC, as wc/v3 writes it.
	 *
	 * @param int $at Seconds since 1970; 0 for none.
	 * @return string|null
	 */
	private function world( int $at ): ?string {
		return $at > 0 ? gmdate( 'Y-m-d\TH:i:s', $at ) : null;
	}
}
