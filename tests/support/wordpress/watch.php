<?php
/**
 * Plugin Name: What the tests watch
 * Keeps mails, and every complaint of PHP or WordPress that the plugin under test has a hand in, as lines of JSON.
 */
( static function () {
	$home   = dirname( ABSPATH );
	// the plugin's folder may be a link: PHP names files by where they really lie
	$ours   = ( realpath( WP_CONTENT_DIR . '/plugins/crossdock' ) ?: WP_CONTENT_DIR . '/plugins/crossdock' ) . '/';
	$write  = static function ( string $file, array $line ) use ( $home ) {
		file_put_contents( "$home/$file", json_encode( $line, JSON_PARTIAL_OUTPUT_ON_ERROR ) . "\n", FILE_APPEND | LOCK_EX );
	};
	$trace  = static function () use ( $ours ): array {
		$found = array();
		foreach ( debug_backtrace( DEBUG_BACKTRACE_IGNORE_ARGS ) as $frame ) {
			if ( isset( $frame['file'] ) && false !== strpos( $frame['file'], $ours ) ) {
				$found[] = substr( $frame['file'], strpos( $frame['file'], $ours ) + strlen( $ours ) ) . ':' . $frame['line'];
			}
		}
		return $found;
	};
	$complain = static function ( string $what, string $place = '' ) use ( $trace, $write ) {
		$found = $trace();
		if ( $found || false !== stripos( $what, 'crossdock' ) ) {
			$what .= $place;
			$write( 'complaints.log', array( 'what' => $what, 'frames' => array_slice( $found, 0, 4 ), 'uri' => $_SERVER['REQUEST_URI'] ?? '' ) );
		}
	};
	$before = set_error_handler(
		static function ( $level, $text, $file, $line ) use ( &$before, $complain, $ours ) {
			if ( error_reporting() & $level ) {
				// a notice that WordPress' own code causes by itself is not the plugin's
				if ( false !== strpos( $file, $ours ) || ( E_USER_ERROR | E_USER_WARNING | E_USER_NOTICE | E_USER_DEPRECATED ) & $level || ! preg_match( '#/wp-(includes|admin)/#', $file ) ) {
					$complain( $text, " ($file:$line)" );
				}
			}
			return $before ? call_user_func( $before, $level, $text, $file, $line ) : false;
		}
	);
	register_shutdown_function(
		static function () use ( $write ) {
			$last = error_get_last();
			if ( $last && ( $last['type'] & ( E_ERROR | E_PARSE | E_COMPILE_ERROR | E_CORE_ERROR | E_RECOVERABLE_ERROR ) ) ) {
				$write( 'complaints.log', array( 'what' => $last['message'] . ' (' . $last['file'] . ':' . $last['line'] . ')', 'frames' => array(), 'uri' => $_SERVER['REQUEST_URI'] ?? '' ) );
			}
		}
	);
	$GLOBALS['crossdock_watch'] = $complain;
} )();

add_action( 'doing_it_wrong_run', static function ( $function, $message ) { $GLOBALS['crossdock_watch']( "doing it wrong: $function: $message" ); }, 10, 2 );
add_action( 'deprecated_function_run', static function ( $function ) { $GLOBALS['crossdock_watch']( "deprecated: $function" ); } );
add_action( 'deprecated_hook_run', static function ( $hook ) { $GLOBALS['crossdock_watch']( "deprecated hook: $hook" ); } );
add_action( 'deprecated_argument_run', static function ( $function ) { $GLOBALS['crossdock_watch']( "deprecated argument: $function" ); } );
add_filter(
	'pre_wp_mail',
	static function ( $sent, $mail ) {
		file_put_contents( dirname( ABSPATH ) . '/mails.log', json_encode( $mail, JSON_PARTIAL_OUTPUT_ON_ERROR ) . "\n", FILE_APPEND | LOCK_EX );
		return true;
	},
	10,
	2
);
// a hub of a test lies on this machine, on any port
add_filter( 'http_request_host_is_external', '__return_true' );
add_filter(
	'http_allowed_safe_ports',
	static function ( $ports, $host, $url ) {
		return array_merge( $ports, array( (int) wp_parse_url( $url, PHP_URL_PORT ) ) );
	},
	10,
	3
);
