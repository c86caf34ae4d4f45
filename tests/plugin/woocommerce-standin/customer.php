<?php
/** A customer is a user of WordPress with an address in the user's meta. */
class WC_Customer {
	private $id;
	private $given = array();
	public function __construct( $id = 0 ) {
		$this->id = (int) $id;
	}
	public function get_id() {
		return $this->id;
	}
	/** What is neither an address nor WordPress' own. */
	public function get_meta_data() {
		global $wpdb;
		$own   = '/^(billing_|shipping_|wp_)|^(nickname|first_name|last_name|description|rich_editing|syntax_highlighting|comment_shortcuts|admin_color|use_ssl|show_admin_bar_front|locale|dismissed_wp_pointers|show_welcome_panel|session_tokens|default_password_nag|last_update|paying_customer|wc_last_active)$/';
		$found = array();
		foreach ( $wpdb->get_results( $wpdb->prepare( "SELECT umeta_id, meta_key, meta_value FROM $wpdb->usermeta WHERE user_id = %d ORDER BY umeta_id", $this->id ) ) as $row ) {
			if ( ! preg_match( $own, $row->meta_key ) ) {
				$found[] = (object) array( 'id' => (int) $row->umeta_id, 'key' => $row->meta_key, 'value' => maybe_unserialize( $row->meta_value ) );
			}
		}
		return $found;
	}
	public function __call( $name, $args ) {
		$field = substr( $name, 4 );
		if ( 0 === strpos( $name, 'set_' ) ) {
			$this->given[ $field ] = $args[0];
			return null;
		}
		return $this->given[ $field ] ?? get_user_meta( $this->id, $field, true );
	}
	public function save() {
		$email = $this->given['email'] ?? null;
		wp_update_user( array( 'ID' => $this->id ) + ( null === $email ? array() : array( 'user_email' => $email ) ) );
		foreach ( array_diff_key( $this->given, array( 'email' => 1 ) ) as $key => $value ) {
			update_user_meta( $this->id, $key, wp_slash( $value ) );
		}
		do_action( 'woocommerce_update_customer', $this->id, $this );
		return $this->id;
	}
}
function wc_create_new_customer( $email, $username = '', $password = '', $args = array() ) {
	$data = array( 'user_login' => $username ? $username : sanitize_user( current( explode( '@', $email ) ), true ), 'user_pass' => $password, 'user_email' => $email, 'role' => 'customer' );
	$id   = wp_insert_user( $data );
	if ( is_wp_error( $id ) ) {
		return $id;
	}
	do_action( 'woocommerce_created_customer', $id, $data, '' === $password );
	wp_update_user( array( 'ID' => $id ) );
	return $id;
}
