<?php
function good() {
	check_admin_referer( 'crossdock-x' );
	if ( ! current_user_can( 'manage_crossdock' ) ) {
		return;
	}
	add_menu_page( 'A', 'A', self::CAPABILITY, 'a' );
	add_submenu_page( 'a', 'B', 'B', 'manage_crossdock', 'b' );
	register_rest_route( 'crossdock/v1', '/x', array( 'callback' => array( $this, 'x' ), 'permission_callback' => array( $this, 'may' ) ) );
	add_action( 'wp_ajax_crossdock_x', 'x' );
}
function through_the_form() {
	if ( null === Form::sent( 'x' ) ) {
		return;
	}
	check_admin_referer( 'crossdock-x' );
	read( $_FILES['f'] );
}
