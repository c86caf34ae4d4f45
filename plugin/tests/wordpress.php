<?php
/**
 * The functions and base classes of WordPress that need neither a site nor a database.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

function __( $text, $domain = '' ) {
	return $text;
}
function _x( $text, $context, $domain = '' ) {
	return $text;
}
function _n( $one, $many, $number, $domain = '' ) {
	return 1 === (int) $number ? $one : $many;
}
function esc_html__( $text, $domain = '' ) {
	return esc_html( $text );
}
function esc_html( $text ) {
	return htmlspecialchars( (string) $text, ENT_QUOTES );
}
function esc_attr( $text ) {
	return htmlspecialchars( (string) $text, ENT_QUOTES );
}
function esc_url( $url ) {
	return preg_match( '#^(https?:|/)#', (string) $url ) ? htmlspecialchars( (string) $url, ENT_QUOTES ) : '';
}
function apply_filters( $hook, $value ) {
	return $value;
}
function do_action( $hook ) {}
function add_action( $hook, $callable, $priority = 10, $count = 1 ) {
	return true;
}
function add_filter( $hook, $callable, $priority = 10, $count = 1 ) {
	return true;
}
function absint( $value ) {
	return abs( (int) $value );
}
function wp_json_encode( $value, $flags = 0, $depth = 512 ) {
	return json_encode( $value, $flags, $depth );
}
function wp_parse_url( $url, $component = -1 ) {
	return parse_url( $url, $component );
}
function is_wp_error( $value ) {
	return $value instanceof WP_Error;
}
function sanitize_text_field( $text ) {
	return trim( (string) preg_replace( '/[\r\n\t ]+/', ' ', strip_tags( (string) $text ) ) );
}
function sanitize_key( $key ) {
	return (string) preg_replace( '/[^a-z0-9_\-]/', '', strtolower( (string) $key ) );
}
function wp_unslash( $value ) {
	return is_array( $value ) ? array_map( 'wp_unslash', $value ) : stripslashes( (string) $value );
}
function number_format_i18n( $number, $decimals = 0 ) {
	return number_format( (float) $number, $decimals );
}
function untrailingslashit( $text ) {
	return rtrim( $text, '/\\' );
}
function trailingslashit( $text ) {
	return untrailingslashit( $text ) . '/';
}

class WP_Error {
	private $code;
	private $text;
	public function __construct( $code = '', $text = '', $data = null ) {
		$this->code = $code;
		$this->text = $text;
	}
	public function get_error_code() {
		return $this->code;
	}
	public function get_error_message() {
		return $this->text;
	}
}
class WP_List_Table {}
class WP_CLI_Command {}
