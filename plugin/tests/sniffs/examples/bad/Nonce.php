<?php
function bad() {
	keep( sanitize_text_field( wp_unslash( $_POST['x'] ) ) ); // told: Nonce.Unverified
	keep( $_REQUEST['x'] ); // told: Nonce.Unverified
	keep( $_FILES['x'] ); // told: Nonce.Unverified
	keep( filter_input( INPUT_POST, 'x' ) ); // told: Nonce.Unverified
}
function query() {
	return $_GET['page']; // told: Nonce.Unsanitised
}
function form() {
	echo '<form class="x" method="post">'; // told: Nonce.FormWithout
}
