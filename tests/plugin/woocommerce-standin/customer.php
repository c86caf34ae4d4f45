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
