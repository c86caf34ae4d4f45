<?php
function bad() {
	check_admin_referer( 'crossdock-x' ); // told: Capability.NotAsked
	if ( wp_verify_nonce( 'n', 'crossdock-x' ) ) { // told: Capability.NotAsked
		return;
	}
	check_ajax_referer( 'crossdock-x' ); // told: Capability.NotAsked
	add_menu_page( 'A', 'A', 'read', 'a' ); // told: Capability.Menu
	add_submenu_page( 'a', 'B', 'B', $capability, 'b' ); // told: Capability.Menu
	register_rest_route( 'crossdock/v1', '/x', array( 'callback' => 'x' ) ); // told: Capability.Route
	register_rest_route( 'crossdock/v1', '/x', array( 'permission_callback' => '__return_true' ) ); // told: Capability.Route
	add_action( 'wp_ajax_nopriv_crossdock_x', 'x' ); // told: Capability.Open
	add_action( 'admin_post_nopriv_crossdock_x', 'x' ); // told: Capability.Open
}
