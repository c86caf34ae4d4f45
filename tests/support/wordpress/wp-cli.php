<?php
/**
 * As much of WP-CLI as the plugin's commands use: they register themselves and speak through it.
 */
namespace {
	class WP_CLI_Command {}
	class WP_CLI_Stop extends \Exception {}
	class WP_CLI {
		public static $commands = array();
		public static $confirmed = false;
		public static function add_command( $name, $callable, $args = array() ) {
			self::$commands[ $name ] = $callable;
			return true;
		}
		public static function line( $text = '' ) { fwrite( STDOUT, $text . "\n" ); }
		public static function log( $text ) { fwrite( STDOUT, $text . "\n" ); }
		public static function print_value( $value, $args = array() ) { fwrite( STDOUT, ( is_string( $value ) ? $value : json_encode( $value ) ) . "\n" ); }
		public static function success( $text ) { fwrite( STDOUT, "Success: $text\n" ); }
		public static function warning( $text ) { fwrite( STDERR, "Warning: $text\n" ); }
		public static function error( $text, $exit = true ) {
			fwrite( STDERR, 'Error: ' . ( is_array( $text ) ? implode( "\n", $text ) : $text ) . "\n" );
			if ( $exit ) {
				throw new WP_CLI_Stop( 'error', 1 );
			}
		}
		public static function halt( $code ) { throw new WP_CLI_Stop( 'halt', (int) $code ); }
		public static function confirm( $question, $args = array() ) {
			if ( empty( $args['yes'] ) ) {
				self::error( "not confirmed: $question" );
			}
		}
		public static function colorize( $text ) { return preg_replace( '/%[a-zA-Z]/', '', $text ); }
		public static function debug( $text, $group = '' ) {}
		/** Runs "name sub --flag=value word" as the shell would. */
		public static function call( array $words ) {
			$flags = array(); $plain = array();
			foreach ( $words as $word ) {
				if ( preg_match( '/^--no-([a-z-]+)$/', $word, $m ) ) { $flags[ $m[1] ] = false; }
				elseif ( preg_match( '/^--([a-z_-]+)(?:=(.*))?$/s', $word, $m ) ) { $flags[ $m[1] ] = $m[2] ?? true; }
				else { $plain[] = $word; }
			}
			for ( $n = count( $plain ); $n > 0; $n-- ) {
				$name = implode( ' ', array_slice( $plain, 0, $n ) );
				if ( ! isset( self::$commands[ $name ] ) ) { continue; }
				$callable = self::$commands[ $name ]; $rest = array_slice( $plain, $n );
				if ( is_string( $callable ) && class_exists( $callable ) ) { $callable = new $callable(); }
				if ( is_object( $callable ) && ! is_callable( $callable ) ) {
					$verb = str_replace( '-', '_', (string) array_shift( $rest ) );
					$method = method_exists( $callable, $verb ) ? $verb : $verb . '_';
					if ( ! method_exists( $callable, $method ) ) { self::error( "no command $name $verb" ); }
					$callable = array( $callable, $method );
				}
				return call_user_func( $callable, $rest, $flags );
			}
			self::error( 'no command ' . implode( ' ', $plain ) );
		}
	}
}
namespace WP_CLI\Utils {
	function format_items( $format, $items, $fields ) {
		$fields = is_string( $fields ) ? explode( ',', $fields ) : $fields;
		$rows = array();
		foreach ( $items as $item ) { $row = array(); foreach ( $fields as $field ) { $row[ $field ] = ( (array) $item )[ $field ] ?? null; } $rows[] = $row; }
		if ( 'json' === $format ) { fwrite( STDOUT, json_encode( $rows ) . "\n" ); return; }
		if ( 'count' === $format ) { fwrite( STDOUT, count( $rows ) . "\n" ); return; }
		fwrite( STDOUT, implode( "\t", $fields ) . "\n" );
		foreach ( $rows as $row ) { fwrite( STDOUT, implode( "\t", array_map( 'strval', $row ) ) . "\n" ); }
	}
	function get_flag_value( $args, $flag, $default = null ) { return $args[ $flag ] ?? $default; }
	class Bar { public function tick( $n = 1 ) {} public function finish() {} }
	function make_progress_bar( $text, $count ) { return new Bar(); }
}
