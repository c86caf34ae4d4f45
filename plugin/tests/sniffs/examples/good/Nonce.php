<?php
function good() {
	if ( ! current_user_can( 'manage_crossdock' ) || ! wp_verify_nonce( sanitize_key( $_POST['n'] ?? '' ), 'crossdock-x' ) ) {
		return;
	}
	keep( sanitize_text_field( wp_unslash( $_POST['x'] ) ), $_FILES['f'] );
}
function query() {
	return sanitize_text_field( wp_unslash( $_GET['page'] ?? '' ) );
}
function form() {
	echo '<form method="post">';
	wp_nonce_field( 'crossdock-x' );
	echo '<form method="get">';
}
